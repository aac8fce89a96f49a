#include "gaze_chain.h"

#include <math.h>
#include <string.h>

#include "blend/blend.h"
#include "blend/gaze_blend.h"
#include "compose/gaze_apply.h"
#include "effect/gaze_generator.h"
#include "effect/gaze_manners.h"

/* Weight of a frame in the luma that a history belongs to, at 30 frames/s: as in the project's
 * simulation. */
static const double SETTLE = 0.15;
/* Weight of a frame while more or less is asked for: what the history holds beside the flow of the
 * ball belongs to another turn. */
static const float TURNING = 0.5f;

/* Share of an eye's slip that is let go each frame, at 30 frames/s: its patch creeps back to where
 * the points have it in a second or two. */
static const double CREEP = 0.03;

typedef struct slot {
    mi_manners manners;
    float share[MI_EYES];       /* asked for in the last frame, */
    bool eye_known[MI_EYES];    /* in which it had a patch: state and history are there */
    mvk_buffer uniform, state;  /* state: the network's, a vec4 an eye */
    mvk_set look, apply;        /* frame -> copy; copy -> frame */
} slot;

typedef struct chain {
    const mi_face_slots *slots;
    mi_gaze_generator generator;
    mi_gaze_blend blend;
    mi_gaze_apply apply;
    mi_gaze_rest rest; /* of the face that was learnt last: what new ones begin with */
    slot slot[MIEN_FACES_MAX];
} chain;

static void record_eye(chain *c, mvk_commands *list, int32_t index, int32_t eye)
{
    slot *s = &c->slot[index];
    const mi_gaze_generator *g = &c->generator;
    mi_gaze_result result = {.look = g->look, .crop = g->input,
                             .state = mi_gaze_generator_result(g, MI_GAZE_STATE),
                             .flow = mi_gaze_generator_result(g, MI_GAZE_FLOW),
                             .blend = mi_gaze_generator_result(g, MI_GAZE_BLEND)};
    struct gaze_push push = mi_gaze_blend_push(&c->blend, &result, MI_EYES * index + eye, eye);
    mvk_bind_set(c->slots->device, list, &s->look);
    mi_gaze_generator_record_look(g, list, eye);
    mi_gaze_blend_record_hold(&c->blend, list, &push);
    mi_gaze_generator_record(g, list);
    mi_gaze_blend_record(&c->blend, list, &push);
    mvk_copy(list, &c->slots->arena, &s->state, (VkDeviceSize)result.state * 16,
             (VkDeviceSize)eye * 16, 16);
    mi_gaze_apply_record_copy(&c->apply, list, eye, &s->uniform);
    mvk_bind_set(c->slots->device, list, &s->apply);
    mi_gaze_apply_record(&c->apply, list, eye, &s->uniform);
}

static void record_slot(void *effect, mvk_commands *list, int32_t index)
{
    for (int32_t eye = 0; eye < MI_EYES; eye++)
        record_eye(effect, list, index, eye);
}

/* Of a slot that has no face: no workgroups in the frame. */
static void clear_uniform(struct gaze_uniform *u)
{
    static const mi_eye_patch patch = {.across = {MI_GAZE_W, 0}, .down = {0, MI_GAZE_H}};
    static const float none[2] = {0, 0};
    memset(u, 0, sizeof *u);
    for (int i = 0; i < MI_EYES; i++) {
        u->crop.square[i] = mi_gaze_generator_square(&patch, none, 0, none);
        u->eye[i].past[0] = 1;
    }
}

static int create_slot(void *effect, int32_t index)
{
    chain *c = effect;
    slot *s = &c->slot[index];
    mvk_device *d = c->slots->device;
    int status = mvk_buffer_create(d, &s->uniform, sizeof(struct gaze_uniform), MVK_MEMORY_UPLOAD);
    if (status == MIEN_OK)
        status = mvk_buffer_create(d, &s->state, MI_EYES * 16, MVK_MEMORY_READBACK);
    if (status != MIEN_OK)
        return status;
    clear_uniform(s->uniform.map);
    mvk_bindings look = {.arena = &c->slots->arena, .weights = &c->generator.net.weights,
                         .frame_in = mi_transfer_in(c->slots->transfer),
                         .frame_out = mi_transfer_out(c->slots->transfer), .uniform = &s->uniform};
    mvk_bindings apply = look;
    apply.frame_in = look.frame_out;
    apply.frame_out = look.frame_in;
    status = mvk_set_create(d, &s->look, &look);
    if (status == MIEN_OK)
        status = mvk_set_create(d, &s->apply, &apply);
    return status;
}

static void destroy_slot(void *effect, int32_t index)
{
    chain *c = effect;
    slot *s = &c->slot[index];
    mvk_set_destroy(c->slots->device, &s->look);
    mvk_set_destroy(c->slots->device, &s->apply);
    mvk_buffer_destroy(c->slots->device, &s->uniform);
    mvk_buffer_destroy(c->slots->device, &s->state);
}

