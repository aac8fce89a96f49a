/* The shaders that turn eyes against the scalar oracle: history in the patch, and the change of
 * frames of every format. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena_floats.h"
#include "blend/gaze_blend.h"
#include "blend/gaze_uniform.h"
#include "changed_frame.h"
#include "compose/gaze_apply.h"
#include "dice.h"
#include "gaze_oracle.h"

enum { ROUNDS = 12, SLOT = 11, FLOATS = 4 * GAZE_PIXELS };

static device_rig rig;

typedef struct gaze_rig {
    mi_gaze_blend blend;
    mi_gaze_apply apply;
    mi_gaze_result result;
    rig_memory memory;
} gaze_rig;

static void rig_up(gaze_rig *g, const mien_frame *shape, size_t frame_bytes)
{
    mi_arena arena = {0};
    float kr, kb;
    mi_luma_weights(shape, &kr, &kb);
    assert_int_equal(mi_gaze_blend_create(&g->blend, rig.device, &arena, MI_GAZE_W, MI_GAZE_H,
                                          MI_GAZE_BALL, kr, kb), MIEN_OK);
    mi_picture shown = {g->blend.push.shown, MI_GAZE_W, MI_GAZE_H};
    assert_int_equal(mi_gaze_apply_create(&g->apply, rig.device, shape, shown), MIEN_OK);
    g->result = (mi_gaze_result){.look = mi_arena_take(&arena, 2 * GAZE_PIXELS),
                                 .crop = mi_arena_take(&arena, 2 * GAZE_PIXELS),
                                 .state = mi_arena_take(&arena, 1),
                                 .flow = mi_arena_take(&arena, GAZE_PIXELS),
                                 .blend = mi_arena_take(&arena, GAZE_PIXELS)};
    rig_memory_create(&rig, &g->memory,
                      &(rig_sizes){.arena = arena.vec4s, .frame = frame_bytes,
                                   .uniform = sizeof(struct gaze_uniform)});
    memset(g->memory.uniform.map, 0, sizeof(struct gaze_uniform));
}

static void rig_down(gaze_rig *g)
{
    rig_memory_destroy(&rig, &g->memory);
    mi_gaze_apply_destroy(&g->apply);
    mi_gaze_blend_destroy(&g->blend);
}

static void put(gaze_rig *g, int32_t at, const float *from)
{
    arena_put(&rig, &g->memory, at, from, FLOATS);
}

static gaze_pictures make_pictures(dice *d)
{
    float **to[11];
    gaze_pictures p;
    to[0] = &p.crop, to[1] = &p.state, to[2] = &p.flow, to[3] = &p.blend, to[4] = &p.memory;
    to[5] = &p.history, to[6] = &p.light, to[7] = &p.shown, to[8] = &p.shown_light;
    to[9] = &p.look, to[10] = &p.top;
    for (int i = 0; i < 11; i++) {
        *to[i] = rig_room(2 * FLOATS * sizeof(float));
        dice_fill(d, *to[i], 2 * FLOATS, 0, 1);
    }
    return p;
}

static void free_pictures(gaze_pictures *p)
{
    float *all[] = {p->crop, p->state, p->flow, p->blend, p->memory,
                    p->history, p->light, p->shown, p->shown_light, p->look, p->top};
    for (int i = 0; i < 11; i++)
        free(all[i]);
}

/* The next frame: nearly the same picture, maybe half a pixel on, or another; an eye at rest, or
 * one that moves. The left half of the patch is no eye. */
static void next_frame(dice *d, gaze_pictures *p)
{
    float on = dice_flip(d) ? 0.5f : 0, change = dice_flip(d) ? 0.02f : 0.3f;
    float move = dice_flip(d) ? 0.01f : 0.04f;
    for (int i = 0; i < FLOATS; i++) {
        float next = p->crop[i + 4 < FLOATS ? i + 4 : i], was = p->crop[i];
        p->look[i] = fminf(fmaxf(was + on * (next - was) + dice_float(d, -change, change), 0), 1);
        p->flow[i] = dice_float(d, -20, 20);
        p->blend[i] = i % 4 == 0 && i / 4 % MI_GAZE_W < MI_GAZE_W / 2 ? 0 : dice_float(d, 0, 1);
    }
    for (int k = 0; k < 2; k++)
        p->state[k] = 0.2f + dice_float(d, -move, move);
    p->state[2] = dice_float(d, 0.3f, 0.8f);
    p->state[3] = dice_flip(d) ? dice_float(d, 0.9f, 1) : dice_float(d, 0, 1);
}

