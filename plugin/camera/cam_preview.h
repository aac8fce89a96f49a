/* A window with what readers of the camera see. It may be closed, or fail, without further ado. */
#ifndef CAM_PREVIEW_H
#define CAM_PREVIEW_H

#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

#include "cam_pipe.h"

typedef struct CamPreview {
    GstElement *pipe;
    GstAppSrc *frames; /* borrowed: where to push them */
    CamPipeEvents events;
    void (*closed)(gpointer data, const gchar *line);
    gpointer data;
} CamPreview;

/* `closed` is told why it ended; then cam_preview_close() is due, later than in that call. NULL
 * and *trouble, a line which the caller frees, if there can be no window. */
CamPreview *cam_preview_open(const GstVideoInfo *info,
                             void (*closed)(gpointer data, const gchar *line), gpointer data,
                             gchar **trouble);
void cam_preview_close(CamPreview *preview);

#endif
