/* Black pictures, for readers who are to see nothing. */
#ifndef CAM_BLACK_H
#define CAM_BLACK_H

#include <gst/video/video.h>

/* Blackens a frame that may be written to: YUY2, I420 or NV12. FALSE: it is what it was. */
gboolean cam_black_fill(GstBuffer *frame, const GstVideoInfo *info);

#endif
