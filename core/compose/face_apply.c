#include "face_apply.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "skin_apply.spv.h"
#include "skin_model.spv.h"
#include "skin_model_lanes8.spv.h"

int mi_face_apply_create(mi_face_apply *a, mvk_device *device, mi_arena *arena,
                         const mien_frame *shape, int32_t square)
{
    static const mi_shader_pair model = MI_SHADER_PAIR(skin_model);
    static const mvk_shader apply = MI_SHADER(skin_apply);
    const uint32_t format = (uint32_t)shape->format;
    memset(a, 0, sizeof *a);
    a->device = device;
    a->push = mi_pixel_layout(shape);
    a->picture = mi_picture_take(arena, square, square);
    a->push.low = a->picture.at;
    a->push.low_w = a->push.low_h = square;
    int status = mvk_pipeline_create(device, &a->model, mi_shader_for(device, &model), NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(device, &a->apply, &apply, &format, 1);
    if (status != MIEN_OK)
        mi_face_apply_destroy(a);
    return status;
}

void mi_face_apply_destroy(mi_face_apply *a)
{
    if (!a->device)
        return;
    mvk_pipeline_destroy(a->device, &a->model);
    mvk_pipeline_destroy(a->device, &a->apply);
    memset(a, 0, sizeof *a);
}

static float within(float v, float most)
{
    return v < 0 ? 0 : v > most ? most : v;
}

static void set_box(const mi_face_apply *a, struct skin_uniform *u, const float box[4])
{
    float size = (float)a->picture.w;
    u->box_x0 = 8 * floorf(within(box[0], 1) * size / 8); /* workgroups are 8 x 4 pixels */
    u->box_y0 = 4 * floorf(within(box[1], 1) * size / 4);
    u->box_x1 = ceilf(within(box[2], 1) * size);
    u->box_y1 = ceilf(within(box[3], 1) * size);
    bool empty = u->box_x1 <= u->box_x0 || u->box_y1 <= u->box_y0;
    u->model_across = empty ? 0 : mi_groups((int32_t)(u->box_x1 - u->box_x0), 8);
    u->model_down = empty ? 0 : mi_groups((int32_t)(u->box_y1 - u->box_y0), 4);
    u->model_deep = 1;
}

void mi_face_apply_extent(const mi_face_apply *a, struct skin_uniform *u, float x, float y,
                          float side, float angle, const float box[4])
{
    float c = side * cosf(angle), s = side * sinf(angle);
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    set_box(a, u, box);
    for (int i = 0; i < 4; i++) { /* the box' corners in the frame */
        float bx = (i & 1 ? u->box_x1 : u->box_x0) / (float)a->picture.w - 0.5f;
        float by = (i & 2 ? u->box_y1 : u->box_y0) / (float)a->picture.h - 0.5f;
        x0 = fminf(x0, x + c * bx - s * by);
        x1 = fmaxf(x1, x + c * bx - s * by);
        y0 = fminf(y0, y + s * bx + c * by);
        y1 = fmaxf(y1, y + s * bx + c * by);
    }
    x0 = 8 * floorf(within(x0, (float)a->push.width) / 8); /* an invocation makes 8 x 2 pixels */
    y0 = 2 * floorf(within(y0, (float)a->push.height) / 2);
    x1 = ceilf(within(x1, (float)a->push.width));
    y1 = ceilf(within(y1, (float)a->push.height));
    bool empty = u->model_across == 0 || x1 <= x0 || y1 <= y0;
    u->x0 = x0;
    u->y0 = y0;
    u->across = empty ? 0 : mi_groups((int32_t)(x1 - x0), 64);
    u->down = empty ? 0 : mi_groups((int32_t)(y1 - y0), 8);
    u->deep = 1;
}

void mi_face_apply_record(const mi_face_apply *a, mvk_commands *commands,
                          const struct skin_push *shown, const mvk_buffer *uniform)
{
    const uint32_t models[3] = {mi_groups(a->picture.w, 8), mi_groups(a->picture.h, 4), 1};
    const uint32_t most[3] = {mi_groups(a->push.width, 64), mi_groups(a->push.height, 8), 1};
    struct skin_push p = *shown;
    p.model = a->picture.at;
    mvk_dispatch_indirect(a->device, commands, a->model, &p, sizeof p, uniform,
                          offsetof(struct skin_uniform, model_across), models);
    mvk_barrier(commands);
    mvk_dispatch_indirect(a->device, commands, a->apply, &a->push, sizeof a->push, uniform,
                          offsetof(struct skin_uniform, across), most);
    mvk_barrier(commands);
}
