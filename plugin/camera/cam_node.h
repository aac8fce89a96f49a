/* Gives frames to PipeWire as a camera.
 *
 * Not with GStreamer's pipewiresink: that one waits for a buffer, and if a reader is killed or
 * stands still while it has one, it waits for ever. Here frames are dropped for as long. */
#ifndef CAM_NODE_H
#define CAM_NODE_H

#include <gst/video/video.h>

typedef struct CamNode CamNode;

/* A camera that readers see as `name`. NULL and *trouble, a line which the caller frees, if that
 * cannot be. */
CamNode *cam_node_open(const gchar *name, const GstVideoInfo *info, gchar **trouble);
void cam_node_close(CamNode *node);

/* Any one thread. 0, or EPIPE: PipeWire has ended. Never waits for a reader; without one, nothing
 * happens. */
gint cam_node_write(CamNode *node, GstBuffer *frame);

#endif
