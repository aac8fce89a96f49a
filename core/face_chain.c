#include "face_chain.h"

#include <math.h>
#include <string.h>

#include "blend/blend.h"
#include "blend/skin.h"
#include "blend/skin_uniform.h"
#include "compose/face_apply.h"
#include "effect/face_generator.h"
#include "face/face_maps.h"

enum { MAPS = 2 * MI_TEXELS };
_Static_assert(MI_TEXTURE_SIZE == 2 * MI_MAP, "the atlas has two texels for one of the maps");
enum { TILES_MAX = 4 * MI_TEXELS / (MI_SKIN_TILE_W * MI_SKIN_TILE_H) };
/* Weight of a frame in the luma that a history belongs to, at 30 frames/s: as in the project's
 * simulation. */
static const double SETTLE = 0.15;
static const double PATIENCE = 1; /* seconds: a history that does not fit any more is given up */
/* Weight of a frame while the effect is turned up or down: the history is scaled, which is only
 * nearly right. */
static const float TURNING = 0.5f;

typedef struct slot {
    float wanted;             /* when it was used last */
    mvk_buffer uniform, maps; /* maps: where the device has memory of its own */
    int32_t at, uv;           /* the maps in the arena */
    mvk_set set;
} slot;

typedef struct chain {
    const mi_face_slots *slots;
    mi_face_generator generator;
    mi_skin skin;
    mi_face_apply apply;
    mi_atlas atlas;
    slot slot[MIEN_FACES_MAX];
} chain;

static mi_skin_frame frame_of(const chain *c, const slot *s)
{
    return (mi_skin_frame){.at = s->at, .uv = s->uv, .crop = c->generator.seen.at,
                           .texture = c->generator.input.at,
                           .result = mi_face_generator_result(&c->generator)};
}

static void record_slot(void *effect, mvk_commands *list, int32_t index)
{
    chain *c = effect;
    slot *s = &c->slot[index];
    mi_skin_frame frame = frame_of(c, s);
    struct skin_push shown = mi_skin_shown(&c->skin, &frame);
    if (s->maps.buffer) {
        mvk_copy(list, &s->maps, &c->slots->arena, 0, (VkDeviceSize)s->at * 16, MAPS * 16);
        mvk_barrier(list);
    }
    mvk_bind_set(c->slots->device, list, &s->set);
    mi_face_generator_look(&c->generator, list);
    mi_skin_unwrap_record(&c->skin, list, index, &frame);
    mi_face_generator_record(&c->generator, list);
    mi_skin_blend_record(&c->skin, list, index, &frame);
    mi_face_apply_record(&c->apply, list, &shown, &s->uniform);
}

static int create_slot(void *effect, int32_t index)
{
    chain *c = effect;
    slot *s = &c->slot[index];
    int status = mvk_buffer_create(c->slots->device, &s->uniform, sizeof(struct skin_uniform),
                                   MVK_MEMORY_UPLOAD);
    if (status == MIEN_OK && !c->slots->arena.map)
        status = mvk_buffer_create(c->slots->device, &s->maps, MAPS * 16, MVK_MEMORY_UPLOAD);
    if (status != MIEN_OK)
        return status;
    struct skin_uniform *u = s->uniform.map;
    memset(u, 0, sizeof *u); /* no workgroups in the frame */
    u->fresh = 1;
    u->crop.square[0] = mi_crop_square(0, 0, 1, 0, MI_FACE_SIZE, 0);
    if (s->maps.map)
        memset(s->maps.map, 0, MAPS * 16);
    mvk_bindings bindings = {.arena = &c->slots->arena, .weights = &c->generator.net.weights,
                             .frame_in = mi_transfer_in(c->slots->transfer),
                             .frame_out = mi_transfer_in(c->slots->transfer),
                             .uniform = &s->uniform};
    return mvk_set_create(c->slots->device, &s->set, &bindings);
}

static void destroy_slot(void *effect, int32_t index)
{
    chain *c = effect;
    slot *s = &c->slot[index];
    mvk_set_destroy(c->slots->device, &s->set);
    mvk_buffer_destroy(c->slots->device, &s->uniform);
    mvk_buffer_destroy(c->slots->device, &s->maps);
}

