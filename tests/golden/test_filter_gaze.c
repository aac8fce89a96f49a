/* The public interface with eyes turned: gaze, gaze-x, gaze-y, alone and beside other effects.
 *
 *   test_filter_gaze MODELS [PORTRAIT.rgba [TEST]]
 *
 * MODELS: folder with the face networks and gaze.onnx; without the former the program skips itself.
 * The portrait is 512x512 RGBA, one face at about (225, 128), which looks at the camera: it is
 * asked to look elsewhere. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_rig.h"
#include "portrait_rig.h"
#include "test_files.h"

enum { SIDE = PORTRAIT_SIDE, WIDTH = 640, HEIGHT = 480 };
#define ASIDE "gaze=1 gaze-x=12 "

static const frame_layout tight = {0, false};
static const char *models;
static uint8_t *portrait; /* SIDE x SIDE x 4 */

/* Portraits on grey: the corner of each. */
typedef struct scene {
    int32_t x[2], y[2];
    int32_t count;
    bool wiped; /* the first one has no face */
} scene;

static const scene one = {.x = {40}, .y = {-20}, .count = 1};

static void scene_colour(const void *opaque, int32_t x, int32_t y, double rgb[3])
{
    const scene *s = opaque;
    for (int k = 0; k < 3; k++)
        rgb[k] = 120;
    for (int32_t i = 0; i < s->count; i++) {
        int32_t px = x - s->x[i], py = y - s->y[i];
        bool hidden = s->wiped && i == 0 && px >= 120 && px < 330 && py >= 10 && py < 270;
        if (px >= 0 && px < SIDE && py >= 0 && py < SIDE && !hidden)
            for (int k = 0; k < 3; k++)
                rgb[k] = portrait[((size_t)py * SIDE + (size_t)px) * 4 + (size_t)k];
    }
}

static test_frame scene_make(const scene *s, mien_format format, int32_t w, int32_t h,
                             const frame_layout *layout)
{
    test_frame t = test_frame_make(format, w, h, layout);
    frame_paint(&t.frame, scene_colour, s);
    return t;
}

static test_frame rgba(const scene *s)
{
    return scene_make(s, MIEN_FORMAT_RGBA, WIDTH, HEIGHT, &tight);
}

/* The place of a plane's byte in the frame, pixels. */
static void place_of(mien_format format, int plane, int32_t byte, int32_t row, int32_t *x,
                     int32_t *y)
{
    *y = plane > 0 ? 2 * row : row;
    *x = format >= MIEN_FORMAT_RGBA                      ? byte / 4
         : format == MIEN_FORMAT_YUY2                    ? byte / 4 * 2
         : format == MIEN_FORMAT_NV12 || plane == 0      ? byte
                                                         : 2 * byte;
}

/* Sums of the differences of bytes around each eye of each portrait, and elsewhere. The boxes are
 * somewhat larger than the openings of the lids. */
typedef struct change {
    long eye[2][2], elsewhere;
} change;

static bool in_eye(const scene *s, int32_t i, int eye, int32_t x, int32_t y)
{
    static const int32_t middle[2][2] = {{201, 100}, {247, 102}};
    return abs(x - s->x[i] - middle[eye][0]) < 18 && abs(y - s->y[i] - middle[eye][1]) < 14;
}

static void count_byte(change *c, const scene *s, int32_t x, int32_t y, long difference)
{
    bool found = false;
    for (int32_t i = 0; i < s->count; i++)
        for (int eye = 0; eye < 2; eye++)
            if (in_eye(s, i, eye, x, y)) {
                c->eye[i][eye] += difference;
                found = true;
            }
    if (!found)
        c->elsewhere += difference;
}

