/* What the program has to know of PipeWire beyond GStreamer's elements: its cameras, and whether it
 * is still there, of which pipewiresrc says nothing. */
#ifndef CAM_PIPEWIRE_H
#define CAM_PIPEWIRE_H

#include <gst/gst.h>

#define CAM_PIPEWIRE_NODE "mien-cam" /* name of this program's own camera */

/* Does a PipeWire listen? */
gboolean cam_pipewire_is_there(void);

typedef struct CamPulse CamPulse;

/* A connection to PipeWire for one element's property `fd`. Calls `ended` once, on the main thread,
 * when the PipeWire at its other end ends. NULL: there is none.
 *
 * An element without it shares a connection with all others of the process; the search for cameras
 * then waits for answers that the others have read, and finds none. */
CamPulse *cam_pulse_open(void (*ended)(gpointer data), gpointer data);
gint cam_pulse_fd(const CamPulse *pulse);
void cam_pulse_leave(CamPulse *pulse); /* after this `ended` is not called any more */
void cam_pulse_close(CamPulse *pulse); /* one that is left, after the element stopped; any thread */

/* PipeWire's cameras as GstDevice; the caller frees them with g_list_free_full(gst_object_unref).
 * Asking takes a moment. */
GList *cam_pipewire_cameras(void);

/* Name of a camera's node, which the caller frees, or NULL. */
gchar *cam_pipewire_node(GstDevice *camera);

/* The node of the camera with that name, or with that text in its description; with "" the first
 * one that is none of mien-cam's. The caller frees it; NULL: none. */
gchar *cam_pipewire_find(const gchar *wanted);

#endif
