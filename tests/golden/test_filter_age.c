/* The public interface with faces that are made older or younger: age, alone and beside other
 * effects.
 *
 *   test_filter_age MODELS [PORTRAIT.rgba [TEST]]
 *
 * MODELS: folder with the face networks and face-age.onnx; without the former the program skips
 * itself. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "effect_checks.h"

#define OLDER "age=30 "

/* The part is the box around the mesh with two pixels on each side, for halved chroma. */
static const face_effect age = {
    .name = "age", .most = "50", .params = OLDER, .file = "face-age.onnx",
    .parts = {{{177, 69, 96, 110}}, 1}, .within = {195, 85, 55, 60},
    .least = 65000, .gflop = {1, 2}};

EFFECT_TESTS(age)

/* The first frame of a filter. */
static test_frame first_of(const char *params, const test_frame *in)
{
    test_frame out = scene_rgba(&scene_one);
    mien_filter *f = portrait_filter(NULL, params);
    filter_run(f, &in->frame, &out.frame, MIEN_OK);
    mien_filter_destroy(&f);
    return out;
}

static test_frame first_frame(const char *params)
{
    test_frame in = scene_rgba(&scene_one), out = first_of(params, &in);
    test_frame_free(&in);
    return out;
}

static int green(const mien_frame *f, int32_t x, int32_t y)
{
    return f->data[0][y * f->stride[0] + 4 * x + 1];
}

/* What lines and folds add to, and smoothing takes away: mean square of the Laplacian. Of the
 * cheeks and the mouth between them in scene_one, where hair and brows are not. */
static double detail_of(const mien_frame *f)
{
    double sum = 0;
    for (int32_t y = 100; y < 140; y++)
        for (int32_t x = 225; x < 310; x++) {
            double d = 4 * green(f, x, y) - green(f, x - 1, y) - green(f, x + 1, y) -
                       green(f, x, y - 1) - green(f, x, y + 1);
            sum += d * d;
        }
    return sum / (40 * 85);
}

/* Lines and shadows come with the years, and go. */
static void test_older_and_younger(void **state)
{
    (void)state;
    static const char *const years[] = {"-40", "-20", "0", "15", "30", "50"};
    double detail[6];
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    mien_filter *f = portrait_filter(NULL, "overlay=timing");
    for (int i = 0; i < 6; i++) {
        assert_int_equal(mien_filter_set(f, "age", years[i]), MIEN_OK);
        mien_filter_reset(f); /* at once */
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        detail[i] = detail_of(&out.frame);
        print_message("age=%s: detail %.0f\n", years[i], detail[i]);
    }
    assert_true(detail[2] == detail_of(&in.frame));
    assert_true(detail[0] < 0.9 * detail[2] && detail[1] < 0.9 * detail[2]);
    assert_true(detail[2] < detail[3] && detail[3] < detail[4] && detail[4] < detail[5]);
    assert_true(detail[4] > 1.05 * detail[2]);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

static long distance(const test_frame *a, const test_frame *b)
{
    return scene_compare(&scene_one, &age.parts, &a->frame, &b->frame).inside;
}

/* From older to younger it goes through the face as it is, with no step: frame by frame the picture
 * comes nearer to what it is to be. 50 years take 200 ms. */
static void test_through_zero(void **state)
{
    (void)state;
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    test_frame younger = first_frame("age=-20");
    mien_filter *f = portrait_filter(NULL, OLDER);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    long whole = distance(&out, &younger), left = whole, nearest = whole;
    assert_int_equal(mien_filter_set(f, "age", "-20"), MIEN_OK);
    for (int i = 0; i < 8; i++) {
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        long was = left, bare = distance(&out, &in);
        left = distance(&out, &younger);
        nearest = bare < nearest ? bare : nearest;
        assert_true(was - left < whole * 30 / 100);
        assert_true(i > 5 || was - left > whole * 4 / 100);
    }
    assert_true(left < whole / 10);
    assert_true(nearest < whole / 8);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&younger);
}

/* A portrait among large dark and bright squares: nothing that scene_one goes over into. */
static test_frame elsewhere(void)
{
    static const scene moved = {.x = {250}, .y = {10}, .count = 1};
    test_frame t = scene_rgba(&moved);
    for (int32_t y = 0; y < SCENE_HEIGHT; y++)
        for (int32_t x = 0; x < SCENE_WIDTH; x++)
            if (x < 360 || x >= 580)
                memset(t.frame.data[0] + y * t.frame.stride[0] + 4 * x,
                       (x / 90 + y / 90) % 2 ? 230 : 20, 3);
    return t;
}

/* Another picture altogether: nothing of the old one is in it, and nobody in it is bare. */
static void test_cut(void **state)
{
    (void)state;
    test_frame a = scene_rgba(&scene_one), b = elsewhere(), out = elsewhere();
    test_frame want = first_of(OLDER, &b);
    assert_false(test_frame_equal(&want.frame, &b.frame));
    mien_filter *f = portrait_filter(NULL, OLDER);
    for (int i = 0; i < 3; i++)
        filter_run(f, &a.frame, &out.frame, MIEN_OK);
    filter_run(f, &b.frame, &out.frame, MIEN_OK);
    assert_int_equal(test_frame_difference(&want.frame, &out.frame), 0);
    mien_filter_destroy(&f);
    test_frame_free(&a);
    test_frame_free(&b);
    test_frame_free(&out);
    test_frame_free(&want);
}

/* What shows in place of a face that is lost. */
typedef enum shown { SHOWN_BARE, SHOWN_KEPT, SHOWN_BLURRED, SHOWN_BLACK } shown;

