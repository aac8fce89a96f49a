/* Which workgroups of an indirect dispatch cover a part of a picture. */
#ifndef MI_DISPATCH_BOX_H
#define MI_DISPATCH_BOX_H

#include "../pixel_layout.h"

/* How a shader goes over pictures of this size, in pixels: [0] columns, [1] rows. */
typedef struct mi_box_grid {
    int32_t size[2];
    int32_t step[2];  /* where a box may begin: multiples of this */
    int32_t group[2]; /* what a workgroup makes */
} mi_box_grid;

/* Of a packed frame and the shaders that change it in place: 8 x 2 pixels an invocation. */
mi_box_grid mi_frame_grid(const struct pixel_push *frame);

/* The part x0, y0, x1, y1 to `box`, grown to whole steps and pixels and cut off at the picture's
 * edges, and the workgroups from its beginning on; no groups where nothing is left of it. */
void mi_box_cover(const mi_box_grid *grid, const float part[4], float box[4], uint32_t groups[3]);

/* Those of a whole picture. */
void mi_box_most(const mi_box_grid *grid, uint32_t groups[3]);

#endif
