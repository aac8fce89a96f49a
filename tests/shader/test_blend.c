/* The luma pyramid, motion search and temporal blend: against a scalar oracle where the result is
 * defined to the last digit, against known motions where it is not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blend/blend.h"
#include "blend_oracle.h"
#include "dice.h"
#include "rig_tests.h"

enum { WAVES = 80 };

static const double OUTSIDE = 2; /* the luma error of a place that the past does not have */

static const double KR = 0.2126, KB = 0.0722;

static device_rig rig;
static double worst_motion;

/* A blend with two pictures and a style on the device. */
typedef struct stage_rig {
    mi_blend blend;
    mi_picture picture[2];
    int32_t styled;
    rig_memory memory;
    size_t pixels;
} stage_rig;

static void stage_up(stage_rig *s, int32_t w, int32_t h)
{
    mi_arena arena = {0};
    memset(s, 0, sizeof *s);
    s->pixels = (size_t)w * (size_t)h;
    mi_arena_take(&arena, 1);
    for (int i = 0; i < 2; i++)
        s->picture[i] = mi_picture_take(&arena, w, h);
    s->styled = mi_arena_take(&arena, (int64_t)s->pixels);
    assert_int_equal(mi_blend_create(&s->blend, rig.device, &arena, w, h, (float)KR, (float)KB),
                     MIEN_OK);
    rig_memory_create(&rig, &s->memory, &(rig_sizes){.arena = arena.vec4s + 1,
                                                     .uniform = sizeof(struct frame_uniform)});
    float *zero = rig_room((size_t)arena.vec4s * 16);
    rig_write(&rig, &s->memory.arena, 0, zero, (size_t)arena.vec4s * 16);
    free(zero);
}

static void stage_down(stage_rig *s)
{
    rig_memory_destroy(&rig, &s->memory);
    mi_blend_destroy(&s->blend);
}

static void write_picture(stage_rig *s, int which, const float *luma)
{
    float *picture = rig_room(s->pixels * 16);
    for (size_t i = 0; i < s->pixels; i++)
        for (size_t k = 0; k < 4; k++)
            picture[i * 4 + k] = luma[i];
    rig_write(&rig, &s->memory.arena, (size_t)s->picture[which].at * 16, picture, s->pixels * 16);
    free(picture);
}

/* The picture of a frame that the history is made of from now on. */
static void write_frame(stage_rig *s, int parity, const float *luma)
{
    write_picture(s, parity, luma);
    rig_write(&rig, &s->memory.arena, (size_t)s->blend.luma[parity] * 4, luma, s->pixels * 4);
}

static void run_motion(stage_rig *s, int parity)
{
    mvk_commands list;
    rig_begin(&rig, &s->memory, &list);
    mi_blend_record_motion(&s->blend, &list, s->picture, parity);
    rig_run(&rig, &list);
}

static float *read_vec4s(stage_rig *s, int32_t at, size_t count)
{
    float *data = rig_room(count * 16);
    rig_read(&rig, &s->memory.arena, (size_t)at * 16, data, count * 16);
    return data;
}

/* A picture that can be moved by any distance without an error: a sum of waves. */
typedef struct texture {
    double fx[WAVES], fy[WAVES], phase[WAVES];
} texture;

static texture make_texture(uint64_t seed)
{
    texture t;
    dice d = dice_of(seed);
    for (int k = 0; k < WAVES; k++) {
        double length = exp((double)dice_float(&d, logf(5), logf(60)));
        double angle = (double)dice_float(&d, 0, 6.2831853f);
        t.fx[k] = cos(angle) * 6.2831853 / length;
        t.fy[k] = sin(angle) * 6.2831853 / length;
        t.phase[k] = (double)dice_float(&d, 0, 6.2831853f);
    }
    return t;
}

static void draw(const texture *t, double dx, double dy, double gain, double noise, dice *d,
                 int32_t w, int32_t h, float *luma)
{
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++) {
            double v = 0;
            for (int k = 0; k < WAVES; k++)
                v += sin(t->fx[k] * (x - dx) + t->fy[k] * (y - dy) + t->phase[k]);
            v = (0.5 + 0.15 * v / sqrt(WAVES / 2.0)) * gain;
            luma[(size_t)y * (size_t)w + (size_t)x] = (float)(v + noise * (double)dice_normal(d));
        }
}

