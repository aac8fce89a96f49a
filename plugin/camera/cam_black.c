#include "cam_black.h"

#include <string.h>

gboolean cam_black_fill(GstBuffer *frame, const GstVideoInfo *info)
{
    GstVideoFrame picture;
    gboolean packed = GST_VIDEO_INFO_FORMAT(info) == GST_VIDEO_FORMAT_YUY2;
    gboolean full = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
    guint8 luma = full ? 0 : 16;
    if (!gst_video_frame_map(&picture, info, frame, GST_MAP_WRITE))
        return FALSE;
    for (guint p = 0; p < GST_VIDEO_FRAME_N_PLANES(&picture); p++) {
        guint8 *bytes = GST_VIDEO_FRAME_PLANE_DATA(&picture, p);
        gsize size = (gsize)GST_VIDEO_FRAME_PLANE_STRIDE(&picture, p) *
                     (gsize)GST_VIDEO_FRAME_COMP_HEIGHT(&picture, p);
        memset(bytes, p || packed ? 128 : luma, size);
        for (gsize i = 0; packed && i < size; i += 2)
            bytes[i] = luma;
    }
    gst_video_frame_unmap(&picture);
    return TRUE;
}