static void check_blend(gaze_rig *g, dice *d, gaze_pictures *p, bool fresh)
{
    gaze_case c = {.turn = {(double)dice_float(d, -0.3f, 0.3f), (double)dice_float(d, -0.3f, 0.3f)},
                   .share = (double)dice_float(d, 0, 1), .fresh = fresh,
                   .alpha = (double)dice_float(d, 0.05f, 0.6f),
                   .settle = (double)dice_float(d, 0.1f, 0.5f),
                   .creep = (double)dice_float(d, 0, 0.5f), .kr = (double)g->blend.push.kr,
                   .kb = (double)g->blend.push.kb,
                   .iris = {(double)dice_float(d, -20, MI_GAZE_W + 20),
                            (double)dice_float(d, -20, MI_GAZE_H + 20)}};
    int eye = dice_int(d, 0, 1);
    struct gaze_uniform *u = g->memory.uniform.map;
    u->eye[eye] = (struct gaze_eye){.turn = {(float)c.turn[0], (float)c.turn[1], (float)c.share},
                                    .iris = {(float)c.iris[0], (float)c.iris[1]},
                                    .past = {fresh, (float)c.alpha, (float)c.settle,
                                             (float)c.creep}};
    arena_put(&rig, &g->memory, g->result.look, p->look, 2 * FLOATS);
    arena_put(&rig, &g->memory, g->result.state, p->state, 4);
    put(g, g->result.flow, p->flow);
    put(g, g->result.blend, p->blend);
    mvk_commands list;
    rig_begin(&rig, &g->memory, &list);
    struct gaze_push push = mi_gaze_blend_push(&g->blend, &g->result, SLOT, eye);
    mi_gaze_blend_record_hold(&g->blend, &list, &push);
    mi_gaze_blend_record(&g->blend, &list, &push);
    rig_run(&rig, &list);
    gaze_oracle_hold(&c, p);
    gaze_oracle_blend(&c, p);
    arena_check(&rig, &g->memory, "crop", g->result.crop, p->crop, 2 * FLOATS);
    arena_check(&rig, &g->memory, "memory", g->blend.memory[SLOT], p->memory, 12);
    arena_check(&rig, &g->memory, "history", g->blend.history[SLOT], p->history, FLOATS);
    arena_check(&rig, &g->memory, "light", g->blend.light[SLOT], p->light, FLOATS);
    arena_check(&rig, &g->memory, "shown", g->blend.push.shown, p->shown, FLOATS);
    arena_check(&rig, &g->memory, "slip", g->blend.push.shown + 2 * GAZE_PIXELS, p->slip, 4);
}

static void test_blend(void **state)
{
    (void)state;
    dice d = dice_of(5);
    gaze_rig g;
    mien_frame shape = {.format = MIEN_FORMAT_RGBA, .width = 16, .height = 16};
    rig_up(&g, &shape, 16 * 16 * 4);
    gaze_pictures p = make_pictures(&d);
    float farthest = 0;
    for (int i = 0; i < ROUNDS; i++) {
        next_frame(&d, &p);
        check_blend(&g, &d, &p, i % 6 == 0);
        farthest = fmaxf(farthest, hypotf(p.memory[8], p.memory[9]));
    }
    assert_true(farthest > 0.1f);
    free_pictures(&p);
    rig_down(&g);
}

/* Copies, then changes in place. */
static void apply(gaze_rig *g, const changed_frame *f, int eye)
{
    mvk_bindings back = {.arena = &g->memory.arena, .frame_in = &g->memory.frame_out,
                         .frame_out = &g->memory.frame_in, .uniform = &g->memory.uniform};
    mvk_set set;
    mvk_commands list;
    changed_frame_put(f, &rig, &g->memory.frame_in);
    assert_int_equal(mvk_set_create(rig.device, &set, &back), MIEN_OK);
    rig_begin(&rig, &g->memory, &list);
    mi_gaze_apply_record_copy(&g->apply, &list, eye, &g->memory.uniform);
    mvk_bind_set(rig.device, &list, &set);
    mi_gaze_apply_record(&g->apply, &list, eye, &g->memory.uniform);
    rig_run(&rig, &list);
    mvk_set_destroy(rig.device, &set);
    changed_frame_take(f, &rig, &g->memory.frame_in);
}