typedef struct motion_result {
    double error;  /* mean distance to the true motion, pixels, inside */
    double still;  /* share of pixels without any motion */
} motion_result;

/* Shows a texture, then the same moved by (dx, dy), and looks at the field. */
static motion_result measure(const texture *t, double dx, double dy, double gain, double noise)
{
    enum { W = 160, H = 118, BORDER = 24 };
    stage_rig s;
    dice d = dice_of(5);
    stage_up(&s, W, H);
    float *luma = rig_room(sizeof(float) * W * H);
    for (int frame = 0; frame < 2; frame++) {
        draw(t, frame * dx, frame * dy, frame ? gain : 1, noise, &d, W, H, luma);
        write_frame(&s, frame, luma);
        run_motion(&s, frame);
    }
    float *warp = read_vec4s(&s, s.blend.warp.at, s.pixels);
    motion_result r = {0, 0};
    size_t inside = 0, still = 0;
    for (int32_t y = BORDER; y < H - BORDER; y++)
        for (int32_t x = BORDER; x < W - BORDER; x++, inside++) {
            const float *f = warp + ((size_t)y * W + (size_t)x) * 4;
            r.error += hypot((double)f[0] + dx, (double)f[1] + dy); /* now(x) = past(x + flow) */
        }
    for (size_t i = 0; i < s.pixels; i++)
        still += !(fabsf(warp[4 * i]) > 0) && !(fabsf(warp[4 * i + 1]) > 0);
    r.error /= (double)inside;
    r.still = (double)still / (double)s.pixels;
    free(warp);
    free(luma);
    stage_down(&s);
    return r;
}

/* The levels above a picture's luma (`past` false) or the history's. */
static void check_levels(stage_rig *s, const float *luma, bool past)
{
    oracle_plane from = {luma, s->blend.w, s->blend.h, 1, 0};
    float *below = NULL;
    assert_true(s->blend.levels >= 1);
    for (int32_t k = 0; k < s->blend.levels; k++) {
        const mi_motion_level *l = &s->blend.level[k];
        size_t count = (size_t)l->w * (size_t)l->h;
        assert_int_equal(l->w, (from.w + 1) / 2);
        assert_int_equal(l->h, (from.h + 1) / 2);
        float *want = rig_room(count * sizeof *want), *got = rig_room(count * sizeof *got);
        blend_oracle_half(&from, l->w, l->h, want);
        rig_read(&rig, &s->memory.arena, (size_t)(past ? l->past : l->now) * 4, got,
                 count * sizeof *got);
        for (size_t p = 0; p < count; p++)
            assert_true(fabsf(got[p] - want[p]) < 1e-5f);
        free(got);
        free(below);
        below = want;
        from = (oracle_plane){want, l->w, l->h, 1, 0};
    }
    free(below);
}

static void test_pyramids(void **state)
{
    (void)state;
    static const int32_t size[][2] = {{64, 48}, {37, 51}, {16, 16}};
    dice d = dice_of(1);
    for (size_t i = 0; i < 3; i++)
        for (int parity = 0; parity < 2; parity++) {
            stage_rig s;
            stage_up(&s, size[i][0], size[i][1]);
            float *luma[2];
            for (int past = 0; past < 2; past++) {
                luma[past] = rig_room(s.pixels * sizeof *luma[past]);
                dice_fill(&d, luma[past], s.pixels, 0, 1);
                write_frame(&s, past ? 1 - parity : parity, luma[past]);
            }
            run_motion(&s, parity);
            for (int past = 0; past < 2; past++) {
                check_levels(&s, luma[past], past == 1);
                free(luma[past]);
            }
            stage_down(&s);
        }
}

static void test_translation(void **state)
{
    (void)state;
    static const double motion[][2] = {{4, 0}, {-2, 3}, {3.3, -2.6}, {0.5, 0.5}, {12, 0}, {-8, 9}};
    texture t = make_texture(3);
    for (size_t i = 0; i < sizeof motion / sizeof motion[0]; i++) {
        motion_result r = measure(&t, motion[i][0], motion[i][1], 1, 0);
        if (r.error > worst_motion)
            worst_motion = r.error;
        if (r.error >= 0.12)
            fail_msg("motion of (%g, %g) pixels is off by %g", motion[i][0], motion[i][1],
                     r.error);
    }
    motion_result r = measure(&t, 3.3, -2.6, 1.06, 1.5 / 255); /* brighter and noisy */
    if (r.error >= 0.15)
        fail_msg("motion in noise is off by %g", r.error);
    print_message("mean motion error at worst %.3f px, %.3f px in noise\n", worst_motion, r.error);
}

