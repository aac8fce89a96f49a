#include "skin.h"

#include <string.h>

#include "skin_fill.spv.h"
#include "skin_fill_lanes8.spv.h"
#include "skin_glance.spv.h"
#include "skin_glance_lanes8.spv.h"
#include "skin_look.spv.h"
#include "skin_look_lanes8.spv.h"
#include "skin_resolve.spv.h"
#include "skin_resolve_lanes8.spv.h"
#include "skin_seen.spv.h"
#include "skin_seen_lanes8.spv.h"
#include "skin_shift.spv.h"
#include "skin_shift_lanes8.spv.h"
#include "skin_sway.spv.h"
#include "skin_sway_lanes8.spv.h"
#include "skin_unwrap.spv.h"
#include "skin_unwrap_lanes8.spv.h"

enum { PATCH = 8, GLANCE = 4 }; /* map elements, see blend/skin.glsl */
enum { SEEN = 4 };              /* texels, the same */
enum { SHIFT_STEPS = 2 };       /* of skin_shift.comp */
enum { TILE = MI_SKIN_TILE_W * MI_SKIN_TILE_H };
/* Invocations of a workgroup; for a tile, of the shaders that go by tiles. */
enum { GROUP = 32, LOOK_TILE = 1, FILL_TILE = 2, RESOLVE_TILE = 4 };
enum { TILES_AT_ONCE = GROUP / LOOK_TILE }; /* of a workgroup, at most */

static int create_pipelines(mi_skin *s)
{
    static const mi_shader_pair shader[] = {
        MI_SHADER_PAIR(skin_glance), MI_SHADER_PAIR(skin_sway), MI_SHADER_PAIR(skin_look),
        MI_SHADER_PAIR(skin_shift), MI_SHADER_PAIR(skin_unwrap), MI_SHADER_PAIR(skin_seen),
        MI_SHADER_PAIR(skin_fill), MI_SHADER_PAIR(skin_resolve)};
    mvk_pipeline **pipeline[] = {&s->glance, &s->sway, &s->look, &s->shift,
                                &s->unwrap, &s->seen, &s->fill, &s->resolve};
    int status = MIEN_OK;
    for (int i = 0; i < 8 && status == MIEN_OK; i++)
        status = mvk_pipeline_create(s->device, pipeline[i],
                                     mi_shader_for(s->device, &shader[i]), NULL, 0);
    return status;
}

int mi_skin_create(mi_skin *s, mvk_device *device, mi_arena *arena, int32_t square, int32_t maps,
                   float kr, float kb)
{
    memset(s, 0, sizeof *s);
    s->device = device;
    int32_t size = 2 * maps, texels = size * size, patches = (maps + PATCH - 1) / PATCH;
    int32_t coarse = maps / GLANCE, tiles = texels / TILE + TILES_AT_ONCE - 1;
    s->push = (struct skin_push){.size = size, .square = square, .patches = patches,
                                 .kr = kr, .kb = kb,
                                 .tiles = mi_arena_take(arena, (tiles + 3) / 4),
                                 .share = mi_arena_take(arena, (maps * maps + 3) / 4),
                                 .seen = mi_arena_take(arena, maps * maps / 4),
                                 .glance = mi_arena_take(arena, coarse * coarse),
                                 .anew = mi_arena_take(arena, 1),
                                 .look = mi_arena_take(arena, maps * maps),
                                 .shift = mi_arena_take(arena, patches * patches),
                                 .view = mi_arena_take(arena, texels),
                                 .shown = mi_arena_take(arena, texels)};
    for (int i = 0; i < MIEN_FACES_MAX; i++) {
        s->history[i] = mi_arena_take(arena, texels);
        s->state[i] = mi_arena_take(arena, texels);
    }
    int status = create_pipelines(s);
    if (status != MIEN_OK)
        mi_skin_destroy(s);
    return status;
}

