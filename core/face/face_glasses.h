/* How sure it is that glasses are worn, from the network's map of them. */
#ifndef MI_FACE_GLASSES_H
#define MI_FACE_GLASSES_H

#include "face.h"

/* `map`: MI_VISIBLE x MI_VISIBLE cells of a square of `size` pixels, value i at map[stride * i];
 * `point`: the face's points in these pixels. The mean over the half of the eyes' surroundings
 * that shows them most, 0..1. At 0.7 it missed 8.6 % of glasses and was wrong on 5.6 % of bare
 * eyes (models/face-visible.md). */
float mi_glasses_value(const float *map, int32_t stride, const float point[MI_POINTS][3],
                       float size);

#endif