/* A share of a pixel a frame is a motion too. */
static void test_slow_translation(void **state)
{
    (void)state;
    static const double motion[][2] = {{0.25, 0}, {0.2, -0.15}, {-0.5, 0.3}, {0, 0.75}};
    texture t = make_texture(3);
    for (size_t i = 0; i < sizeof motion / sizeof motion[0]; i++) {
        motion_result r = measure(&t, motion[i][0], motion[i][1], 1, 1.0 / 255);
        if (r.error >= 0.1)
            fail_msg("motion of (%g, %g) pixels is off by %g", motion[i][0], motion[i][1],
                     r.error);
    }
}

/* Nothing moves: noise and a change of brightness must not make it. */
static void test_still(void **state)
{
    (void)state;
    static const struct {
        double gain, noise;
        bool flat;
    } rows[] = {{1, 1.5 / 255, true}, {1, 1.5 / 255, false}, {1, 0, false}, {1.05, 0, false},
                {1.05, 1.5 / 255, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        texture t = make_texture(4);
        if (rows[i].flat)
            memset(&t, 0, sizeof t);
        motion_result r = measure(&t, 0, 0, rows[i].gain, rows[i].noise);
        if (r.still <= 0.95)
            fail_msg("still picture %zu: only %.1f %% stand still", i, r.still * 100);
    }
}

/* How much the patches around a pixel misfit, beyond noise and interpolation: it makes the pixel's
 * error larger. Constants of warp_error.comp. */
static double doubt_at(const mi_motion_level *level, const float *patch, int32_t x, int32_t y)
{
    static const double fit = 3.0 / 255, fit_share = 0.3, factor = 3;
    double u = (x / 2 - 1.5) * 0.25, v = (y / 2 - 1.5) * 0.25, total = 0, misfit = 0;
    int32_t i = (int32_t)floor(u), j = (int32_t)floor(v);
    for (int k = 0; k < 4; k++) {
        int32_t a = i + k % 2, b = j + k / 2;
        double near = (k % 2 ? u - i : 1 - (u - i)) * (k / 2 ? v - j : 1 - (v - j));
        a = a < 0 ? 0 : a < level->patch_w ? a : level->patch_w - 1;
        b = b < 0 ? 0 : b < level->patch_h ? b : level->patch_h - 1;
        const float *q = patch + ((size_t)b * (size_t)level->patch_w + (size_t)a) * 4;
        double cost = (double)q[2] + 1.0 / 255, weight = (near + 1e-3) / (cost * cost);
        total += weight;
        misfit += weight * fmax((double)q[2] - fmax(fit, fit_share * (double)q[3]), 0);
    }
    return factor * misfit / total;
}

/* What the field leaves as luma error, and what lies outside. */
static void test_warp_error(void **state)
{
    (void)state;
    enum { W = 71, H = 49 };
    stage_rig s;
    texture t = make_texture(8);
    dice d = dice_of(9);
    stage_up(&s, W, H);
    float *luma[2];
    for (int frame = 0; frame < 2; frame++) {
        luma[frame] = rig_room(sizeof(float) * W * H);
        draw(&t, frame * 5.4, frame * -3.7, 1, 2.0 / 255, &d, W, H, luma[frame]);
        write_frame(&s, frame, luma[frame]);
        run_motion(&s, frame);
    }
    float *warp = read_vec4s(&s, s.blend.warp.at, s.pixels);
    const mi_motion_level *level = &s.blend.level[0];
    float *carried = rig_room(s.pixels * sizeof *carried);
    rig_read(&rig, &s.memory.arena, (size_t)s.blend.luma[1] * 4, carried,
             s.pixels * sizeof *carried);
    float *patch = read_vec4s(&s, level->flow, (size_t)level->patch_w * (size_t)level->patch_h);
    oracle_plane past = {luma[0], W, H, 1, 0};
    size_t outside = 0, doubted = 0;
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++) {
            const float *f = warp + ((size_t)y * W + (size_t)x) * 4;
            double px = x + (double)f[0], py = y + (double)f[1];
            double now = luma[1][(size_t)y * W + (size_t)x];
            bool in = px >= -0.5 && py >= -0.5 && px <= W - 0.5 && py <= H - 0.5;
            bool border = fabs(px + 0.5) < 1e-3 || fabs(py + 0.5) < 1e-3 ||
                          fabs(px - W + 0.5) < 1e-3 || fabs(py - H + 0.5) < 1e-3;
            double before = blend_oracle_sample(&past, px, py, true), left = now - before;
            if (blend_oracle_moves(f))
                assert_true(fabs(carried[(size_t)y * W + (size_t)x] - before) < 1e-4);
            double doubt = doubt_at(level, patch, x, y);
            double want = in ? left + (left < 0 ? -doubt : doubt) : OUTSIDE;
            bool unsure_sign = in && fabs(left) < 1e-5;
            assert_true(border || unsure_sign || fabs(f[2] - want) < 1e-4);
            doubted += doubt > 0;
            assert_true(fabs(f[3] - now) < 1e-6);
            outside += !in;
        }
    assert_true(outside > 0); /* the motion is large enough for some */
    assert_true(doubted > 0);
    free(warp);
    free(patch);
    free(carried);
    free(luma[0]);
    free(luma[1]);
    stage_down(&s);
}

