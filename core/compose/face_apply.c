#include "face_apply.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "dispatch_box.h"
#include "skin_apply.spv.h"
#include "skin_model.spv.h"
#include "skin_model_lanes8.spv.h"

/* Where faces are small a pixel of the frame covers several of the square's. */
enum { MEANS_MAX = 4 }; /* samples in a pixel, each way, */
static const float SPARSE = 0.1f; /* which may be that much more than the square's pixels apart */

int mi_face_apply_create(mi_face_apply *a, mvk_device *device, mi_arena *arena,
                         const mien_frame *shape, int32_t square)
{
    static const mi_shader_pair model = MI_SHADER_PAIR(skin_model);
    static const mvk_shader apply = MI_SHADER(skin_apply);
    memset(a, 0, sizeof *a);
    a->device = device;
    a->push = mi_pixel_layout(shape);
    a->picture = mi_picture_take(arena, square, square);
    a->push.low = a->picture.at;
    a->push.low_w = a->push.low_h = square;
    int status = mvk_pipeline_create(device, &a->model, mi_shader_for(device, &model), NULL, 0);
    for (uint32_t means = 0; means < 2 && status == MIEN_OK; means++) {
        const uint32_t spec[] = {(uint32_t)shape->format, 1 /* no picture is scaled */, means};
        status = mvk_pipeline_create(device, &a->apply[means], &apply, spec, 3);
    }
    if (status != MIEN_OK)
        mi_face_apply_destroy(a);
    return status;
}

void mi_face_apply_destroy(mi_face_apply *a)
{
    if (!a->device)
        return;
    mvk_pipeline_destroy(a->device, &a->model);
    for (int k = 0; k < 2; k++)
        mvk_pipeline_destroy(a->device, &a->apply[k]);
    memset(a, 0, sizeof *a);
}

static mi_box_grid model_grid(const mi_face_apply *a)
{
    return (mi_box_grid){.size = {a->picture.w, a->picture.h}, .step = {8, 4}, .group = {16, 8}};
}

static void set_box(const mi_face_apply *a, struct skin_uniform *u, const float part[4])
{
    const mi_box_grid grid = model_grid(a);
    float pixels[4], box[4];
    uint32_t groups[3];
    for (int k = 0; k < 4; k++)
        pixels[k] = part[k] * (float)grid.size[k % 2];
    mi_box_cover(&grid, pixels, box, groups);
    u->box_x0 = box[0];
    u->box_y0 = box[1];
    u->box_x1 = box[2];
    u->box_y1 = box[3];
    u->model_across = groups[0];
    u->model_down = groups[1];
    u->model_deep = groups[2];
}

void mi_face_apply_extent(const mi_face_apply *a, struct skin_uniform *u, float side,
                          const float square[4], const float frame[4])
{
    const mi_box_grid grid = mi_frame_grid(&a->push);
    float box[4];
    uint32_t groups[3];
    set_box(a, u, square);
    mi_box_cover(&grid, frame, box, groups);
    bool empty = u->model_across == 0;
    u->x0 = box[0];
    u->y0 = box[1];
    float apart = (float)a->picture.w / fmaxf(side, 1e-3f) - SPARSE;
    u->means = apart > MEANS_MAX ? MEANS_MAX : apart > 1 ? (uint32_t)ceilf(apart) : 1;
    u->across = empty || u->means > 1 ? 0 : groups[0];
    u->mean_across = empty || u->means == 1 ? 0 : groups[0];
    u->down = u->mean_down = groups[1];
    u->deep = u->mean_deep = groups[2];
}

void mi_face_apply_record_pixels(const mi_face_apply *a, mvk_commands *commands,
                                 const mvk_buffer *uniform)
{
    static const size_t groups[2] = {offsetof(struct skin_uniform, across),
                                     offsetof(struct skin_uniform, mean_across)};
    const mi_box_grid frame = mi_frame_grid(&a->push);
    uint32_t most[3];
    mi_box_most(&frame, most);
    for (int k = 0; k < 2; k++) /* one of them runs: no barrier between */
        mvk_dispatch_indirect(a->device, commands, a->apply[k], &a->push, sizeof a->push, uniform,
                              groups[k], most);
    mvk_barrier(commands);
}

void mi_face_apply_record(const mi_face_apply *a, mvk_commands *commands,
                          const struct skin_push *shown, const mvk_buffer *uniform)
{
    const mi_box_grid square = model_grid(a);
    uint32_t models[3];
    struct skin_push p = *shown;
    mi_box_most(&square, models);
    p.model = a->picture.at;
    mvk_dispatch_indirect(a->device, commands, a->model, &p, sizeof p, uniform,
                          offsetof(struct skin_uniform, model_across), models);
    mvk_barrier(commands);
    mi_face_apply_record_pixels(a, commands, uniform);
}
