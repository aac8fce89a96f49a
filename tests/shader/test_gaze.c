/* The shaders that turn eyes against the scalar oracle: history in the patch, and the change of
 * frames of every format. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "blend/gaze_blend.h"
#include "blend/gaze_uniform.h"
#include "compose/gaze_apply.h"
#include "dice.h"
#include "gaze_oracle.h"
#include "rig_tests.h"
#include "test_frames.h"

enum { ROUNDS = 12, SLOT = 11, TAIL = 64, FLOATS = 4 * GAZE_PIXELS };

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
    g->result = (mi_gaze_result){.crop = mi_arena_take(&arena, GAZE_PIXELS),
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

static void put(gaze_rig *g, int32_t at, const float *from, size_t floats)
{
    rig_write(&rig, &g->memory.arena, (size_t)at * 16, from, floats * sizeof *from);
}

static void check(gaze_rig *g, const char *what, int32_t at, const float *want, size_t floats)
{
    float *got = rig_room(floats * sizeof *got);
    rig_read(&rig, &g->memory.arena, (size_t)at * 16, got, floats * sizeof *got);
    for (size_t i = 0; i < floats; i++)
        if (!(fabs((double)got[i] - (double)want[i]) < 2e-4 * fmax(1, fabs((double)want[i]))))
            fail_msg("%s %zu: %g, not %g", what, i, (double)got[i], (double)want[i]);
    free(got);
}

static gaze_pictures make_pictures(dice *d)
{
    float **to[9];
    gaze_pictures p;
    to[0] = &p.crop, to[1] = &p.state, to[2] = &p.flow, to[3] = &p.blend, to[4] = &p.memory;
    to[5] = &p.history, to[6] = &p.light, to[7] = &p.shown, to[8] = &p.shown_light;
    for (int i = 0; i < 9; i++) {
        *to[i] = rig_room(FLOATS * sizeof(float));
        dice_fill(d, *to[i], FLOATS, 0, 1);
    }
    return p;
}

static void free_pictures(gaze_pictures *p)
{
    float *all[] = {p->crop, p->state, p->flow, p->blend, p->memory,
                    p->history, p->light, p->shown, p->shown_light};
    for (int i = 0; i < 9; i++)
        free(all[i]);
}

/* The next frame: nearly the same picture, or another; an eye at rest, or one that moves. */
static void next_frame(dice *d, gaze_pictures *p)
{
    float change = dice_flip(d) ? 0.02f : 0.3f, move = dice_flip(d) ? 0.01f : 0.04f;
    for (int i = 0; i < FLOATS; i++) {
        p->crop[i] = fminf(fmaxf(p->crop[i] + dice_float(d, -change, change), 0), 1);
        p->flow[i] = dice_float(d, -20, 20);
        p->blend[i] = dice_float(d, 0, 1);
    }
    for (int k = 0; k < 2; k++)
        p->state[k] = 0.2f + dice_float(d, -move, move);
    p->state[3] = dice_flip(d) ? dice_float(d, 0.9f, 1) : dice_float(d, 0, 1);
}

static void check_blend(gaze_rig *g, dice *d, gaze_pictures *p, bool fresh)
{
    gaze_case c = {.turn = {(double)dice_float(d, -0.3f, 0.3f), (double)dice_float(d, -0.3f, 0.3f)},
                   .share = (double)dice_float(d, 0, 1), .fresh = fresh,
                   .alpha = (double)dice_float(d, 0.05f, 0.6f),
                   .settle = (double)dice_float(d, 0.1f, 0.5f), .kr = (double)g->blend.push.kr,
                   .kb = (double)g->blend.push.kb};
    int eye = dice_int(d, 0, 1);
    struct gaze_uniform *u = g->memory.uniform.map;
    u->eye[eye] = (struct gaze_eye){.turn = {(float)c.turn[0], (float)c.turn[1], (float)c.share},
                                    .past = {fresh, (float)c.alpha, (float)c.settle}};
    put(g, g->result.crop, p->crop, FLOATS);
    put(g, g->result.state, p->state, 4);
    put(g, g->result.flow, p->flow, FLOATS);
    put(g, g->result.blend, p->blend, FLOATS);
    mvk_commands list;
    rig_begin(&rig, &g->memory, &list);
    struct gaze_push push = mi_gaze_blend_push(&g->blend, &g->result, SLOT, eye);
    mi_gaze_blend_record(&g->blend, &list, &push);
    rig_run(&rig, &list);
    gaze_oracle_blend(&c, p);
    check(g, "memory", g->blend.memory[SLOT], p->memory, 8);
    check(g, "history", g->blend.history[SLOT], p->history, FLOATS);
    check(g, "light", g->blend.light[SLOT], p->light, FLOATS);
    check(g, "shown", g->blend.push.shown, p->shown, FLOATS);
}