typedef enum resolve_kind {
    KIND_FRESH,
    KIND_BLENDED,
    KIND_CLAMPED,
    KIND_OUTSIDE,
    KIND_ALL,
    KIND_PLAIN
} resolve_kind;

/* Random planes of the kind's nature: warp w x h. */
static void fill_resolve(resolve_kind kind, dice *d, size_t pixels, float *now, float *warp,
                         float *styled, float *history)
{
    for (size_t i = 0; i < pixels; i++) {
        float base = dice_float(d, 0.2f, 0.8f);
        for (size_t k = 0; k < 4; k++) {
            now[4 * i + k] = base;
            styled[4 * i + k] = kind == KIND_ALL ? dice_float(d, -0.2f, 1.2f)
                                                 : base + dice_float(d, -0.1f, 0.1f);
            history[4 * i + k] = kind == KIND_CLAMPED || kind == KIND_ALL
                                     ? dice_float(d, 0, 1)
                                     : styled[4 * i + k] + dice_float(d, -0.02f, 0.02f);
        }
        history[4 * i + 3] = dice_float(d, 0, 1.25f);
        bool moves = dice_flip(d);
        float *w = warp + 4 * i;
        w[0] = moves ? dice_float(d, -6, 6) : 0;
        w[1] = moves ? dice_float(d, -6, 6) : 0;
        w[2] = kind == KIND_ALL ? dice_float(d, -0.12f, 0.12f) : dice_float(d, -0.02f, 0.02f);
        w[3] = now[4 * i + 3];
        if (kind == KIND_OUTSIDE || (kind == KIND_ALL && dice_int(d, 0, 9) == 0))
            w[2] = (float)OUTSIDE;
    }
}

static void compare_plane(const char *kind, const char *what, stage_rig *s, size_t at_bytes,
                          size_t lanes, const float *want)
{
    size_t count = s->pixels * lanes;
    float *got = rig_room(count * sizeof *got);
    rig_read(&rig, &s->memory.arena, at_bytes, got, count * sizeof *got);
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - want[i]) < 1e-3))
            fail_msg("%s, %s: pixel %zu lane %zu is %g, not %g", kind, what, i / lanes, i % lanes,
                     (double)got[i], (double)want[i]);
    free(got);
}

