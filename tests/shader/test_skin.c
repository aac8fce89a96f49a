/* The shaders of effects on faces against the scalar oracle: history on the skin, models of the
 * square's pixels, and their way into frames of every format. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena_floats.h"
#include "blend/skin.h"
#include "blend/skin_uniform.h"
#include "changed_frame.h"
#include "compose/face_apply.h"
#include "crop.h"
#include "dice.h"
#include "pixel_oracle.h"
#include "skin_oracle.h"

enum { MAPS = 12, SIZE = 2 * MAPS, SQUARE = 20, ROUNDS = 12, SLOT = 5 };

static device_rig rig;
static const float whole[4] = {0, 0, 1, 1};

typedef struct skin_rig {
    mi_skin skin;
    mi_face_apply apply;
    mi_skin_frame frame;
    rig_memory memory;
} skin_rig;

static void skin_up(skin_rig *s, const mien_frame *shape, size_t frame_bytes)
{
    mi_arena arena = {0};
    float kr, kb;
    mi_luma_weights(shape, &kr, &kb);
    assert_int_equal(mi_skin_create(&s->skin, rig.device, &arena, SQUARE, MAPS, kr, kb), MIEN_OK);
    assert_int_equal(mi_face_apply_create(&s->apply, rig.device, &arena, shape, SQUARE), MIEN_OK);
    s->frame = (mi_skin_frame){.at = mi_arena_take(&arena, MAPS * MAPS),
                               .uv = mi_arena_take(&arena, MAPS * MAPS),
                               .crop = mi_arena_take(&arena, SQUARE * SQUARE),
                               .texture = mi_arena_take(&arena, SIZE * SIZE),
                               .result = mi_arena_take(&arena, SIZE * SIZE)};
    rig_memory_create(&rig, &s->memory,
                      &(rig_sizes){.arena = arena.vec4s, .frame = frame_bytes,
                                   .uniform = sizeof(struct skin_uniform)});
    float tile[SIZE * SIZE / 32];
    static const float share[MAPS * MAPS];
    int32_t tiles = 0;
    for (int32_t y = 0; y < SIZE / MI_SKIN_TILE_H; y++)
        for (int32_t x = 0; x < SIZE / MI_SKIN_TILE_W; x++)
            tile[tiles++] = (float)(x + 1024 * y);
    assert_int_equal(mi_skin_set_atlas(&s->skin, &s->memory.arena, tile, tiles, share), MIEN_OK);
}

static void skin_down(skin_rig *s)
{
    rig_memory_destroy(&rig, &s->memory);
    mi_face_apply_destroy(&s->apply);
    mi_skin_destroy(&s->skin);
}

static void write_picture(skin_rig *s, int32_t at, const float *from, size_t pixels)
{
    arena_put(&rig, &s->memory, at, from, pixels * 4);
}

static void check_picture(skin_rig *s, const char *what, int32_t at, const float *want,
                          size_t pixels)
{
    arena_check(&rig, &s->memory, what, at, want, pixels * 4);
}

static float *random_picture(dice *d, size_t pixels, float low, float high)
{
    float *picture = rig_room(pixels * 16);
    dice_fill(d, picture, pixels * 4, low, high);
    return picture;
}

enum { TEXELS = SIZE * SIZE, PIXELS = SQUARE * SQUARE, PLACES = MAPS * MAPS };
enum { CELLS = MAPS / 4 * (MAPS / 4) };
enum { ACROSS = (MAPS + 7) / 8, PATCHES = ACROSS * ACROSS };

/* Histories of all kinds: new ones, long ones, such as do not fit at all, little light and much. */
static skin_pictures random_pictures(dice *d)
{
    skin_pictures p = {.at = random_picture(d, PLACES, -0.2f, 1.2f),
                       .share = random_picture(d, PLACES / 4, -0.3f, 1.3f),
                       .uv = random_picture(d, PLACES, 0, 1),
                       .crop = random_picture(d, PIXELS, 0.45f, 0.55f),
                       .texture = random_picture(d, TEXELS, 0, 1),
                       .result = random_picture(d, TEXELS, -0.05f, 0.05f),
                       .glance = random_picture(d, CELLS, 0, 1), .anew = random_picture(d, 1, 0, 1),
                       .look = random_picture(d, PLACES, 0, 1),
                       .seen = random_picture(d, TEXELS / 16, 0, 1),
                       .shift = random_picture(d, PATCHES, 0, 1),
                       .view = random_picture(d, TEXELS, 0, 1),
                       .history = random_picture(d, TEXELS, -0.05f, 0.05f),
                       .state = random_picture(d, TEXELS, 0, 1),
                       .shown = random_picture(d, TEXELS, -1, 1),
                       .model = random_picture(d, PIXELS, 0, 1)};
    float apart = dice_float(d, 0, 0.2f);
    for (size_t i = 0; i < PLACES; i++) {
        p.share[i] = fminf(fmaxf(p.share[i], 0), 1);
        /* A map that is torn to pieces magnifies what single precision loses from step to step. */
        float tidy[2] = {(float)(i % MAPS) / (MAPS - 1), (float)(i / MAPS) / (MAPS - 1)};
        for (size_t k = 0; k < 2; k++)
            p.at[4 * i + k] = 1.4f * tidy[k] - 0.2f + 0.1f * (p.at[4 * i + k] - 0.5f);
        for (size_t k = 2; k < 4; k++) /* seen, bare: 0 and 1 are common */
            p.at[4 * i + k] = fminf(fmaxf(p.at[4 * i + k], 0), 1);
        for (size_t k = 0; k < 2; k++)
            p.uv[4 * i + k] = tidy[k] + 0.1f * (p.uv[4 * i + k] - 0.5f);
        if (dice_int(d, 0, 3) == 0)
            p.uv[4 * i + 2] = 0;
    }
    for (size_t i = 0; i < TEXELS; i++) {
        for (size_t k = 0; k < 3; k++)
            p.state[4 * i + k] = dice_float(d, 0.5f - apart, 0.5f + apart);
        p.state[4 * i + 3] = (float)dice_int(d, 0, 63) + dice_float(d, 0, 0.99f);
    }
    return p;
}

