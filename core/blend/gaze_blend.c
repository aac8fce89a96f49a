#include "gaze_blend.h"

#include <string.h>

#include "gaze_glint.spv.h"
#include "gaze_glint_lanes8.spv.h"
#include "gaze_glint_low.spv.h"
#include "gaze_glint_low_lanes8.spv.h"
#include "gaze_glint_soft.spv.h"
#include "gaze_glint_soft_lanes8.spv.h"
#include "gaze_hold.spv.h"
#include "gaze_hold_lanes8.spv.h"
#include "gaze_keep.spv.h"
#include "gaze_keep_lanes8.spv.h"
#include "gaze_resolve.spv.h"
#include "gaze_resolve_lanes8.spv.h"
#include "gaze_slip.spv.h"
#include "gaze_slip_sum.spv.h"
#include "gaze_state.spv.h"

static int create_pipelines(mi_gaze_blend *b)
{
    static const mvk_shader state = MI_SHADER(gaze_state);
    static const mvk_shader slip = MI_SHADER(gaze_slip), sum = MI_SHADER(gaze_slip_sum);
    static const mi_shader_pair hold = MI_SHADER_PAIR(gaze_hold);
    static const mi_shader_pair glint[3] = {MI_SHADER_PAIR(gaze_glint_soft),
                                            MI_SHADER_PAIR(gaze_glint_low),
                                            MI_SHADER_PAIR(gaze_glint)};
    static const mi_shader_pair resolve = MI_SHADER_PAIR(gaze_resolve);
    static const mi_shader_pair keep = MI_SHADER_PAIR(gaze_keep);
    mvk_device *d = b->device;
    int status = mvk_pipeline_create(d, &b->state, &state, NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->slip, &slip, NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->slip_sum, &sum, NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->hold, mi_shader_for(d, &hold), NULL, 0);
    for (int i = 0; i < 3 && status == MIEN_OK; i++)
        status = mvk_pipeline_create(d, &b->glint[i], mi_shader_for(d, &glint[i]), NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->resolve, mi_shader_for(d, &resolve), NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->keep, mi_shader_for(d, &keep), NULL, 0);
    return status;
}

int mi_gaze_blend_create(mi_gaze_blend *b, mvk_device *device, mi_arena *arena, int32_t w,
                         int32_t h, float ball, float kr, float kb)
{
    memset(b, 0, sizeof *b);
    b->device = device;
    b->push = (struct gaze_push){.w = w, .h = h, .kr = kr, .kb = kb, .ball = ball,
                                 .glint = mi_arena_take(arena, 2 * w * h),
                                 .rows = mi_arena_take(arena, 3 * h),
                                 .shown = mi_arena_take(arena, 2 * w * h + 1)};
    for (int i = 0; i < MI_GAZE_EYES; i++) {
        b->memory[i] = mi_arena_take(arena, 3);
        b->history[i] = mi_arena_take(arena, w * h);
        b->light[i] = mi_arena_take(arena, w * h);
    }
    int status = create_pipelines(b);
    if (status != MIEN_OK)
        mi_gaze_blend_destroy(b);
    return status;
}

void mi_gaze_blend_destroy(mi_gaze_blend *b)
{
    if (!b->device)
        return;
    mvk_pipeline_destroy(b->device, &b->slip);
    mvk_pipeline_destroy(b->device, &b->slip_sum);
    mvk_pipeline_destroy(b->device, &b->hold);
    for (int i = 0; i < 3; i++)
        mvk_pipeline_destroy(b->device, &b->glint[i]);
    mvk_pipeline_destroy(b->device, &b->state);
    mvk_pipeline_destroy(b->device, &b->resolve);
    mvk_pipeline_destroy(b->device, &b->keep);
    memset(b, 0, sizeof *b);
}

struct gaze_push mi_gaze_blend_push(const mi_gaze_blend *b, const mi_gaze_result *result,
                                    int32_t slot, int32_t eye)
{
    struct gaze_push p = b->push;
    p.eye = eye;
    p.look = result->look;
    p.crop = result->crop;
    p.state = result->state;
    p.flow = result->flow;
    p.blend = result->blend;
    p.memory = b->memory[slot];
    p.history = b->history[slot];
    p.light = b->light[slot];
    return p;
}

void mi_gaze_blend_record_hold(const mi_gaze_blend *b, mvk_commands *commands,
                               const struct gaze_push *p)
{
    mvk_dispatch(b->device, commands, b->slip, p, sizeof *p, mi_groups(p->h, 8), 1, 1);
    mvk_barrier(commands);
    mvk_dispatch(b->device, commands, b->slip_sum, p, sizeof *p, 1, 1, 1);
    mvk_barrier(commands);
    mvk_pipeline *const whole[4] = {b->hold, b->glint[0], b->glint[1], b->glint[2]};
    for (int i = 0; i < 4; i++) {
        mvk_dispatch(b->device, commands, whole[i], p, sizeof *p, mi_groups(p->w, 8),
                     mi_groups(p->h, 4), 1);
        mvk_barrier(commands);
    }
}

void mi_gaze_blend_record(const mi_gaze_blend *b, mvk_commands *commands,
                          const struct gaze_push *p)
{
    uint32_t across = mi_groups(p->w, 8), down = mi_groups(p->h, 4);
    mvk_dispatch(b->device, commands, b->state, p, sizeof *p, 1, 1, 1);
    mvk_barrier(commands);
    mvk_dispatch(b->device, commands, b->resolve, p, sizeof *p, across, down, 1);
    mvk_barrier(commands);
    mvk_dispatch(b->device, commands, b->keep, p, sizeof *p, across, down, 1);
    mvk_barrier(commands);
}