static void check_resolve(resolve_kind kind, int32_t w, int32_t h, int parity, float alpha)
{
    static const char *const name[] = {"fresh", "blended", "clamped", "outside", "all", "plain"};
    stage_rig s;
    dice d = dice_of((uint64_t)kind * 8 + (uint64_t)parity);
    stage_up(&s, w, h);
    size_t bytes = s.pixels * 16, thin = s.pixels * 4;
    float *now = rig_room(bytes), *warp = rig_room(bytes), *styled = rig_room(bytes),
          *history = rig_room(bytes), *luma = rig_room(thin), *carried = rig_room(thin),
          *age = rig_room(thin);
    resolve_output want = {rig_room(bytes), rig_room(bytes), rig_room(thin), rig_room(thin),
                           rig_room(thin)};
    fill_resolve(kind, &d, s.pixels, now, warp, styled, history);
    for (size_t i = 0; i < s.pixels; i++) {
        luma[i] = now[4 * i + 3] + dice_float(&d, -0.05f, 0.05f);
        carried[i] = now[4 * i + 3] + dice_float(&d, -0.05f, 0.05f);
        age[i] = i % 11 == 3 ? 0 : dice_float(&d, 1, 64);
    }
    rig_write(&rig, &s.memory.arena, (size_t)s.picture[parity].at * 16, now, bytes);
    rig_write(&rig, &s.memory.arena, (size_t)s.blend.warp.at * 16, warp, bytes);
    rig_write(&rig, &s.memory.arena, (size_t)s.styled * 16, styled, bytes);
    rig_write(&rig, &s.memory.arena, (size_t)s.blend.history[1 - parity].at * 16, history, bytes);
    rig_write(&rig, &s.memory.arena, (size_t)s.blend.luma[1 - parity] * 4, luma, thin);
    rig_write(&rig, &s.memory.arena, (size_t)s.blend.luma[parity] * 4, carried, thin);
    rig_write(&rig, &s.memory.arena, (size_t)s.blend.age[1 - parity] * 4, age, thin);
    struct frame_uniform u = {.strength = 1, .alpha = alpha, .fresh = kind == KIND_FRESH};
    rig_write(&rig, &s.memory.uniform, 0, &u, sizeof u);
    mvk_commands list;
    rig_begin(&rig, &s.memory, &list);
    mi_blend_record_resolve(&s.blend, &list, s.picture, s.styled, parity, kind == KIND_PLAIN);
    rig_run(&rig, &list);
    resolve_input in = {.w = w, .h = h, .kr = KR, .kb = KB, .alpha = (double)alpha,
                        .fresh = kind == KIND_FRESH, .plain = kind == KIND_PLAIN, .now = now,
                        .warp = warp, .styled = styled, .history = history, .luma = luma,
                        .carried = carried, .age = age};
    blend_oracle_resolve(&in, &want);
    compare_plane(name[kind], "history", &s, (size_t)s.blend.history[parity].at * 16, 4,
                  want.history);
    compare_plane(name[kind], "model", &s, (size_t)s.blend.model.at * 16, 4, want.model);
    compare_plane(name[kind], "still", &s, (size_t)s.blend.still * 4, 1, want.still);
    compare_plane(name[kind], "luma", &s, (size_t)s.blend.luma[parity] * 4, 1, want.luma);
    compare_plane(name[kind], "age", &s, (size_t)s.blend.age[parity] * 4, 1, want.age);
    float *all[] = {now,  warp,         styled,     history,    luma,      carried,
                    age,  want.history, want.model, want.still, want.luma, want.age};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        free(all[i]);
    stage_down(&s);
}

static void test_resolve(void **state)
{
    (void)state;
    for (int kind = KIND_FRESH; kind <= KIND_PLAIN; kind++) {
        check_resolve((resolve_kind)kind, 33, 21, 0, 0.12f);
        check_resolve((resolve_kind)kind, 16, 18, 1, 0.5f);
    }
}

/* The history in another view: moved by whole pixels, on finer and coarser grids, and where there
 * was none. */
