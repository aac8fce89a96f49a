/* Frames as V4L2 and PipeWire have them: planes one after the other, rows without padding, which
 * GStreamer's have. YUY2, I420 and NV12. */
#ifndef CAM_PACKED_H
#define CAM_PACKED_H

#include <gst/video/video.h>
#include <mien/mien.h>

/* The library's name of a format. */
mien_format cam_packed_format(const GstVideoInfo *info);

/* Bytes of a frame, and of a row of its first plane. */
gsize cam_packed_size(const GstVideoInfo *info);
gsize cam_packed_stride(const GstVideoInfo *info);

/* `bytes` has room for `size` bytes. FALSE: there are more than that. */
gboolean cam_packed_copy(const GstVideoFrame *frame, guint8 *bytes, gsize size);

/* The same from one frame to another, of the same format and size. gst_video_frame_copy() leaves
 * out the last byte of YUY2's rows of odd width. */
void cam_packed_copy_frame(GstVideoFrame *to, const GstVideoFrame *from);

#endif
