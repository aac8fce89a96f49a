/* Scene changes on made pictures: what is a cut and what is none, in every format. */
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "face/face_cut.h"
#include "test_frames.h"

/* A picture without end: waves of many lengths and directions, as natural ones have more of the
 * long ones, with hard edges. */
typedef struct scene {
    float wave[12][4]; /* along x, along y, phase, amplitude */
} scene;

/* How it is looked at. */
typedef struct view {
    float x, y;    /* of the left upper corner, widths of the frame */
    float zoom;
    float gain, offset;
    float hand;    /* right border of something that comes in from the left, widths; 0: none */
    float noise;
} view;

static const view plain = {.zoom = 1, .gain = 1};
static uint64_t random_state = 1;

static float uniform(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (float)(random_state >> 40) / 16777216.0f;
}

static scene make_scene(uint64_t seed)
{
    scene s;
    random_state = seed * 2654435761u + 99;
    for (int i = 0; i < 12; i++) {
        float length = 0.12f + 1.5f * uniform() * uniform(), angle = 6.2831853f * uniform();
        s.wave[i][0] = cosf(angle) * 6.2831853f / length;
        s.wave[i][1] = sinf(angle) * 6.2831853f / length;
        s.wave[i][2] = 6.2831853f * uniform();
        s.wave[i][3] = 20 + 30 * length;
    }
    return s;
}

static uint8_t level(const scene *s, const view *v, float x, float y)
{
    float sum = 128, u = v->x + (x - 0.5f) / v->zoom, w = v->y + (y - 0.28f) / v->zoom;
    for (int i = 0; i < 12; i++) {
        float wave = sinf(s->wave[i][0] * u + s->wave[i][1] * w + s->wave[i][2]);
        sum += s->wave[i][3] * (i % 3 ? wave : wave > 0 ? 0.5f : -0.5f);
    }
    sum = fminf(fmaxf(sum, 0), 255);
    if (x + 0.3f * fabsf(y - 0.3f) < v->hand)
        sum = 150 + 6 * sinf(20 * (x - v->hand));
    sum = sum * v->gain + v->offset + v->noise * (uniform() - 0.5f);
    return (uint8_t)fminf(fmaxf(sum, 0), 255);
}

static void paint(const mien_frame *frame, const scene *s, const view *v)
{
    int step = frame->format == MIEN_FORMAT_YUY2 ? 2 : frame->format >= MIEN_FORMAT_RGBA ? 4 : 1;
    for (int32_t y = 0; y < frame->height; y++)
        for (int32_t x = 0; x < frame->width; x++) {
            float scale = 1 / (float)frame->width;
            uint8_t value = level(s, v, (float)x * scale, (float)y * scale);
            uint8_t *at = frame->data[0] + y * frame->stride[0] + x * step;
            memset(at, value, step == 4 ? 3 : 1);
        }
}

static bool step(mi_cut *cut, const scene *s, const view *v)
{
    frame_layout layout = {0, false};
    test_frame t = test_frame_make(MIEN_FORMAT_I420, 160, 90, &layout);
    paint(&t.frame, s, v);
    bool is_cut = mi_cut_step(cut, &t.frame);
    test_frame_free(&t);
    return is_cut;
}

/* Every format, odd sizes, padded and upside-down rows, changing from frame to frame. */
static void test_formats_and_sizes(void **state)
{
    (void)state;
    static const int32_t size[][2] = {{16, 16}, {17, 19}, {321, 181}, {181, 321}};
    static const frame_layout layout[] = {{0, false}, {7, false}, {13, true}};
    scene s[2] = {make_scene(1), make_scene(2)};
    for (int z = 0; z < 4; z++) {
        mi_cut cut = {0};
        for (int n = 0; n < 2 * TEST_FORMATS * 3; n++) {
            test_frame t = test_frame_make(test_formats[n / 2 % TEST_FORMATS], size[z][0],
                                           size[z][1], &layout[n % 3]);
            view v = plain;
            v.noise = 6;
            paint(&t.frame, &s[n / 2 % 2], &v);
            /* two frames of each scene */
            assert_int_equal(mi_cut_step(&cut, &t.frame), n > 0 && n % 2 == 0);
            assert_true(test_frame_intact(&t));
            test_frame_free(&t);
        }
    }
}