static void test_reframe(void **state)
{
    (void)state;
    enum { W = 37, H = 26 };
    static const double move[][3] = {{8, -16, 1},       {0, 0, 1},       {-0.25, -0.25, 0.5},
                                     {11.75, 3.75, 0.5}, {-23.5, 4.5, 2}, {-7, 1, 3},
                                     {2.25, 40.25, 1.5}, {0.1, -0.2, 1.0 / 3}};
    for (size_t k = 0; k < sizeof move / sizeof move[0]; k++) {
        char name[64];
        stage_rig s;
        dice d = dice_of(k);
        int parity = (int)(k % 2);
        stage_up(&s, W, H);
        float *history = rig_room(s.pixels * 16), *luma = rig_room(s.pixels * 4),
              *age = rig_room(s.pixels * 4), *want = rig_room(s.pixels * 16),
              *want_luma = rig_room(s.pixels * 4), *want_age = rig_room(s.pixels * 4);
        dice_fill(&d, history, s.pixels * 4, 0, 1.25f);
        dice_fill(&d, luma, s.pixels, 0, 1);
        dice_fill(&d, age, s.pixels, 1, 64);
        rig_write(&rig, &s.memory.arena, (size_t)s.blend.history[1 - parity].at * 16, history,
                  s.pixels * 16);
        rig_write(&rig, &s.memory.arena, (size_t)s.blend.luma[1 - parity] * 4, luma, s.pixels * 4);
        rig_write(&rig, &s.memory.arena, (size_t)s.blend.age[1 - parity] * 4, age, s.pixels * 4);
        struct frame_uniform u = {.past_x = (float)move[k][0], .past_y = (float)move[k][1],
                                  .past_step = (float)move[k][2]};
        rig_write(&rig, &s.memory.uniform, 0, &u, sizeof u);
        assert_int_equal(mi_blend_add_reframe(&s.blend), MIEN_OK);
        mvk_commands list;
        rig_begin(&rig, &s.memory, &list);
        mi_blend_record_reframe(&s.blend, &list, parity);
        rig_run(&rig, &list);
        reframe_input in = {W, H, move[k][0], move[k][1], move[k][2], history, luma, age};
        blend_oracle_reframe(&in, want, want_luma, want_age);
        snprintf(name, sizeof name, "x * %g + (%g, %g)", move[k][2], move[k][0], move[k][1]);
        compare_plane(name, "history", &s, (size_t)s.blend.history[parity].at * 16, 4, want);
        compare_plane(name, "luma", &s, (size_t)s.blend.luma[parity] * 4, 1, want_luma);
        compare_plane(name, "age", &s, (size_t)s.blend.age[parity] * 4, 1, want_age);
        float *all[] = {history, luma, age, want, want_luma, want_age};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            free(all[i]);
        stage_down(&s);
    }
}

/* A history that has only begun is the mean of its frames, so that the first one, which a hand or a
 * cut has just left, soon counts no more than the others. */
static void test_young_history(void **state)
{
    (void)state;
    enum { W = 64, H = 48, FRAMES = 6 };
    stage_rig s;
    texture t = make_texture(7);
    dice d = dice_of(11);
    stage_up(&s, W, H);
    float *luma = rig_room(s.pixels * 4), *styled = rig_room(s.pixels * 16),
          *mean = rig_room(s.pixels * 16);
    memset(mean, 0, s.pixels * 16);
    draw(&t, 0, 0, 1, 0, &d, W, H, luma);
    for (int frame = 0; frame < FRAMES; frame++) {
        int parity = frame % 2;
        mvk_commands list;
        struct frame_uniform u = {.strength = 1, .alpha = 0.12f, .fresh = frame == 0};
        for (size_t i = 0; i < s.pixels * 4; i++) { /* grey, so that nothing is clamped */
            styled[i] = i % 4 ? styled[i - 1]
                              : (i / 4 % 2 ? 0.7f : 0.3f) + dice_float(&d, -0.01f, 0.01f);
            mean[i] += styled[i] / FRAMES;
        }
        write_picture(&s, parity, luma);
        rig_write(&rig, &s.memory.arena, (size_t)s.styled * 16, styled, s.pixels * 16);
        rig_write(&rig, &s.memory.uniform, 0, &u, sizeof u);
        rig_begin(&rig, &s.memory, &list);
        mi_blend_record_motion(&s.blend, &list, s.picture, parity);
        mi_blend_record_resolve(&s.blend, &list, s.picture, s.styled, parity, false);
        rig_run(&rig, &list);
    }
    float *got = read_vec4s(&s, s.blend.history[(FRAMES - 1) % 2].at, s.pixels);
    for (size_t i = 0; i < s.pixels * 4; i++)
        if (i % 4 != 3 && !(fabsf(got[i] - mean[i]) < 1e-3f))
            fail_msg("pixel %zu is %g, not the mean %g", i / 4, (double)got[i], (double)mean[i]);
    free(got);
    free(mean);
    free(styled);
    free(luma);
    stage_down(&s);
}

