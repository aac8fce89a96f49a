#include "blend.h"

#include <math.h>
#include <string.h>

#include "luma_half.spv.h"
#include "reframe.spv.h"
#include "resolve.spv.h"
#include "resolve_lanes8.spv.h"
#include "search.spv.h"
#include "search_lanes8.spv.h"
#include "warp_error.spv.h"
#include "warp_error_lanes8.spv.h"

enum { COARSEST = 12 }; /* pixels: a smaller level has nothing to match */
static const double SEARCH_WORK = 16e3; /* of a patch, multiply-adds, by its time on lavapipe */

static int create_pipelines(mi_blend *b)
{
    static const mvk_shader half = MI_SHADER(luma_half);
    static const mi_shader_pair search = MI_SHADER_PAIR(search),
                                warp_error = MI_SHADER_PAIR(warp_error),
                                resolve = MI_SHADER_PAIR(resolve);
    const uint32_t yes = 1, no = 0;
    mvk_device *d = b->device;
    int status = mvk_pipeline_create(d, &b->half_picture, &half, &yes, 1);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->half_plane, &half, &no, 1);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->search, mi_shader_for(d, &search), NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->warp_error, mi_shader_for(d, &warp_error), NULL, 0);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->resolve, mi_shader_for(d, &resolve), &no, 1);
    if (status == MIEN_OK)
        status = mvk_pipeline_create(d, &b->resolve_plain, mi_shader_for(d, &resolve), &yes, 1);
    return status;
}

static void lay_out(mi_blend *b, mi_arena *arena)
{
    for (int i = 0; i < 2; i++)
        b->history[i] = mi_picture_take(arena, b->w, b->h);
    b->warp = mi_picture_take(arena, b->w, b->h);
    b->model = mi_picture_take(arena, b->w, b->h);
    b->still = 4 * mi_arena_take(arena, ((int64_t)b->w * b->h + 3) / 4);
    for (int i = 0; i < 2; i++) {
        b->luma[i] = 4 * mi_arena_take(arena, ((int64_t)b->w * b->h + 3) / 4);
        b->age[i] = 4 * mi_arena_take(arena, ((int64_t)b->w * b->h + 3) / 4);
    }
    int32_t w = b->w, h = b->h;
    for (b->levels = 0; b->levels < MI_BLEND_LEVELS; b->levels++) {
        w = (w + 1) / 2;
        h = (h + 1) / 2;
        if (b->levels > 0 && (w < COARSEST || h < COARSEST))
            break;
        mi_motion_level *l = &b->level[b->levels];
        l->w = w;
        l->h = h;
        l->now = 4 * mi_arena_take(arena, ((int64_t)w * h + 3) / 4);
        l->past = 4 * mi_arena_take(arena, ((int64_t)w * h + 3) / 4);
        l->patch_w = (w + 3) / 4 + 1; /* one more: its half lies inside */
        l->patch_h = (h + 3) / 4 + 1;
        l->flow = mi_arena_take(arena, (int64_t)l->patch_w * l->patch_h);
    }
}

int mi_blend_create(mi_blend *b, mvk_device *device, mi_arena *arena, int32_t w, int32_t h,
                    float kr, float kb)
{
    memset(b, 0, sizeof *b);
    b->device = device;
    b->w = w;
    b->h = h;
    b->kr = kr;
    b->kb = kb;
    lay_out(b, arena);
    int status = create_pipelines(b);
    if (status != MIEN_OK)
        mi_blend_destroy(b);
    return status;
}

void mi_blend_destroy(mi_blend *b)
{
    if (!b->device)
        return;
    mvk_pipeline_destroy(b->device, &b->half_picture);
    mvk_pipeline_destroy(b->device, &b->half_plane);
    mvk_pipeline_destroy(b->device, &b->search);
    mvk_pipeline_destroy(b->device, &b->warp_error);
    mvk_pipeline_destroy(b->device, &b->resolve);
    mvk_pipeline_destroy(b->device, &b->resolve_plain);
    mvk_pipeline_destroy(b->device, &b->reframe);
    memset(b, 0, sizeof *b);
}

int mi_blend_add_reframe(mi_blend *b)
{
    static const mvk_shader reframe = MI_SHADER(reframe);
    return b->reframe ? MIEN_OK : mvk_pipeline_create(b->device, &b->reframe, &reframe, NULL, 0);
}