static void free_pictures(skin_pictures *p)
{
    float *all[] = {p->at,   p->share, p->uv,   p->crop, p->texture, p->result,
                    p->look, p->shift, p->view, p->seen, p->history, p->state,
                    p->anew, p->shown, p->model, p->glance};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
}

static void write_inputs(skin_rig *s, const skin_pictures *p)
{
    write_picture(s, s->frame.at, p->at, PLACES);
    arena_put(&rig, &s->memory, s->skin.push.share, p->share, PLACES);
    write_picture(s, s->frame.uv, p->uv, PLACES);
    write_picture(s, s->frame.crop, p->crop, PIXELS);
    write_picture(s, s->frame.result, p->result, TEXELS);
    write_picture(s, s->skin.history[SLOT], p->history, TEXELS);
    write_picture(s, s->skin.state[SLOT], p->state, TEXELS);
    write_picture(s, s->skin.push.shown, p->shown, TEXELS);
}

static void run(skin_rig *s)
{
    mvk_commands list;
    struct skin_push shown = mi_skin_shown(&s->skin, &s->frame);
    rig_begin(&rig, &s->memory, &list);
    mi_skin_unwrap_record(&s->skin, &list, SLOT, &s->frame);
    mi_skin_blend_record(&s->skin, &list, SLOT, &s->frame);
    mi_face_apply_record(&s->apply, &list, &shown, &s->memory.uniform);
    rig_run(&rig, &list);
}

static void check_round(skin_rig *s, dice *d, bool fresh)
{
    skin_pictures p = random_pictures(d);
    skin_case c = {.size = SIZE, .square = SQUARE, .patches = ACROSS, .kr = (double)s->skin.push.kr,
                   .kb = (double)s->skin.push.kb, .fresh = fresh,
                   .alpha = (double)dice_float(d, 0, 1), .settle = (double)dice_float(d, 0, 1),
                   .carry = (double)dice_float(d, -1, 2), .haste = (double)dice_float(d, 0, 0.5f),
                   .amount = (double)dice_float(d, 0, 1)};
    struct skin_uniform u = {.fresh = fresh, .alpha = (float)c.alpha, .settle = (float)c.settle,
                             .carry = (float)c.carry, .haste = (float)c.haste,
                             .amount = (float)c.amount};
    mi_face_apply_extent(&s->apply, &u, 10, whole, (const float[]){-20, 0, -10, 10});
    memcpy(s->memory.uniform.map, &u, sizeof u);
    write_inputs(s, &p);
    run(s);
    skin_oracle_sway(&c, &p);
    check_picture(s, "glance", s->skin.push.glance, p.glance, CELLS);
    check_picture(s, "anew", s->skin.push.anew, p.anew, 1);
    skin_oracle_shift(&c, &p);
    check_picture(s, "look", s->skin.push.look, p.look, PLACES);
    check_picture(s, "shift", s->skin.push.shift, p.shift, PATCHES);
    skin_oracle_unwrap(&c, &p);
    check_picture(s, "texture", s->frame.texture, p.texture, TEXELS);
    check_picture(s, "view", s->skin.push.view, p.view, TEXELS);
    check_picture(s, "seen", s->skin.push.seen, p.seen, TEXELS / 16);
    skin_oracle_resolve(&c, &p);
    check_picture(s, "history", s->skin.history[SLOT], p.history, TEXELS);
    check_picture(s, "state", s->skin.state[SLOT], p.state, TEXELS);
    check_picture(s, "shown", s->skin.push.shown, p.shown, TEXELS);
    skin_oracle_model(&c, &p);
    check_picture(s, "model", s->apply.picture.at, p.model, PIXELS);
    free_pictures(&p);
}

