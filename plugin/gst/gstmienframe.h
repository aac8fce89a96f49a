/* GStreamer's words for a picture in the library's. */
#ifndef GST_MIEN_FRAME_H
#define GST_MIEN_FRAME_H

#include <gst/video/video.h>
#include <mien/mien.h>

/* Format, size and colour of the frames to come; no planes, no time. FALSE: a format that the
 * library does not take. */
gboolean gst_mien_frame_describe(mien_frame *frame, const GstVideoInfo *info);

/* The planes and time of a mapped frame; `frame` was described with its info. */
void gst_mien_frame_fill(mien_frame *frame, const GstVideoFrame *video);

#endif
