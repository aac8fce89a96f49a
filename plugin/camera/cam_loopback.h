/* Writes frames into a v4l2loopback device.
 *
 * With write(2) rather than GStreamer's v4l2sink: that one gives frames the length of whole memory
 * pages, which ffmpeg and others refuse for 1920x1080, and stamps them with a time of its own. */
#ifndef CAM_LOOPBACK_H
#define CAM_LOOPBACK_H

#include <gst/video/video.h>

typedef struct CamLoopback CamLoopback;

/* Opens the device and sets format, size and rate. NULL and *trouble, a line which the caller
 * frees, if that cannot be. */
CamLoopback *cam_loopback_open(const gchar *path, const GstVideoInfo *info, gchar **trouble);
void cam_loopback_close(CamLoopback *loopback);

/* 0 or an errno. Never waits for a reader. */
gint cam_loopback_write(CamLoopback *loopback, GstBuffer *buffer);

#endif