static change change_of(const scene *s, const mien_frame *in, const mien_frame *out)
{
    change c = {0};
    for (int p = 0; p < mien_format_planes(in->format); p++)
        for (int32_t row = 0; row < mien_format_rows(in->format, p, in->height); row++) {
            size_t bytes;
            const uint8_t *a = test_frame_row(in, p, row, &bytes);
            const uint8_t *b = test_frame_row(out, p, row, &bytes);
            for (size_t i = 0; i < bytes; i++) {
                int32_t x, y;
                if (a[i] == b[i])
                    continue;
                place_of(in->format, p, (int32_t)i, row, &x, &y);
                count_byte(&c, s, x, y, labs((long)a[i] - b[i]));
            }
        }
    return c;
}

static long eyes_of(const change *c)
{
    return c->eye[0][0] + c->eye[0][1] + c->eye[1][0] + c->eye[1][1];
}

/* Both eyes of the first portrait are another picture, and nothing else is. */
static void assert_turned(const char *what, const change *c)
{
    if (c->eye[0][0] < 1500 || c->eye[0][1] < 1500 || c->elsewhere)
        fail_msg("%s: eyes differ by %ld and %ld, the rest by %ld", what, c->eye[0][0],
                 c->eye[0][1], c->elsewhere);
}

/* In every format, in place or not, whatever the layout: the eyes change, no other byte does. */
static void check_format(mien_format format)
{
    static const frame_layout layout[] = {{0, false}, {7, true}};
    test_frame first = scene_make(&one, format, 638, 470, &tight);
    mien_filter *f = portrait_filter(NULL, models, ASIDE);
    for (int round = 0; round < 3; round++) {
        test_frame in = scene_make(&one, format, 638, 470, &layout[round > 0]);
        test_frame out = scene_make(&one, format, 638, 470, &layout[round > 0]);
        assert_int_equal(mien_filter_reset(f), MIEN_OK);
        filter_run(f, round < 2 ? &in.frame : &out.frame, &out.frame, MIEN_OK);
        change c = change_of(&one, &in.frame, &out.frame);
        assert_turned(test_format_name(format), &c);
        if (round == 0)
            test_frame_copy(&first.frame, &out.frame);
        assert_true(test_frame_equal(&out.frame, &first.frame));
        assert_true(test_frame_intact(&in) && test_frame_intact(&out));
        test_frame_free(&in);
        test_frame_free(&out);
    }
    mien_filter_destroy(&f);
    test_frame_free(&first);
}

FORMAT_TESTS(check_format)

static change run_one(mien_filter *f, const scene *s, const mien_frame *in, const mien_frame *out)
{
    int status = mien_filter_process(f, in, out);
    assert_true(status == MIEN_OK || status == MIEN_BYPASSED);
    return change_of(s, in, out);
}

/* Off, the library does nothing at all; the slider takes 200 ms up and down, and shows no step. */
static void test_slider(void **state)
{
    (void)state;
    test_frame in = rgba(&one), out = rgba(&one);
    mien_filter *f = portrait_filter(NULL, models, "gaze=0 gaze-x=12 gaze-y=5");
    assert_true(mien_filter_is_bypass(f));
    filter_run(f, &in.frame, &out.frame, MIEN_BYPASSED);
    assert_true(test_frame_equal(&in.frame, &out.frame));
    mien_filter_set_analysis(f, true); /* the stream is under way */
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(test_frame_equal(&in.frame, &out.frame));

    assert_int_equal(mien_filter_set(f, "gaze", "1"), MIEN_OK);
    long was = 0, step = 0, all;
    for (int i = 0; i < 8; i++) {
        change c = run_one(f, &one, &in.frame, &out.frame);
        step = labs(eyes_of(&c) - was) > step ? labs(eyes_of(&c) - was) : step;
        was = eyes_of(&c);
        assert_int_equal(c.elsewhere, 0);
    }
    all = was;
    assert_true(all > 3000);
    assert_true(step < all * 45 / 100);
    assert_int_equal(mien_filter_set(f, "gaze", "0"), MIEN_OK);
    for (int i = 0; i < 8; i++) {
        change c = run_one(f, &one, &in.frame, &out.frame);
        step = labs(eyes_of(&c) - was) > step ? labs(eyes_of(&c) - was) : step;
        was = eyes_of(&c);
        assert_true(i > 4 || was > 0);
    }
    assert_int_equal(was, 0);
    assert_true(step < all * 45 / 100);
    mien_filter_set_analysis(f, false);
    assert_true(mien_filter_is_bypass(f));
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* A new place to look at is gone to over 200 ms for its whole range. */
static void test_target(void **state)
{
    (void)state;
    test_frame in = rgba(&one), out = rgba(&one), before = rgba(&one);
    mien_filter *f = portrait_filter(NULL, models, ASIDE);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(mien_filter_set(f, "gaze-x", "-12"), MIEN_OK);
    long moved[12];
    for (int i = 0; i < 12; i++) {
        test_frame_copy(&before.frame, &out.frame);
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        change c = change_of(&one, &before.frame, &out.frame);
        moved[i] = eyes_of(&c);
    }
    for (int i = 0; i < 6; i++)
        assert_true(moved[i] > 200);
    assert_true(moved[11] < moved[3] / 4);
    change c = change_of(&one, &in.frame, &out.frame);
    assert_turned("the other side", &c);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&before);
}

