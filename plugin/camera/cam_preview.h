/* The preview: a program of its own, mien-cam-preview, which shows what readers of the camera see
 * and asks at the control socket like everybody else. It may end, or crash, at any time. */
#ifndef CAM_PREVIEW_H
#define CAM_PREVIEW_H

#include <glib.h>

typedef struct CamPreview CamPreview;

/* Starts it, with the path of the control socket. NULL and *trouble, a line which the caller frees,
 * if it cannot be. When it ends `closed` is told, and cam_preview_close() is due. */
CamPreview *cam_preview_open(const gchar *socket, void (*closed)(gpointer data), gpointer data,
                             gchar **trouble);

/* Tells it to end, if it has not, and waits for nothing. */
void cam_preview_close(CamPreview *preview);

#endif
