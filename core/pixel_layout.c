#include "pixel_layout.h"

/* ITU-R BT.601 and BT.709. RGB frames have no matrix of their own: BT.709's weights. */
void mi_luma_weights(const mien_frame *shape, float *kr, float *kb)
{
    bool bt709 = shape->matrix == MIEN_MATRIX_BT709 ||
                 (shape->matrix == MIEN_MATRIX_AUTO && shape->height >= 720) ||
                 !mi_format_is_yuv(shape->format);
    *kr = bt709 ? 0.2126f : 0.299f;
    *kb = bt709 ? 0.0722f : 0.114f;
}

struct pixel_push mi_pixel_layout(const mien_frame *shape)
{
    size_t offset[3], pitch[3];
    mi_frame_packed(shape->format, shape->width, shape->height, offset, pitch);
    struct pixel_push p = {.width = shape->width, .height = shape->height,
                           .plane0 = (int32_t)offset[0], .plane1 = (int32_t)offset[1],
                           .plane2 = (int32_t)offset[2], .pitch0 = (int32_t)pitch[0],
                           .pitch1 = (int32_t)pitch[1], .pitch2 = (int32_t)pitch[2]};
    mi_luma_weights(shape, &p.kr, &p.kb);
    bool full = shape->range == MIEN_RANGE_FULL;
    p.y_offset = full ? 0 : 16;
    p.y_scale = full ? 1.0f / 255 : 1.0f / 219;
    p.c_scale = full ? 1.0f / 255 : 1.0f / 224;
    p.site_x = shape->siting == MIEN_SITING_CENTER ? 0.5f : 0;
    p.site_y = shape->siting == MIEN_SITING_TOPLEFT ? 0 : 0.5f;
    return p;
}