static void test_several(void **state)
{
    (void)state;
    static const scene two = {.x = {0, 540}, .y = {0, 8}, .count = 2};
    test_frame in = scene_make(&two, MIEN_FORMAT_I420, 1100, 520, &tight);
    test_frame out = scene_make(&two, MIEN_FORMAT_I420, 1100, 520, &tight);
    mien_filter *f = portrait_filter(NULL, models, ASIDE "max-faces=2");
    change c = {0};
    for (int i = 0; i < 16; i++)
        c = run_one(f, &two, &in.frame, &out.frame);
    for (int i = 0; i < 2; i++)
        for (int eye = 0; eye < 2; eye++)
            assert_true(c.eye[i][eye] > 800);
    assert_int_equal(c.elsewhere, 0);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* After a reset the first frame is what the first one of a filter is, and a frame of another size
 * does not show bare eyes. */
static void test_starts_again(void **state)
{
    (void)state;
    static const scene moved = {.x = {10}, .y = {20}, .count = 1};
    test_frame in = rgba(&one), out = rgba(&one), first = rgba(&one), other = rgba(&moved);
    test_frame wide = scene_make(&one, MIEN_FORMAT_RGBA, 720, 480, &tight);
    test_frame wide_out = scene_make(&one, MIEN_FORMAT_RGBA, 720, 480, &tight);
    mien_filter *f = portrait_filter(NULL, models, ASIDE);
    filter_run(f, &in.frame, &first.frame, MIEN_OK);
    for (int i = 0; i < 4; i++)
        filter_run(f, &other.frame, &out.frame, MIEN_OK);
    assert_int_equal(mien_filter_reset(f), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(test_frame_difference(&first.frame, &out.frame), 0);
    filter_run(f, &wide.frame, &wide_out.frame, MIEN_OK);
    change c = change_of(&one, &wide.frame, &wide_out.frame);
    assert_turned("another size", &c);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&first);
    test_frame_free(&other);
    test_frame_free(&wide);
    test_frame_free(&wide_out);
}

static int red(const mien_frame *f, int32_t x, int32_t y)
{
    return f->data[0][y * f->stride[0] + 4 * x];
}

/* The style sees eyes that are turned already; around faces it leaves them so, to the byte, also
 * in place. */
static void test_with_style(void **state)
{
    (void)state;
    test_frame in = rgba(&one), turned = rgba(&one), out = rgba(&one);
    mien_filter *alone = portrait_filter(NULL, models, ASIDE);
    filter_run(alone, &in.frame, &turned.frame, MIEN_OK);
    mien_filter_destroy(&alone);
    for (int round = 0; round < 2; round++) {
        mien_filter *f = portrait_filter(NULL, models, ASIDE "smooth=0 style-area=background");
        test_frame_copy(&out.frame, &in.frame);
        filter_run(f, round ? &out.frame : &in.frame, &out.frame, MIEN_OK);
        for (int eye = 0; eye < 2; eye++)
            for (int32_t y = 70; y < 95; y++)
                for (int32_t x = 225; x < 305; x++)
                    assert_int_equal(red(&out.frame, x, y), red(&turned.frame, x, y));
        assert_true(abs(red(&out.frame, 600, 440) - 135) < 8);
        mien_filter_destroy(&f);
    }
    mien_filter *f = portrait_filter(NULL, models, ASIDE "smooth=0 style-area=face");
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    double product = 0, square = 0; /* what the style shows of the turn: all or nothing */
    for (int32_t y = 70; y < 95; y++)
        for (int32_t x = 225; x < 305; x++) {
            double turn = red(&turned.frame, x, y) - red(&in.frame, x, y);
            product += turn * (255 - red(&out.frame, x, y) - red(&in.frame, x, y));
            square += turn * turn;
        }
    print_message("the style shows %.2f of the turn\n", product / square);
    assert_true(product > 0.6 * square);
    assert_int_equal(red(&out.frame, 600, 440), 120);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&turned);
    test_frame_free(&out);
}

