#include "gaze_apply.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "dispatch_box.h"
#include "gaze_apply.spv.h"
#include "gaze_copy.spv.h"

/* Pixels of the patch beside it from where colours may come; those from farther away come from
 * there. */
static const float MARGIN = 24;
static const float SLIP = 2; /* and by which the patch may have slipped */

int mi_gaze_apply_create(mi_gaze_apply *a, mvk_device *device, const mien_frame *shape,
                         mi_picture shown)
{
    static const mvk_shader copy = MI_SHADER(gaze_copy), apply = MI_SHADER(gaze_apply);
    const uint32_t format = (uint32_t)shape->format;
    memset(a, 0, sizeof *a);
    a->device = device;
    a->push = mi_pixel_layout(shape);
    a->push.low = shown.at;
    a->push.low_w = shown.w;
    a->push.low_h = shown.h;
    int status = mvk_pipeline_create(device, &a->copy, &copy, &format, 1);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(device, &a->apply, &apply, &format, 1);
    if (status != MIEN_OK)
        mi_gaze_apply_destroy(a);
    return status;
}

void mi_gaze_apply_destroy(mi_gaze_apply *a)
{
    if (!a->device)
        return;
    mvk_pipeline_destroy(a->device, &a->copy);
    mvk_pipeline_destroy(a->device, &a->apply);
    memset(a, 0, sizeof *a);
}

/* The part of the frame around the middle, `reach_x`, `reach_y` to each side. */
static void find_box(const mi_gaze_apply *a, const float middle[2], float reach_x, float reach_y,
                     float box[4], uint32_t groups[4])
{
    const mi_box_grid grid = mi_frame_grid(&a->push);
    const float part[4] = {middle[0] - reach_x, middle[1] - reach_y, middle[0] + reach_x,
                           middle[1] + reach_y};
    mi_box_cover(&grid, part, box, groups);
}

void mi_gaze_apply_place(const mi_gaze_apply *a, struct gaze_eye *eye, const mi_eye_patch *patch)
{
    float w = (float)a->push.low_w, h = (float)a->push.low_h;
    memset(eye->copy, 0, sizeof eye->copy);
    memset(eye->apply, 0, sizeof eye->apply);
    if (!patch)
        return;
    const float *x = patch->across, *y = patch->down, *m = patch->middle;
    float area = x[0] * y[1] - x[1] * y[0];
    if (!(fabsf(area) > 0))
        return;
    float column[2] = {w * y[1] / area, -w * y[0] / area};
    float row[2] = {-h * x[1] / area, h * x[0] / area};
    for (int k = 0; k < 2; k++) {
        eye->column[k] = column[k];
        eye->row[k] = row[k];
        eye->back[k] = x[k] / w;
        eye->back[2 + k] = y[k] / h;
    }
    eye->column[2] = w / 2 - column[0] * m[0] - column[1] * m[1];
    eye->row[2] = h / 2 - row[0] * m[0] - row[1] * m[1];
    float far = 1 + 2 * MARGIN / w, wide = 1 + 2 * MARGIN / h;
    float slip_w = 1 + 2 * SLIP / w, slip_h = 1 + 2 * SLIP / h;
    find_box(a, m, 0.5f * (slip_w * fabsf(x[0]) + slip_h * fabsf(y[0])),
             0.5f * (slip_w * fabsf(x[1]) + slip_h * fabsf(y[1])),
             eye->box, eye->apply);
    find_box(a, m, 0.5f * (far * fabsf(x[0]) + wide * fabsf(y[0])) + 8,
             0.5f * (far * fabsf(x[1]) + wide * fabsf(y[1])) + 8, eye->kept, eye->copy);
}

static void record(const mi_gaze_apply *a, mvk_commands *commands, mvk_pipeline *pipeline,
                   int32_t eye, const mvk_buffer *uniform, size_t groups)
{
    const mi_box_grid grid = mi_frame_grid(&a->push);
    uint32_t most[3];
    struct pixel_push p = a->push;
    mi_box_most(&grid, most);
    p.square = eye;
    mvk_dispatch_indirect(a->device, commands, pipeline, &p, sizeof p, uniform,
                          offsetof(struct gaze_uniform, eye) +
                              (size_t)eye * sizeof(struct gaze_eye) + groups, most);
    mvk_barrier(commands);
}

void mi_gaze_apply_record_copy(const mi_gaze_apply *a, mvk_commands *commands, int32_t eye,
                               const mvk_buffer *uniform)
{
    record(a, commands, a->copy, eye, uniform, offsetof(struct gaze_eye, copy));
}

void mi_gaze_apply_record(const mi_gaze_apply *a, mvk_commands *commands, int32_t eye,
                          const mvk_buffer *uniform)
{
    record(a, commands, a->apply, eye, uniform, offsetof(struct gaze_eye, apply));
}