int mi_skin_set_atlas(mi_skin *s, const mvk_buffer *arena, const float *tile, int32_t tiles,
                      const float *share)
{
    size_t places = (size_t)s->push.size * (size_t)s->push.size / 4;
    float none[TILES_AT_ONCE - 1]; /* fills the last workgroup */
    for (int i = 0; i < TILES_AT_ONCE - 1; i++)
        none[i] = -1;
    VkDeviceSize to = (VkDeviceSize)s->push.tiles * 16, bytes = (VkDeviceSize)tiles * sizeof *tile;
    s->tiles = tiles;
    int status = mvk_buffer_write(s->device, arena, to, tile, bytes);
    if (status == MIEN_OK)
        status = mvk_buffer_write(s->device, arena, to + bytes, none, sizeof none);
    if (status == MIEN_OK)
        status = mvk_buffer_write(s->device, arena, (VkDeviceSize)s->push.share * 16, share,
                                  places * sizeof *share);
    return status;
}

void mi_skin_destroy(mi_skin *s)
{
    if (!s->device)
        return;
    mvk_pipeline_destroy(s->device, &s->glance);
    mvk_pipeline_destroy(s->device, &s->sway);
    mvk_pipeline_destroy(s->device, &s->look);
    mvk_pipeline_destroy(s->device, &s->shift);
    mvk_pipeline_destroy(s->device, &s->unwrap);
    mvk_pipeline_destroy(s->device, &s->seen);
    mvk_pipeline_destroy(s->device, &s->fill);
    mvk_pipeline_destroy(s->device, &s->resolve);
    memset(s, 0, sizeof *s);
}

struct skin_push mi_skin_shown(const mi_skin *s, const mi_skin_frame *frame)
{
    struct skin_push p = s->push;
    p.at = frame->at;
    p.uv = frame->uv;
    p.crop = frame->crop;
    p.texture = frame->texture;
    p.result = frame->result;
    return p;
}

static struct skin_push push_of(const mi_skin *s, int32_t slot, const mi_skin_frame *frame)
{
    struct skin_push p = mi_skin_shown(s, frame);
    p.history = s->history[slot];
    p.state = s->state[slot];
    return p;
}

/* What goes by the tiles in use, with so many invocations for each. */
static void record_tiles(const mi_skin *s, mvk_commands *commands, mvk_pipeline *pipeline,
                         const struct skin_push *p, int32_t invocations)
{
    mvk_dispatch(s->device, commands, pipeline, p, sizeof *p,
                 mi_groups(s->tiles * invocations, GROUP), 1, 1);
    mvk_barrier(commands);
}

void mi_skin_unwrap_record(const mi_skin *s, mvk_commands *commands, int32_t slot,
                           const mi_skin_frame *frame)
{
    struct skin_push p = push_of(s, slot, frame);
    int32_t coarse = p.size / (2 * GLANCE);
    mvk_dispatch(s->device, commands, s->glance, &p, sizeof p, mi_groups(coarse, 8),
                 mi_groups(coarse, 4), 1);
    mvk_barrier(commands);
    mvk_dispatch(s->device, commands, s->sway, &p, sizeof p, 1, 1, 1);
    mvk_barrier(commands);
    for (p.step = 0; p.step < SHIFT_STEPS; p.step++) {
        record_tiles(s, commands, s->look, &p, LOOK_TILE);
        mvk_dispatch(s->device, commands, s->shift, &p, sizeof p, mi_groups(p.patches, 8),
                     mi_groups(p.patches, 4), 1);
        mvk_barrier(commands);
    }
    mvk_dispatch(s->device, commands, s->unwrap, &p, sizeof p, mi_groups(p.size / 2, 8),
                 mi_groups(p.size / 2, 4), 1);
    mvk_barrier(commands);
    mvk_dispatch(s->device, commands, s->seen, &p, sizeof p, mi_groups(p.size / SEEN, 8),
                 mi_groups(p.size / SEEN, 4), 1);
    mvk_barrier(commands);
    record_tiles(s, commands, s->fill, &p, FILL_TILE);
}

void mi_skin_blend_record(const mi_skin *s, mvk_commands *commands, int32_t slot,
                          const mi_skin_frame *frame)
{
    struct skin_push p = push_of(s, slot, frame);
    record_tiles(s, commands, s->resolve, &p, RESOLVE_TILE);
}