static void test_cuts(void **state)
{
    (void)state;
    int32_t found = 0, false_ones = 0;
    for (uint64_t n = 0; n < 100; n++) {
        mi_cut cut = {0};
        scene a = make_scene(2 * n), b = make_scene(2 * n + 1);
        view v = plain;
        v.noise = 8;
        assert_false(step(&cut, &a, &v));
        false_ones += step(&cut, &a, &v);
        found += step(&cut, &b, &v);
        false_ones += step(&cut, &b, &v);
    }
    printf("cuts: %d of 100 found, %d false alarms\n", found, false_ones);
    assert_true(found >= 95);
    assert_int_equal(false_ones, 0);
}

/* Plays a view that changes from frame to frame; how many cuts were seen. */
static int32_t play(uint64_t seed, int32_t frames, void (*change)(view *v, int32_t frame))
{
    mi_cut cut = {0};
    scene s = make_scene(seed);
    int32_t count = 0;
    for (int32_t i = 0; i < frames; i++) {
        view v = plain;
        v.noise = 4;
        change(&v, i);
        count += step(&cut, &s, &v);
    }
    return count;
}

static void pan(view *v, int32_t i)
{
    v->x = 0.12f * (float)i;
    v->y = 0.03f * (float)i;
}

static void shake(view *v, int32_t i)
{
    v->x = 0.04f * (float)(i * 7 % 5);
    v->y = 0.04f * (float)(i * 3 % 4);
}

static void zoom(view *v, int32_t i)
{
    v->zoom = powf(1.06f, (float)i);
}

static void hand(view *v, int32_t i)
{
    float far = 8 - fabsf((float)i - 8); /* in and out again, a tenth of the width a frame */
    v->hand = 0.1f * far;
}

static void light(view *v, int32_t i)
{
    static const float gain[] = {1, 1.5f, 0.4f, 0.4f, 1, 0.7f, 1.2f, 1}, offset[] = {0, 40, 0, -20};
    v->gain = gain[i % 8];
    v->offset = offset[i % 4];
}

static void flashes(view *v, int32_t i)
{
    v->gain = i % 3 == 2 ? 0 : 1;
    v->offset = i % 6 == 5 ? 255 : 0;
}

static void test_no_cuts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*change)(view *v, int32_t frame);
    } kind[] = {{"pan", pan}, {"shake", shake}, {"zoom", zoom},
                {"hand", hand}, {"light", light}, {"flashes", flashes}};
    for (size_t k = 0; k < sizeof kind / sizeof kind[0]; k++) {
        int32_t alarms = 0;
        for (uint64_t seed = 0; seed < 6; seed++)
            alarms += play(seed, 16, kind[k].change);
        printf("%s: %d false alarms in 96 frames\n", kind[k].name, alarms);
        assert_true(alarms <= 1);
    }
}

/* A dip to black hides no cut, and black itself is none. */
static void test_flat(void **state)
{
    (void)state;
    mi_cut cut = {0};
    scene a = make_scene(5), b = make_scene(6);
    view black = plain;
    black.gain = 0;
    assert_false(step(&cut, &a, &black));
    assert_false(step(&cut, &a, &plain));
    for (int i = 0; i < 5; i++)
        assert_false(step(&cut, &a, &black));
    assert_true(step(&cut, &b, &plain));
    assert_false(step(&cut, &b, &plain));
    mi_cut_reset(&cut);
    assert_false(step(&cut, &a, &plain));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats_and_sizes), cmocka_unit_test(test_cuts),
        cmocka_unit_test(test_no_cuts), cmocka_unit_test(test_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
