#include "area_rows.h"

#include <string.h>

void mi_parts(mien_format format, mi_part part[3])
{
    static const mi_part yuy2[3] = {{0, 0, 2, 1, 1}, {0, 1, 4, 2, 1}, {0, 3, 4, 2, 1}};
    static const mi_part i420[3] = {{0, 0, 1, 1, 1}, {1, 0, 1, 2, 2}, {2, 0, 1, 2, 2}};
    static const mi_part nv12[3] = {{0, 0, 1, 1, 1}, {1, 0, 2, 2, 2}, {1, 1, 2, 2, 2}};
    static const mi_part rgba[3] = {{0, 0, 4, 1, 1}, {0, 1, 4, 1, 1}, {0, 2, 4, 1, 1}};
    static const mi_part bgra[3] = {{0, 2, 4, 1, 1}, {0, 1, 4, 1, 1}, {0, 0, 4, 1, 1}};
    const mi_part *from = format == MIEN_FORMAT_YUY2   ? yuy2
                          : format == MIEN_FORMAT_I420 ? i420
                          : format == MIEN_FORMAT_NV12 ? nv12
                          : format == MIEN_FORMAT_BGRA || format == MIEN_FORMAT_BGRX ? bgra
                                                                                     : rgba;
    memcpy(part, from, 3 * sizeof *part);
}

void mi_black(const mien_frame *shape, uint8_t sample[3])
{
    bool yuv = mi_format_is_yuv(shape->format);
    sample[0] = yuv && shape->range != MIEN_RANGE_FULL ? 16 : 0;
    sample[1] = sample[2] = yuv ? 128 : 0;
}

uint8_t *mi_row_at(const mien_frame *frame, int plane, int32_t row, int32_t x)
{
    return frame->data[plane] + row * frame->stride[plane] +
           mien_format_row_bytes(frame->format, plane, x);
}

int32_t mi_plane_rows(const mien_frame *frame, int plane, int32_t y, int32_t *first)
{
    mi_plane_info info;
    mi_plane_describe(frame->format, plane, &info);
    *first = y / info.sub_y;
    return info.sub_y == 2 || y + 1 == frame->height ? 1 : 2;
}

static uint8_t mean2(int a, int b)
{
    return (uint8_t)((a + b + 1) / 2);
}

static void mask_rgb(const uint8_t *mask, int32_t pixels, uint8_t *bytes)
{
    for (int32_t i = 0; i < pixels; i++) {
        bytes[4 * i] = bytes[4 * i + 1] = bytes[4 * i + 2] = mask[i];
        bytes[4 * i + 3] = 0;
    }
}

static void mask_yuy2(const uint8_t *mask, int32_t pixels, uint8_t *bytes)
{
    for (int32_t i = 0; i < pixels / 2; i++) {
        bytes[4 * i] = mask[2 * i];
        bytes[4 * i + 2] = mask[2 * i + 1];
        bytes[4 * i + 1] = bytes[4 * i + 3] = mean2(mask[2 * i], mask[2 * i + 1]);
    }
    if (pixels & 1) { /* the last pair has one pixel only; its second luma is no picture */
        uint8_t *last = bytes + 2 * (pixels - 1);
        last[0] = last[1] = last[3] = mask[pixels - 1];
        last[2] = 0;
    }
}

/* One mask a 4:2:0 chroma position. */
static void mask_chroma(const uint8_t *const mask[2], int32_t pixels, uint8_t *bytes)
{
    const uint8_t *a = mask[0], *b = mask[1];
    for (int32_t i = 0; i < pixels / 2; i++)
        bytes[i] = (uint8_t)((a[2 * i] + a[2 * i + 1] + b[2 * i] + b[2 * i + 1] + 2) / 4);
    if (pixels & 1)
        bytes[pixels / 2] = mean2(a[pixels - 1], b[pixels - 1]);
}

void mi_mask_bytes(mien_format format, int plane, const uint8_t *const mask[2], int32_t pixels,
                   uint8_t *bytes)
{
    if (format == MIEN_FORMAT_YUY2) {
        mask_yuy2(mask[0], pixels, bytes);
    } else if (!mi_format_is_yuv(format)) {
        mask_rgb(mask[0], pixels, bytes);
    } else if (plane == 0) {
        memcpy(bytes, mask[0], (size_t)pixels);
    } else {
        mask_chroma(mask, pixels, bytes);
        if (format == MIEN_FORMAT_NV12) /* U and V: doubled from the end on */
            for (int32_t i = (pixels + 1) / 2 - 1; i >= 0; i--)
                bytes[2 * i + 1] = bytes[2 * i] = bytes[i];
    }
}

void mi_mix_bytes(uint8_t *to, const uint8_t *from, const uint8_t *weight, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t sum = (uint16_t)(to[i] * (255 - weight[i]) + from[i] * weight[i] + 128);
        to[i] = (uint8_t)((uint16_t)(sum + (sum >> 8)) >> 8); /* sum / 255; 16 bits are enough */
    }
}