static void test_blend(void **state)
{
    (void)state;
    dice d = dice_of(5);
    gaze_rig g;
    mien_frame shape = {.format = MIEN_FORMAT_RGBA, .width = 16, .height = 16};
    rig_up(&g, &shape, 16 * 16 * 4);
    gaze_pictures p = make_pictures(&d);
    for (int i = 0; i < ROUNDS; i++) {
        next_frame(&d, &p);
        check_blend(&g, &d, &p, i % 6 == 0);
    }
    free_pictures(&p);
    rig_down(&g);
}

/* Copies, then changes in place. */
static void apply(gaze_rig *g, const mien_frame *f, int eye, uint8_t *bytes, size_t packed)
{
    mvk_bindings back = {.arena = &g->memory.arena, .frame_in = &g->memory.frame_out,
                         .frame_out = &g->memory.frame_in, .uniform = &g->memory.uniform};
    mvk_set set;
    mvk_commands list;
    memset(bytes, TEST_CANARY, packed + TAIL);
    mi_frame_pack(bytes, f);
    rig_write(&rig, &g->memory.frame_in, 0, bytes, packed + TAIL);
    assert_int_equal(mvk_set_create(rig.device, &set, &back), MIEN_OK);
    rig_begin(&rig, &g->memory, &list);
    mi_gaze_apply_record_copy(&g->apply, &list, eye, &g->memory.uniform);
    mvk_bind_set(rig.device, &list, &set);
    mi_gaze_apply_record(&g->apply, &list, eye, &g->memory.uniform);
    rig_run(&rig, &list);
    mvk_set_destroy(rig.device, &set);
    rig_read(&rig, &g->memory.frame_in, 0, bytes, packed + TAIL);
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
    const frame_layout layout = {0, false};
    int32_t w = dice_int(d, 16, 250), h = dice_int(d, 16, 120), eye = variant % 2;
    test_frame in = test_frame_make(format, w, h, &layout);
    in.frame.matrix = (mien_matrix)(variant % 3);
    in.frame.range = (mien_range)(variant / 3 % 3);
    in.frame.siting = (mien_siting)(variant / 9);
    test_frame_noise(&in.frame, (uint64_t)variant + 9);
    test_frame out = test_frame_make(format, w, h, &layout);
    test_frame want = test_frame_make(format, w, h, &layout);
    size_t offset[3], pitch[3], packed = mi_frame_packed(format, w, h, offset, pitch);
    uint8_t *bytes = rig_room(packed + TAIL);
    float *shown = rig_room(FLOATS * sizeof *shown), *light = rig_room(FLOATS * sizeof *light);
    gaze_rig g;
    rig_up(&g, &in.frame, packed + TAIL);
    struct gaze_eye *to = &((struct gaze_uniform *)g.memory.uniform.map)->eye[eye];
    mi_eye_patch patch = random_patch(d, w, h);
    mi_gaze_apply_place(&g.apply, to, &patch);
    fill_shown(d, shown, light, variant % 4 == 3 ? 60 : 12);
    put(&g, g.blend.push.shown, shown, FLOATS);
    put(&g, g.blend.push.shown + GAZE_PIXELS, light, FLOATS);
    apply(&g, &in.frame, eye, bytes, packed);
    mi_frame_unpack(&out.frame, bytes);
    test_frame_copy(&want.frame, &in.frame);
    gaze_oracle_apply(&in.frame, &want.frame, &patch, shown, light, to->kept);
    test_frame_take_unseen(&want.frame, &out.frame);
    int off = test_frame_difference(&out.frame, &want.frame);
    if (off > 1)
        fail_msg("%s %dx%d variant %d: off by %d levels", test_format_name(format), (int)w, (int)h,
                 (int)variant, off);
    assert_true(test_frame_difference(&out.frame, &in.frame) > 20);
    for (size_t i = packed; i < packed + TAIL; i++)
        assert_int_equal(bytes[i], TEST_CANARY);
    /* a matte of 0 changes nothing, to the bit, nor does an eye that is not placed */
    for (int i = 0; i < GAZE_PIXELS; i++)
        shown[4 * i + 2] = 0;
    put(&g, g.blend.push.shown, shown, FLOATS);
    apply(&g, &in.frame, eye, bytes, packed);
    mi_frame_unpack(&out.frame, bytes);
    assert_true(test_frame_equal(&out.frame, &in.frame));
    free(shown);
    free(light);
    free(bytes);
    rig_down(&g);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&want);
}

static void check_format(mien_format format)
{
    dice d = dice_of((uint64_t)format + 40);
    for (int32_t variant = 0; variant < (format <= MIEN_FORMAT_YUY2 ? 36 : 9); variant++)
        check_apply(&d, format, variant);
}

FORMAT_TESTS(check_format)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_blend), FORMAT_TEST_LIST};
    const rig_group group = {"gaze", tests, sizeof tests / sizeof tests[0], NULL, NULL};
    return rig_tests_main(&rig, &group, argc, argv);
}