static void prepare(void *effect, int32_t index, const mi_slot_face *of, const void *values)
{
    chain *c = effect;
    const mi_face_chain_values *v = values;
    slot *s = &c->slot[index];
    const mi_face_skin *skin = v->skin ? v->skin[of->number] : NULL;
    const float(*point)[3] = skin ? skin->point : of->face->point;
    bool known = of->known && !v->reset;
    float *maps = s->maps.map ? s->maps.map : (float *)c->slots->arena.map + (size_t)s->at * 4;
    mi_maps to = {.at = (float(*)[4])maps, .uv = (float(*)[4])(maps + MI_TEXELS * 4)};
    mi_roi square = mi_face_square(point);
    struct skin_uniform *u = s->uniform.map;
    mi_extent extent = mi_maps_make(&to, &c->atlas, &square, point, skin ? skin->bare : NULL);
    u->crop.square[0] = mi_crop_square(square.x, square.y, square.side, square.angle,
                                       MI_FACE_SIZE, v->wanted);
    mi_face_apply_extent(&c->apply, u, square.side, extent.square, extent.frame);
    bool turning = known && s->wanted != v->wanted;
    u->fresh = !known || s->wanted * v->wanted <= 0;
    u->carry = u->fresh ? 0 : v->wanted / s->wanted;
    u->alpha = mi_blend_alpha(v->smooth, v->dt);
    u->alpha = turning ? fmaxf(u->alpha, TURNING) : u->alpha;
    u->settle = (float)(1 - pow(1 - SETTLE, v->dt * 30));
    u->haste = (float)(v->dt / PATIENCE);
    u->amount = of->amount;
    s->wanted = v->wanted;
}

static int open_parts(void *effect, const mi_face_slots *slots, const mi_face_effect_config *config,
                      mi_arena *arena, mi_log *log)
{
    chain *c = effect;
    mvk_device *d = slots->device;
    float kr, kb;
    c->slots = slots;
    mi_atlas_make(&c->atlas);
    mi_luma_weights(&config->shape, &kr, &kb);
    int status = mi_face_generator_create(&c->generator, d, arena, &config->shape, config->path,
                                          config->what, log);
    if (status == MIEN_OK)
        status = mi_skin_create(&c->skin, d, arena, MI_FACE_SIZE, MI_MAP, kr, kb);
    if (status == MIEN_OK)
        status = mi_face_apply_create(&c->apply, d, arena, &config->shape, MI_FACE_SIZE);
    for (int32_t i = 0; i < MIEN_FACES_MAX && status == MIEN_OK; i++) {
        c->slot[i].at = mi_arena_take(arena, MAPS);
        c->slot[i].uv = c->slot[i].at + MI_TEXELS;
    }
    return status;
}

static void close_parts(void *effect)
{
    chain *c = effect;
    mi_face_apply_destroy(&c->apply);
    mi_skin_destroy(&c->skin);
    mi_face_generator_destroy(&c->generator);
}

/* The history has two texels for one of the maps, each way. */
static int set_atlas(void *effect)
{
    chain *c = effect;
    float tile[TILES_MAX];
    int32_t tiles = mi_atlas_tiles(&c->atlas, MI_SKIN_TILE_W / 2, MI_SKIN_TILE_H / 2, tile);
    float share[MI_TEXELS];
    mi_atlas_shares(&c->atlas, share);
    return mi_skin_set_atlas(&c->skin, &c->slots->arena, tile, tiles, share);
}

static bool begin(void *effect, const void *values)
{
    (void)effect;
    const mi_face_chain_values *v = values;
    return v->wanted != 0;
}

static double mac(const void *effect)
{
    const chain *c = effect;
    return c->generator.net.plan.mac;
}

const mi_slot_calls mi_face_chain = {.bytes = sizeof(chain), .open = open_parts,
                                     .close = close_parts, .fill = set_atlas,
                                     .create = create_slot, .destroy = destroy_slot,
                                     .record = record_slot, .begin = begin, .prepare = prepare,
                                     .mac = mac};