/* Mean levels within the face of scene_one. */
typedef struct cover {
    double level;  /* of the output */
    double detail; /* of it: what it differs by from four rows below */
    double moved;  /* what it differs by from the input, */
    double apart;  /* and from the last output with the face */
} cover;

static cover cover_of(const mien_frame *in, const mien_frame *before, const mien_frame *out)
{
    const scene_box *box = &age.within;
    const double pixels = box->width * box->height;
    cover c = {0};
    for (int32_t y = box->y + scene_one.y[0]; y < box->y + scene_one.y[0] + box->height; y++)
        for (int32_t x = box->x + scene_one.x[0]; x < box->x + scene_one.x[0] + box->width; x++) {
            c.level += green(out, x, y) / pixels;
            c.detail += abs(green(out, x, y) - green(out, x, y + 4)) / pixels;
            c.moved += abs(green(out, x, y) - green(in, x, y)) / pixels;
            c.apart += abs(green(out, x, y) - green(before, x, y)) / pixels;
        }
    return c;
}

static bool is_shown(shown what, const cover *c)
{
    return what == SHOWN_KEPT      ? c->apart < 12 /* it may be taken to drift by a pixel */
           : what == SHOWN_BLACK   ? c->level == 0
           : what == SHOWN_BLURRED ? c->detail < 6 && c->level > 60 /* the stripes have 60 */
                                   : c->moved == 0;
}

/* A changed face is lost, so what is there is hidden, in the very frame; found again, it is changed
 * in every frame, but for on-lost=pass. */
static void lost_case(const char *params, shown what)
{
    enum { LOST = 6, BACK = 11, FRAMES = 19 };
    static const scene none = {.x = {40}, .y = {-20}, .count = 1, .wiped = true};
    static const scene_parts head = {{{60, 0, 330, 340}}, 1};
    static mien_face face[MIEN_FACES_MAX];
    test_frame there = scene_rgba(&scene_one), away = scene_rgba(&none);
    test_frame out = scene_rgba(&none), before = scene_rgba(&none);
    mien_filter *f = portrait_filter(NULL, params);
    long changed[FRAMES], least = LONG_MAX;
    for (int i = 0; i < FRAMES; i++) {
        bool lost = i >= LOST && i < BACK;
        const mien_frame *in = lost ? &away.frame : &there.frame;
        size_t count;
        scene_change c = scene_run(f, &none, &head, in, &out.frame);
        changed[i] = c.inside;
        assert_int_equal(c.elsewhere, 0);
        assert_int_equal(mien_filter_faces(f, face, 1, &count), MIEN_OK);
        assert_true(count == 1 && face[0].lost == lost);
        const cover seen = cover_of(in, &before.frame, &out.frame);
        if (lost && !is_shown(what, &seen))
            fail_msg("%s: frame %d shows something else", params, i);
        if (i < LOST)
            test_frame_copy(&before.frame, &out.frame);
        least = i >= BACK && changed[i] < least ? changed[i] : least;
    }
    long whole = changed[LOST - 1];
    assert_true(whole > age.least && labs(changed[FRAMES - 1] - whole) < whole / 10);
    assert_true(what == SHOWN_BARE ? least < whole / 3 : least > whole * 2 / 3);
    mien_filter_destroy(&f);
    test_frame_free(&there);
    test_frame_free(&away);
    test_frame_free(&out);
    test_frame_free(&before);
}

static void test_on_lost(void **state)
{
    (void)state;
    lost_case(OLDER "on-lost=hold", SHOWN_KEPT);
    lost_case(OLDER "on-lost=blur", SHOWN_BLURRED);
    lost_case("age=-20 on-lost=black gaze=1", SHOWN_BLACK);
    lost_case(OLDER "on-lost=pass", SHOWN_BARE);
}

/* Turned eyes look out of an older face: beside the eyes it is as old as without, and the eyes are
 * as turned. */
static void test_with_gaze(void **state)
{
    (void)state;
    static const scene_parts parts = {{{184, 87, 35, 27}, {230, 89, 35, 27}}, 2};
    test_frame in = scene_rgba(&scene_one), both = first_frame(OLDER "gaze=1 gaze-x=12");
    test_frame old = first_frame(OLDER), turned = first_frame("gaze=1 gaze-x=12");
    scene_change c = scene_compare(&scene_one, &parts, &old.frame, &both.frame);
    scene_change alone = scene_compare(&scene_one, &parts, &in.frame, &turned.frame);
    scene_change aged = scene_compare(&scene_one, &parts, &in.frame, &old.frame);
    assert_true(c.inside > alone.inside * 3 / 4);
    assert_true(c.elsewhere < aged.elsewhere / 20);
    test_frame_free(&in);
    test_frame_free(&both);
    test_frame_free(&old);
    test_frame_free(&turned);
}

static void test_ranges(void **state)
{
    (void)state;
    static const char *const bad[] = {"50.5", "-40.1", "nan", "-nan", "inf", "1e999", "old", ""};
    char text[32];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        effect_check_refused("age", bad[i]);
    mien_filter *f = portrait_filter(NULL, "age=50");
    assert_int_equal(mien_filter_set(f, "age", "-40"), MIEN_OK);
    assert_int_equal(mien_filter_set(f, "age", "nan"), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_get(f, "age", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "-40");
    mien_filter_destroy(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        EFFECT_TEST_LIST,
        cmocka_unit_test(test_through_zero),
        cmocka_unit_test(test_older_and_younger),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_on_lost),
        cmocka_unit_test(test_with_gaze),
        cmocka_unit_test(test_ranges)};
    const portrait_tests all = {.with_face = {"age", tests, sizeof tests / sizeof tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