/* A matte that is 0 in a third of the patch and on its edge, as gaze_resolve.comp makes it: there
 * is a step otherwise, at which float may be on the other side. Flows go up to `far` pixels. */
static void fill_shown(dice *d, float *shown, float *light, float far)
{
    for (int i = 0; i < GAZE_PIXELS; i++) {
        float *to = shown + 4 * i;
        to[0] = dice_float(d, -far, far);
        to[1] = dice_float(d, -far, far);
        int x = i % MI_GAZE_W, y = i / MI_GAZE_W;
        bool none = x < MI_GAZE_W / 3 || x == MI_GAZE_W - 1 || y == 0 || y == MI_GAZE_H - 1;
        to[2] = none ? 0 : dice_float(d, 0, 1);
        to[3] = dice_float(d, 0.5f, 1.5f);
        light[4 * i] = dice_float(d, -0.3f, 0.3f);
        light[4 * i + 3] = y < MI_GAZE_H / 2 ? dice_float(d, 0, 1) : 1;
    }
}

static mi_eye_patch random_patch(dice *d, int32_t w, int32_t h)
{
    float wide = dice_float(d, 20, 110), angle = dice_float(d, -3.1f, 3.1f);
    float c = wide * cosf(angle), s = wide * sinf(angle), way = dice_flip(d) ? -1 : 1;
    float high = (float)MI_GAZE_H / MI_GAZE_W;
    return (mi_eye_patch){.middle = {dice_float(d, 0, (float)w), dice_float(d, 0, (float)h)},
                          .across = {way * c, way * s}, .down = {-high * s, high * c}};
}

static void check_apply(dice *d, mien_format format, int32_t variant)
{
    int32_t w = dice_int(d, 16, 250), h = dice_int(d, 16, 120), eye = variant % 2;
    changed_frame f = changed_frame_make(format, w, h, variant);
    float *shown = rig_room(FLOATS * sizeof *shown), *light = rig_room(FLOATS * sizeof *light);
    const float slip[4] = {dice_float(d, -1.4f, 1.4f), dice_float(d, -1.4f, 1.4f),
                           dice_float(d, -9, 9), dice_float(d, -9, 9)};
    gaze_rig g;
    rig_up(&g, &f.in.frame, f.bytes);
    struct gaze_eye *to = &((struct gaze_uniform *)g.memory.uniform.map)->eye[eye];
    mi_eye_patch patch = random_patch(d, w, h);
    mi_gaze_apply_place(&g.apply, to, &patch);
    fill_shown(d, shown, light, variant % 4 == 3 ? 60 : 12);
    put(&g, g.blend.push.shown, shown);
    put(&g, g.blend.push.shown + GAZE_PIXELS, light);
    arena_put(&rig, &g.memory, g.blend.push.shown + 2 * GAZE_PIXELS, slip, 4);
    apply(&g, &f, eye);
    gaze_oracle_apply(&f.in.frame, &f.want.frame, &patch, shown, light, to->kept, slip);
    changed_frame_check(&f);
    assert_true(test_frame_difference(&f.out.frame, &f.in.frame) > 20);
    /* an eye without a place changes nothing, nor does a matte of 0 */
    mi_gaze_apply_place(&g.apply, to, NULL);
    apply(&g, &f, eye);
    changed_frame_check_same(&f);
    mi_gaze_apply_place(&g.apply, to, &patch);
    for (int i = 0; i < GAZE_PIXELS; i++)
        shown[4 * i + 2] = 0;
    put(&g, g.blend.push.shown, shown);
    apply(&g, &f, eye);
    changed_frame_check_same(&f);
    free(shown);
    free(light);
    rig_down(&g);
    changed_frame_free(&f);
}

static void check_format(mien_format format)
{
    changed_frame_cases(format, check_apply);
}

FORMAT_TESTS(check_format)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blend), FORMAT_TEST_LIST};
    const rig_group group = {"gaze", tests, sizeof tests / sizeof tests[0], NULL, NULL};
    return rig_tests_main(&rig, &group, argc, argv);
}