static void test_history(void **state)
{
    (void)state;
    dice d = dice_of(17);
    skin_rig s;
    mien_frame shape = {.format = MIEN_FORMAT_RGBA, .width = 16, .height = 16};
    skin_up(&s, &shape, 16 * 16 * 4);
    for (int i = 0; i < ROUNDS; i++)
        check_round(&s, &d, i % 4 == 0);
    skin_down(&s);
}

/* A model whose edge is 0, as a face's is; a third of it is 0 altogether. */
static float *random_model(dice *d)
{
    float *model = random_picture(d, PIXELS, -0.3f, 0.3f);
    for (int32_t i = 0; i < PIXELS; i++) {
        int32_t x = i % SQUARE, y = i / SQUARE;
        if (x == 0 || y == 0 || x == SQUARE - 1 || y == SQUARE - 1 || x < SQUARE / 3)
            memset(model + 4 * i, 0, 16);
    }
    return model;
}

static void set_place(skin_rig *s, const pixel_patch *patch)
{
    struct skin_uniform u = {.fresh = 1};
    float x = (float)patch->x, y = (float)patch->y, side = (float)patch->side;
    u.crop.square[0] = mi_crop_square(x, y, side, (float)patch->angle, SQUARE, 0);
    float reach = side * sqrtf(0.5f); /* however it is turned */
    mi_face_apply_extent(&s->apply, &u, side, whole,
                         (const float[]){x - reach, y - reach, x + reach, y + reach});
    memcpy(s->memory.uniform.map, &u, sizeof u);
}

/* The last step alone, in place. */
static void apply_model(skin_rig *s, const float *model, const changed_frame *f)
{
    mvk_bindings in_place = {.arena = &s->memory.arena, .frame_in = &s->memory.frame_in,
                             .frame_out = &s->memory.frame_in, .uniform = &s->memory.uniform};
    mvk_set set;
    mvk_commands list;
    write_picture(s, s->apply.picture.at, model, PIXELS);
    changed_frame_put(f, &rig, &s->memory.frame_in);
    assert_int_equal(mvk_set_create(rig.device, &set, &in_place), MIEN_OK);
    rig_begin(&rig, &s->memory, &list);
    mvk_bind_set(rig.device, &list, &set);
    mi_face_apply_record_pixels(&s->apply, &list, &s->memory.uniform);
    rig_run(&rig, &list);
    mvk_set_destroy(rig.device, &set);
    changed_frame_take(f, &rig, &s->memory.frame_in);
}

static void check_apply(dice *d, mien_format format, int32_t variant)
{
    int32_t w = dice_int(d, 16, 90), h = dice_int(d, 16, 70);
    changed_frame f = changed_frame_make(format, w, h, variant);
    skin_rig s;
    skin_up(&s, &f.in.frame, f.bytes);
    float *model = random_model(d);
    pixel_patch patch = {.model = model, .size = SQUARE, .x = (double)dice_float(d, 0, (float)w),
                         .y = (double)dice_float(d, 0, (float)h),
                         .side = (double)dice_float(d, 8, 120),
                         .angle = (double)dice_float(d, -3.1f, 3.1f)};
    set_place(&s, &patch);
    apply_model(&s, model, &f);
    pixel_oracle_apply(&f.in.frame, &f.want.frame, &patch);
    changed_frame_check(&f);
    /* a model of 0 changes nothing */
    memset(model, 0, PIXELS * 16);
    apply_model(&s, model, &f);
    changed_frame_check_same(&f);
    free(model);
    skin_down(&s);
    changed_frame_free(&f);
}

static void check_format(mien_format format)
{
    changed_frame_cases(format, check_apply);
}

FORMAT_TESTS(check_format)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_history), FORMAT_TEST_LIST};
    const rig_group group = {"skin", tests, sizeof tests / sizeof tests[0], NULL, NULL};
    return rig_tests_main(&rig, &group, argc, argv);
}