/* A lost face whose eyes were turned hides nothing: it passes. One with a style in it is covered as
 * without gaze, and comes back turned. */
static void lost_case(const char *params, bool covered)
{
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, models, params);
    int lost = 0, back = 0;
    for (int i = 0; i < 34; i++) {
        scene s = {.x = {40 + i}, .y = {-20}, .count = 1, .wiped = i >= 10 && i < 20};
        test_frame in = rgba(&s), out = rgba(&s);
        size_t count;
        change c = run_one(f, &s, &in.frame, &out.frame);
        assert_int_equal(mien_filter_faces(f, face, 1, &count), MIEN_OK);
        if (count && face[0].lost) {
            lost++;
            assert_int_equal(eyes_of(&c) + c.elsewhere > 0, covered);
        }
        if (i > 28 && count && !face[0].lost) {
            back++;
            assert_true(eyes_of(&c) > 3000);
        }
        test_frame_free(&in);
        test_frame_free(&out);
    }
    assert_true(lost >= 8 && back == 5);
    mien_filter_destroy(&f);
}

static void test_lost(void **state)
{
    (void)state;
    lost_case(ASIDE "on-lost=black", false);
    lost_case(ASIDE "on-lost=hold style-area=face smooth=0", true);
}

/* What is drawn to look at the analysis lies over the turned eyes; the times name the effect. */
static void test_overlay(void **state)
{
    (void)state;
    test_frame in = rgba(&one), out = rgba(&one), turned = rgba(&one);
    mien_filter *f = portrait_filter(NULL, models, ASIDE "overlay=timing");
    mien_filter *alone = portrait_filter(NULL, models, ASIDE);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    filter_run(alone, &in.frame, &turned.frame, MIEN_OK);
    for (int32_t y = 60; y < 100; y++)
        assert_memory_equal(out.frame.data[0] + y * out.frame.stride[0] + 4 * 225,
                            turned.frame.data[0] + y * turned.frame.stride[0] + 4 * 225, 4 * 80);
    mien_stats stats;
    double gflop = 0;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    for (size_t i = 0; i < stats.stages; i++)
        if (strcmp(stats.stage[i].name, "gaze") == 0 && stats.stage[i].ms > 0)
            gflop = stats.stage[i].gflop;
    assert_true(gflop > 0.05 && gflop < 0.5);
    mien_filter_destroy(&f);
    mien_filter_destroy(&alone);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&turned);
}

/* A folder with the face networks; the test adds the model. */
static void make_folder(char folder[TEST_FOLDER])
{
    static const char *const part[] = {"detect-full", "detect-short", "eye-left", "eye-right",
                                       "lips", "mesh", "visible"};
    test_folder_make(folder, "gaze");
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++) {
        char from[600], to[TEST_PATH];
        size_t size;
        snprintf(from, sizeof from, "%s/face-%s.onnx", models, part[i]);
        snprintf(to, sizeof to, "%s/face-%s.onnx", folder, part[i]);
        void *bytes = test_file_read(from, &size);
        assert_non_null(bytes);
        test_file_write(to, bytes, size);
        free(bytes);
    }
}