/* What a history of an effect that does nothing is off from the present picture, rms in shares of
 * what the picture differs from itself a pixel further; after many frames of steady motion, inside.
 * `noise` is the sensor's. */
static double lag_after(double dx, double dy, double noise)
{
    enum { W = 128, H = 96, FRAMES = 24, BORDER = 16 };
    stage_rig s;
    texture t = make_texture(12);
    dice d = dice_of(3);
    float *luma = rig_room(sizeof(float) * W * H);
    stage_up(&s, W, H);
    for (int frame = 0; frame < FRAMES; frame++) {
        int parity = frame % 2;
        mvk_commands list;
        struct frame_uniform u = {.strength = 1, .alpha = 0.12f, .fresh = frame == 0};
        draw(&t, frame * dx, frame * dy, 1, noise, &d, W, H, luma);
        write_picture(&s, parity, luma);
        rig_write(&rig, &s.memory.uniform, 0, &u, sizeof u);
        rig_begin(&rig, &s.memory, &list);
        mi_blend_record_motion(&s.blend, &list, s.picture, parity);
        mi_blend_record_resolve(&s.blend, &list, s.picture, s.picture[parity].at, parity, false);
        rig_run(&rig, &list);
    }
    draw(&t, (FRAMES - 1) * dx, (FRAMES - 1) * dy, 1, 0, &d, W, H, luma);
    float *got = read_vec4s(&s, s.blend.history[(FRAMES - 1) % 2].at, s.pixels);
    double off = 0, step = 0;
    for (size_t y = BORDER; y < H - BORDER; y++)
        for (size_t x = BORDER; x < W - BORDER; x++) {
            size_t i = y * W + x;
            off += pow((double)(got[4 * i + 1] - luma[i]), 2);
            step += pow((double)(luma[i + 1] - luma[i]), 2);
        }
    free(got);
    free(luma);
    stage_down(&s);
    return sqrt(off / step);
}

/* The history is where the picture is, also where it moves so little that two frames hardly
 * differ, and it keeps its edges: neither smears nor blurs. */
static void test_slow_history(void **state)
{
    (void)state;
    static const double speed[] = {0, 0.1, 0.25, 0.5, 1, 2.5};
    for (size_t i = 0; i < sizeof speed / sizeof speed[0]; i++) {
        double lag = lag_after(0.9 * speed[i], -0.4 * speed[i], 2.0 / 255);
        print_message("%g px a frame: the history is off by %.3f px\n", speed[i], lag);
        if (lag >= 0.2)
            fail_msg("at %g pixels a frame the history is off by %.3f px", speed[i], lag);
    }
}

/* The weight of the present frame: 0.12 at the default and 30 frames/s, 1 without smoothing, the
 * same time constant at every rate. */
static void test_alpha(void **state)
{
    (void)state;
    assert_true(fabs((double)mi_blend_alpha(0.8f, 1 / 30.0) - 0.12) < 1e-5);
    assert_true(fabs((double)mi_blend_alpha(0, 1 / 30.0) - 1) < 1e-6);
    double half = mi_blend_alpha(0.8f, 1 / 60.0), whole = mi_blend_alpha(0.8f, 1 / 30.0);
    assert_true(fabs((1 - half) * (1 - half) - (1 - whole)) < 1e-5);
    for (int k = 0; k < 20; k++) {
        float here = mi_blend_alpha((float)k / 20, 0.04);
        float next = mi_blend_alpha((float)(k + 1) / 20, 0.04);
        assert_true(here >= next && next > 0 && here <= 1);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alpha),       cmocka_unit_test(test_pyramids),
        cmocka_unit_test(test_translation), cmocka_unit_test(test_slow_translation),
        cmocka_unit_test(test_still),       cmocka_unit_test(test_warp_error),
        cmocka_unit_test(test_resolve),     cmocka_unit_test(test_young_history),
        cmocka_unit_test(test_slow_history), cmocka_unit_test(test_reframe)};
    const rig_group group = {"blend", tests, sizeof tests / sizeof tests[0], NULL, NULL};
    return rig_tests_main(&rig, &group, argc, argv);
}
