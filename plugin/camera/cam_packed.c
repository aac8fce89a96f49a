#include "cam_packed.h"

#include <string.h>

mien_format cam_packed_format(const GstVideoInfo *info)
{
    switch (GST_VIDEO_INFO_FORMAT(info)) {
    case GST_VIDEO_FORMAT_YUY2:
        return MIEN_FORMAT_YUY2;
    case GST_VIDEO_FORMAT_I420:
        return MIEN_FORMAT_I420;
    default:
        return MIEN_FORMAT_NV12;
    }
}

gsize cam_packed_stride(const GstVideoInfo *info)
{
    return mien_format_row_bytes(cam_packed_format(info), 0, info->width);
}

gsize cam_packed_size(const GstVideoInfo *info)
{
    mien_format format = cam_packed_format(info);
    gsize size = 0;
    for (int p = 0; p < mien_format_planes(format); p++)
        size += mien_format_row_bytes(format, p, info->width) *
                (gsize)mien_format_rows(format, p, info->height);
    return size;
}

gboolean cam_packed_copy(const GstVideoFrame *frame, guint8 *bytes, gsize size)
{
    mien_format format = cam_packed_format(&frame->info);
    if (cam_packed_size(&frame->info) > size)
        return FALSE;
    for (int p = 0; p < mien_format_planes(format); p++) {
        const guint8 *row = GST_VIDEO_FRAME_PLANE_DATA(frame, p);
        gsize length = mien_format_row_bytes(format, p, frame->info.width);
        for (int y = 0; y < mien_format_rows(format, p, frame->info.height); y++) {
            memcpy(bytes, row, length);
            bytes += length;
            row += GST_VIDEO_FRAME_PLANE_STRIDE(frame, p);
        }
    }
    return TRUE;
}

void cam_packed_copy_frame(GstVideoFrame *to, const GstVideoFrame *from)
{
    mien_format format = cam_packed_format(&from->info);
    for (int p = 0; p < mien_format_planes(format); p++) {
        guint8 *row = GST_VIDEO_FRAME_PLANE_DATA(to, p);
        const guint8 *source = GST_VIDEO_FRAME_PLANE_DATA(from, p);
        gsize length = mien_format_row_bytes(format, p, from->info.width);
        for (int y = 0; y < mien_format_rows(format, p, from->info.height); y++) {
            memcpy(row, source, length);
            row += GST_VIDEO_FRAME_PLANE_STRIDE(to, p);
            source += GST_VIDEO_FRAME_PLANE_STRIDE(from, p);
        }
    }
}