static int errors_in(const filter_log *log, const char *part)
{
    int count = 0;
    for (int i = 0; i < log->lines && i < RIG_LINES; i++)
        count += log->level[i] == MIEN_LOG_ERROR && strstr(log->line[i], part);
    return count;
}

/* Without its model: an error at the start. In mid-stream one line, and the stream goes on without;
 * but one in which eyes were turned ends rather than show them bare. */
static void test_missing_model(void **state)
{
    (void)state;
    char folder[TEST_FOLDER], model[TEST_PATH], from[600], text[32];
    filter_log log = {.lines = 0};
    test_frame in = rgba(&one), out = rgba(&one);
    test_frame wide = scene_make(&one, MIEN_FORMAT_RGBA, 720, 480, &tight);
    make_folder(folder);
    mien_filter *f = portrait_filter(&log, models, "gaze=1");
    assert_int_equal(mien_filter_set(f, "models", folder), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_ERR_IO);
    assert_int_equal(errors_in(&log, "gaze.onnx"), 1);
    mien_filter_destroy(&f);

    memset(&log, 0, sizeof log);
    f = portrait_filter(&log, models, "overlay=mesh");
    assert_int_equal(mien_filter_set(f, "models", folder), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(mien_filter_set(f, "gaze", "0.5"), MIEN_OK);
    for (int i = 0; i < 3; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(errors_in(&log, "gaze.onnx"), 1);
    assert_int_equal(mien_filter_get(f, "gaze", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "0");
    assert_int_equal(mien_filter_get(f, "overlay", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "mesh");

    snprintf(from, sizeof from, "%s/gaze.onnx", models);
    snprintf(model, sizeof model, "%s/gaze.onnx", folder);
    size_t size;
    uint8_t *bytes = test_file_read(from, &size);
    assert_non_null(bytes);
    test_file_write(model, bytes, size);
    assert_int_equal(mien_filter_set_all(f, ASIDE "overlay=none"), MIEN_OK);
    for (int i = 0; i < 8; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    change c = change_of(&one, &in.frame, &out.frame);
    assert_turned("with its model", &c);
    test_file_write(model, bytes, size / 2);
    filter_run(f, &wide.frame, &wide.frame, MIEN_ERR_MODEL);
    assert_int_equal(errors_in(&log, "gaze.onnx"), 2);
    mien_filter_destroy(&f);
    free(bytes);
    test_folder_remove(folder);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&wide);
}

static void test_ranges(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"gaze", "1.01"}, {"gaze", "-0.1"}, {"gaze-x", "20.5"},
                                         {"gaze-y", "-21"}, {"gaze-y", "up"}};
    mien_filter *f = portrait_filter(NULL, models, "gaze=1 gaze-x=-20 gaze-y=20");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(mien_filter_set(f, bad[i][0], bad[i][1]), MIEN_ERR_INVALID);
        assert_non_null(strstr(mien_filter_error(f), bad[i][0]));
    }
    mien_filter_destroy(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        FORMAT_TEST_LIST,
        cmocka_unit_test(test_slider),        cmocka_unit_test(test_target),
        cmocka_unit_test(test_several),       cmocka_unit_test(test_starts_again),
        cmocka_unit_test(test_with_style),    cmocka_unit_test(test_lost),
        cmocka_unit_test(test_overlay),       cmocka_unit_test(test_missing_model),
        cmocka_unit_test(test_ranges)};
    const portrait_tests all = {.with_face = {"gaze", tests, sizeof tests / sizeof tests[0]},
                                .models = &models, .portrait = &portrait};
    return portrait_tests_main(&all, argc, argv);
}