/* What the network said in the last frame, in the viewer's axes. An eye that had no patch then is
 * none. */
static void take_states(const slot *s, mi_eye_state eye[MI_EYES])
{
    const float *from = s->state.map;
    for (int i = 0; i < MI_EYES; i++, from += 4) {
        bool sound = s->eye_known[i] && isfinite(from[0]) && isfinite(from[1]) &&
                     isfinite(from[2]) && isfinite(from[3]);
        eye[i] = (mi_eye_state){0};
        if (sound)
            eye[i] = (mi_eye_state){.gaze = {mi_eye_mirror(i) * from[0], from[1]},
                                    .trust = from[2], .open = from[3]};
    }
}

static void prepare_eye(chain *c, slot *s, const mien_face *face, int eye, bool known,
                        const float target[2], const mi_gaze_chain_values *v)
{
    struct gaze_uniform *u = s->uniform.map;
    struct gaze_eye *to = &u->eye[eye];
    mi_eye_patch patch = {.across = {1, 0}, .down = {0, 1}};
    float turn[2], share, head[2];
    bool there = mi_eye_patch_find(&patch, face->point, eye);
    mi_manners_ask(&s->manners, eye, target, turn, &share);
    mi_eye_patch_iris(&patch, face->point, eye, to->iris);
    mi_gaze_head(face->point, head);
    head[0] *= mi_eye_mirror(eye);
    u->crop.square[eye] = mi_gaze_generator_square(&patch, turn, share, head);
    float alpha = mi_blend_alpha(v->smooth, v->dt);
    bool turning = fabsf(share - s->share[eye]) > 1e-4f;
    to->turn[0] = turn[0];
    to->turn[1] = turn[1];
    to->turn[2] = share;
    to->past[0] = !known || !s->eye_known[eye];
    to->past[1] = turning ? fmaxf(alpha, TURNING) : alpha;
    to->past[2] = (float)(1 - pow(1 - SETTLE, v->dt * 30));
    to->past[3] = v->smooth > 0 ? (float)(1 - pow(1 - CREEP, v->dt * 30)) : 1;
    mi_gaze_apply_place(&c->apply, to, there && share > 0 ? &patch : NULL);
    s->share[eye] = share;
    s->eye_known[eye] = there;
}

static void prepare(void *effect, int32_t index, const mi_slot_face *of, const void *values)
{
    chain *c = effect;
    const mi_gaze_chain_values *v = values;
    slot *s = &c->slot[index];
    bool known = of->last_frame && !v->reset; /* after a pause it would be of another frame */
    mi_eye_state eye[MI_EYES];
    mi_manners_step step = {.eye = known ? eye : NULL, .most = v->wanted * of->amount, .dt = v->dt,
                            .fresh = !known, .rest = c->rest, .learn = v->learn};
    take_states(s, eye);
    mi_gaze_direction(v->yaw, v->pitch, step.target);
    mi_manners_take(&s->manners, of->face, &step);
    c->rest = s->manners.rest;
    for (int i = 0; i < MI_EYES; i++)
        prepare_eye(c, s, of->face, i, known, step.target, v);
}

static int open_parts(void *effect, const mi_face_slots *slots, const mi_face_effect_config *config,
                      mi_arena *arena, mi_log *log)
{
    chain *c = effect;
    mvk_device *d = slots->device;
    float kr, kb;
    c->slots = slots;
    mi_luma_weights(&config->shape, &kr, &kb);
    int status = mi_gaze_generator_create(&c->generator, d, arena, &config->shape, config->path,
                                          config->what, log);
    if (status == MIEN_OK)
        status = mi_gaze_blend_create(&c->blend, d, arena, MI_GAZE_W, MI_GAZE_H, MI_GAZE_BALL, kr,
                                      kb);
    mi_picture shown = {c->blend.push.shown, MI_GAZE_W, MI_GAZE_H};
    return status == MIEN_OK ? mi_gaze_apply_create(&c->apply, d, &config->shape, shown) : status;
}

static void close_parts(void *effect)
{
    chain *c = effect;
    mi_gaze_apply_destroy(&c->apply);
    mi_gaze_blend_destroy(&c->blend);
    mi_gaze_generator_destroy(&c->generator);
}

static bool begin(void *effect, const void *values)
{
    chain *c = effect;
    const mi_gaze_chain_values *v = values;
    if (v->learn <= 0)
        c->rest.time = 0;
    return v->wanted > 0;
}

static double mac(const void *effect)
{
    const chain *c = effect;
    return c->generator.net.plan.mac * MI_EYES;
}

const mi_slot_calls mi_gaze_chain = {.bytes = sizeof(chain), .open = open_parts,
                                     .close = close_parts, .create = create_slot,
                                     .destroy = destroy_slot, .record = record_slot,
                                     .begin = begin, .prepare = prepare, .mac = mac};
