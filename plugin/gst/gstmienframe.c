#include "gstmienframe.h"

static mien_format find_format(GstVideoFormat format)
{
    switch (format) {
    case GST_VIDEO_FORMAT_I420:
        return MIEN_FORMAT_I420;
    case GST_VIDEO_FORMAT_NV12:
        return MIEN_FORMAT_NV12;
    case GST_VIDEO_FORMAT_YUY2:
        return MIEN_FORMAT_YUY2;
    case GST_VIDEO_FORMAT_RGBA:
        return MIEN_FORMAT_RGBA;
    case GST_VIDEO_FORMAT_BGRA:
        return MIEN_FORMAT_BGRA;
    case GST_VIDEO_FORMAT_RGBx:
        return MIEN_FORMAT_RGBX;
    case GST_VIDEO_FORMAT_BGRx:
        return MIEN_FORMAT_BGRX;
    default:
        return 0;
    }
}

/* Matrices that the library does not know get their nearest neighbour: the same matrix is used
 * on the way in and out, so only what the network sees is slightly off. */
static mien_matrix find_matrix(GstVideoColorMatrix matrix)
{
    switch (matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT601:
    case GST_VIDEO_COLOR_MATRIX_FCC:
        return MIEN_MATRIX_BT601;
    case GST_VIDEO_COLOR_MATRIX_BT709:
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:
    case GST_VIDEO_COLOR_MATRIX_BT2020:
        return MIEN_MATRIX_BT709;
    default:
        return MIEN_MATRIX_AUTO;
    }
}

static mien_range find_range(GstVideoColorRange range)
{
    switch (range) {
    case GST_VIDEO_COLOR_RANGE_0_255:
        return MIEN_RANGE_FULL;
    case GST_VIDEO_COLOR_RANGE_16_235:
        return MIEN_RANGE_LIMITED;
    default:
        return MIEN_RANGE_AUTO;
    }
}

static mien_siting find_siting(GstVideoChromaSite site)
{
    if (site == GST_VIDEO_CHROMA_SITE_UNKNOWN)
        return MIEN_SITING_AUTO;
    if (!(site & GST_VIDEO_CHROMA_SITE_H_COSITED))
        return MIEN_SITING_CENTER;
    return site & GST_VIDEO_CHROMA_SITE_V_COSITED ? MIEN_SITING_TOPLEFT : MIEN_SITING_LEFT;
}

gboolean gst_mien_frame_describe(mien_frame *frame, const GstVideoInfo *info)
{
    *frame = (mien_frame){
        .format = find_format(GST_VIDEO_INFO_FORMAT(info)),
        .width = GST_VIDEO_INFO_WIDTH(info),
        .height = GST_VIDEO_INFO_HEIGHT(info),
        .matrix = find_matrix(info->colorimetry.matrix),
        .range = find_range(info->colorimetry.range),
        .siting = find_siting(info->chroma_site),
        .pts_ns = MIEN_NO_PTS,
    };
    return frame->format != 0;
}

void gst_mien_frame_fill(mien_frame *frame, const GstVideoFrame *video)
{
    for (int p = 0; p < mien_format_planes(frame->format); p++) {
        frame->data[p] = GST_VIDEO_FRAME_PLANE_DATA(video, p);
        frame->stride[p] = GST_VIDEO_FRAME_PLANE_STRIDE(video, p);
    }
    GstClockTime pts = GST_BUFFER_PTS(video->buffer);
    frame->pts_ns = GST_CLOCK_TIME_IS_VALID(pts) && pts <= G_MAXINT64 ? (int64_t)pts : MIEN_NO_PTS;
}
