#include "dispatch_box.h"

#include <math.h>

#include "../stage.h"

mi_box_grid mi_frame_grid(const struct pixel_push *frame)
{
    return (mi_box_grid){.size = {frame->width, frame->height}, .step = {8, 2}, .group = {64, 8}};
}

static float within(float v, int32_t most)
{
    return fminf(fmaxf(v, 0), (float)most);
}

void mi_box_cover(const mi_box_grid *grid, const float part[4], float box[4], uint32_t groups[3])
{
    bool empty = false;
    for (int k = 0; k < 2; k++) {
        float step = (float)grid->step[k];
        box[k] = step * floorf(within(part[k], grid->size[k]) / step);
        box[2 + k] = ceilf(within(part[2 + k], grid->size[k]));
        empty = empty || box[2 + k] <= box[k];
    }
    for (int k = 0; k < 2; k++)
        groups[k] = empty ? 0 : mi_groups((int32_t)(box[2 + k] - box[k]), grid->group[k]);
    groups[2] = 1;
}

void mi_box_most(const mi_box_grid *grid, uint32_t groups[3])
{
    for (int k = 0; k < 2; k++)
        groups[k] = mi_groups(grid->size[k], grid->group[k]);
    groups[2] = 1;
}
