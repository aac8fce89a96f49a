/* How a packed frame (mi_frame_packed) is read by shaders: places, colour arithmetic. */
#ifndef MI_PIXEL_LAYOUT_H
#define MI_PIXEL_LAYOUT_H

#include "frame.h"

#include "compose/pixel_push.h"

/* Luma weights of red and blue for a frame's matrix. */
void mi_luma_weights(const mien_frame *shape, float *kr, float *kb);

/* The part of the push constants that describes frames like `shape`; the rest is zero. */
struct pixel_push mi_pixel_layout(const mien_frame *shape);

#endif