void mi_blend_record_reframe(const mi_blend *b, mvk_commands *commands, int parity)
{
    struct blend_push p = {.w = b->w, .h = b->h, .history_in = b->history[1 - parity].at,
                           .history_out = b->history[parity].at, .luma_in = b->luma[1 - parity],
                           .luma_out = b->luma[parity], .age_in = b->age[1 - parity],
                           .age_out = b->age[parity]};
    mvk_dispatch(b->device, commands, b->reframe, &p, sizeof p, mi_groups(b->w, 8),
                 mi_groups(b->h, 4), 1);
    mvk_barrier(commands);
}

/* The default 0.8 gives a weight of 0.12 at 30 frames/s, the best of the project's simulation;
 * the time constant in seconds stays the same at other rates. */
float mi_blend_alpha(float smooth, double dt)
{
    double weight = 1 - 1.1 * (double)smooth;
    if (weight < 0.03)
        weight = 0.03;
    return (float)(1 - pow(1 - weight, dt * 30));
}

/* The pyramids of the picture and of the history's luma. */
static void record_pyramids(const mi_blend *b, mvk_commands *commands, int32_t picture,
                            int32_t past)
{
    for (int32_t i = 0; i < b->levels; i++) {
        const mi_motion_level *l = &b->level[i], *finer = l - 1;
        struct blend_push p = {.w = l->w, .h = l->h, .coarse_w = i == 0 ? b->w : finer->w,
                               .coarse_h = i == 0 ? b->h : finer->h};
        p.now = i == 0 ? picture : finer->now;
        p.past = l->now;
        mvk_dispatch(b->device, commands, i == 0 ? b->half_picture : b->half_plane, &p, sizeof p,
                     mi_groups(l->w, 16), mi_groups(l->h, 16), 1);
        p.now = i == 0 ? past : finer->past;
        p.past = l->past;
        mvk_dispatch(b->device, commands, b->half_plane, &p, sizeof p, mi_groups(l->w, 16),
                     mi_groups(l->h, 16), 1);
        mvk_barrier(commands);
    }
}

void mi_blend_record_motion(const mi_blend *b, mvk_commands *commands, const mi_picture picture[2],
                            int parity)
{
    record_pyramids(b, commands, picture[parity].at, b->luma[1 - parity]);
    for (int32_t i = b->levels - 1; i >= 0; i--) {
        const mi_motion_level *l = &b->level[i], *coarse = l + 1;
        struct blend_push p = {.w = l->w, .h = l->h, .now = l->now,
                               .past = l->past, .patch_w = l->patch_w,
                               .patch_h = l->patch_h, .flow = l->flow};
        if (i + 1 < b->levels) {
            p.coarse_w = coarse->patch_w;
            p.coarse_h = coarse->patch_h;
            p.coarse_flow = coarse->flow;
        }
        const uint32_t groups[3] = {mi_groups(l->patch_w, 8), mi_groups(l->patch_h, 4), 1};
        mvk_dispatch_work(b->device, commands, b->search, &p, sizeof p, groups,
                          SEARCH_WORK * l->patch_w * l->patch_h);
        mvk_barrier(commands);
    }
    struct blend_push p = {.w = b->w, .h = b->h, .now = picture[parity].at,
                           .past = b->luma[1 - parity], .patch_w = b->level[0].patch_w,
                           .patch_h = b->level[0].patch_h, .flow = b->level[0].flow,
                           .warp = b->warp.at, .luma_out = b->luma[parity]};
    mvk_dispatch(b->device, commands, b->warp_error, &p, sizeof p, mi_groups(b->w, 16),
                 mi_groups(b->h, 8), 1);
    mvk_barrier(commands);
}

void mi_blend_record_resolve(const mi_blend *b, mvk_commands *commands,
                             const mi_picture picture[2], int32_t styled, int parity, bool plain)
{
    struct blend_push p = {.w = b->w, .h = b->h, .now = picture[parity].at, .warp = b->warp.at,
                           .styled = styled, .history_in = b->history[1 - parity].at,
                           .history_out = b->history[parity].at, .model = b->model.at,
                           .luma_in = b->luma[1 - parity], .luma_out = b->luma[parity],
                           .age_in = b->age[1 - parity], .age_out = b->age[parity],
                           .still = b->still, .kr = b->kr, .kb = b->kb};
    mvk_dispatch(b->device, commands, plain ? b->resolve_plain : b->resolve, &p, sizeof p,
                 mi_groups(b->w, 16), mi_groups(b->h, 4), 1);
    mvk_barrier(commands);
}
