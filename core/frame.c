#include "frame.h"

#include <string.h>

static bool is_packed_rgb(mien_format format)
{
    return format == MIEN_FORMAT_RGBA || format == MIEN_FORMAT_BGRA ||
           format == MIEN_FORMAT_RGBX || format == MIEN_FORMAT_BGRX;
}

bool mi_format_is_yuv(mien_format format)
{
    return format == MIEN_FORMAT_I420 || format == MIEN_FORMAT_NV12 || format == MIEN_FORMAT_YUY2;
}

bool mi_plane_describe(mien_format format, int plane, mi_plane_info *info)
{
    if (plane < 0 || plane >= mien_format_planes(format))
        return false;
    if (is_packed_rgb(format))
        *info = (mi_plane_info){.sub_x = 1, .sub_y = 1, .bytes = 4};
    else if (format == MIEN_FORMAT_YUY2)
        *info = (mi_plane_info){.sub_x = 2, .sub_y = 1, .bytes = 4};
    else if (plane == 0)
        *info = (mi_plane_info){.sub_x = 1, .sub_y = 1, .bytes = 1};
    else
        *info = (mi_plane_info){
            .sub_x = 2, .sub_y = 2, .bytes = format == MIEN_FORMAT_NV12 ? 2 : 1};
    return true;
}

int mien_format_planes(mien_format format)
{
    if (format == MIEN_FORMAT_I420)
        return 3;
    if (format == MIEN_FORMAT_NV12)
        return 2;
    return format == MIEN_FORMAT_YUY2 || is_packed_rgb(format) ? 1 : 0;
}

size_t mien_format_row_bytes(mien_format format, int plane, int32_t width)
{
    mi_plane_info info;
    if (width <= 0 || !mi_plane_describe(format, plane, &info))
        return 0;
    return (size_t)((width + info.sub_x - 1) / info.sub_x) * (size_t)info.bytes;
}

int32_t mien_format_rows(mien_format format, int plane, int32_t height)
{
    mi_plane_info info;
    if (height <= 0 || !mi_plane_describe(format, plane, &info))
        return 0;
    return (height + info.sub_y - 1) / info.sub_y;
}

int mi_frame_check(const mien_frame *frame, bool planes, mi_log *log)
{
    if (!frame)
        return mi_fail(log, MIEN_ERR_INVALID, "no frame was given");
    int count = mien_format_planes(frame->format);
    if (count == 0)
        return mi_fail(log, MIEN_ERR_INVALID, "unknown pixel format %d", (int)frame->format);
    if (frame->width < MIEN_SIZE_MIN || frame->width > MIEN_SIZE_MAX ||
        frame->height < MIEN_SIZE_MIN || frame->height > MIEN_SIZE_MAX)
        return mi_fail(log, MIEN_ERR_INVALID,
                       "frame of %dx%d pixels: sizes from %dx%d to %dx%d work",
                       (int)frame->width, (int)frame->height, MIEN_SIZE_MIN, MIEN_SIZE_MIN,
                       MIEN_SIZE_MAX, MIEN_SIZE_MAX);
    if (frame->matrix < MIEN_MATRIX_AUTO || frame->matrix > MIEN_MATRIX_BT709 ||
        frame->range < MIEN_RANGE_AUTO || frame->range > MIEN_RANGE_FULL ||
        frame->siting < MIEN_SITING_AUTO || frame->siting > MIEN_SITING_TOPLEFT)
        return mi_fail(log, MIEN_ERR_INVALID,
                       "unknown colour matrix %d, range %d or chroma siting %d",
                       (int)frame->matrix, (int)frame->range, (int)frame->siting);
    for (int p = 0; planes && p < count; p++) {
        size_t row = mien_format_row_bytes(frame->format, p, frame->width);
        ptrdiff_t stride = frame->stride[p];
        if (!frame->data[p])
            return mi_fail(log, MIEN_ERR_INVALID, "plane %d of the frame is missing", p);
        if ((stride < 0 ? 0 - (size_t)stride : (size_t)stride) < row)
            return mi_fail(log, MIEN_ERR_INVALID,
                           "stride %td of plane %d is shorter than its row of %zu bytes",
                           stride, p, row);
    }
    return MIEN_OK;
}

bool mi_frame_same_shape(const mien_frame *a, const mien_frame *b)
{
    return a->format == b->format && a->width == b->width && a->height == b->height &&
           a->matrix == b->matrix && a->range == b->range && a->siting == b->siting;
}

static void copy_rows(uint8_t *to, ptrdiff_t to_stride, const uint8_t *from, ptrdiff_t from_stride,
                      size_t row, int32_t rows)
{
    if (to == from)
        return;
    if (to_stride == from_stride && to_stride == (ptrdiff_t)row) {
        memcpy(to, from, row * (size_t)rows);
        return;
    }
    for (int32_t y = 0; y < rows; y++)
        memcpy(to + y * to_stride, from + y * from_stride, row);
}

void mi_frame_copy(const mien_frame *out, const mien_frame *in)
{
    for (int p = 0; p < mien_format_planes(in->format); p++)
        copy_rows(out->data[p], out->stride[p], in->data[p], in->stride[p],
                  mien_format_row_bytes(in->format, p, in->width),
                  mien_format_rows(in->format, p, in->height));
}

size_t mi_frame_packed(mien_format format, int32_t width, int32_t height, size_t offset[3],
                       size_t pitch[3])
{
    size_t total = 0;
    for (int p = 0; p < 3; p++) {
        offset[p] = total;
        pitch[p] = (mien_format_row_bytes(format, p, width) + 15) & ~(size_t)15;
        total += pitch[p] * (size_t)mien_format_rows(format, p, height);
    }
    return total;
}

void mi_frame_pack(uint8_t *packed, const mien_frame *in)
{
    size_t offset[3], pitch[3];
    mi_frame_packed(in->format, in->width, in->height, offset, pitch);
    for (int p = 0; p < mien_format_planes(in->format); p++)
        copy_rows(packed + offset[p], (ptrdiff_t)pitch[p], in->data[p], in->stride[p],
                  mien_format_row_bytes(in->format, p, in->width),
                  mien_format_rows(in->format, p, in->height));
}

void mi_frame_unpack(const mien_frame *out, const uint8_t *packed)
{
    size_t offset[3], pitch[3];
    mi_frame_packed(out->format, out->width, out->height, offset, pitch);
    for (int p = 0; p < mien_format_planes(out->format); p++)
        copy_rows(out->data[p], out->stride[p], packed + offset[p], (ptrdiff_t)pitch[p],
                  mien_format_row_bytes(out->format, p, out->width),
                  mien_format_rows(out->format, p, out->height));
}
