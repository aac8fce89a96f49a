/* The public interface with eyes turned: gaze, gaze-x, gaze-y, gaze-learn, alone and beside others.
 *
 *   test_filter_gaze MODELS [PORTRAIT.rgba [TEST]]
 *
 * MODELS: folder with the face networks and gaze.onnx; without the former the program skips itself.
 * The portrait looks at the camera: it is asked to look elsewhere. */
#include <math.h>
#include <stdlib.h>

#include "effect_checks.h"

#define ASIDE "gaze=1 gaze-x=12 "

/* The boxes are somewhat larger than the openings of the lids. */
static const face_effect gaze = {
    .name = "gaze", .most = "1", .params = ASIDE, .file = "gaze.onnx",
    .parts = {{{184, 87, 35, 27}, {230, 89, 35, 27}}, 2}, .within = {185, 90, 80, 25},
    .least = 1500, .gflop = {0.05, 0.5}};

EFFECT_TESTS(gaze)

/* A new place to look at is gone to over 200 ms for its whole range. */
static void test_target(void **state)
{
    (void)state;
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    test_frame before = scene_rgba(&scene_one);
    mien_filter *f = portrait_filter(NULL, ASIDE);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(mien_filter_set(f, "gaze-x", "-12"), MIEN_OK);
    long moved[12];
    for (int i = 0; i < 12; i++) {
        test_frame_copy(&before.frame, &out.frame);
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        moved[i] = scene_compare(&scene_one, &gaze.parts, &before.frame, &out.frame).inside;
    }
    for (int i = 0; i < 6; i++)
        assert_true(moved[i] > 200);
    assert_true(moved[11] < moved[3] / 4);
    scene_change c = scene_compare(&scene_one, &gaze.parts, &in.frame, &out.frame);
    effect_expect(&gaze, "the other side", &c);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&before);
}

/* What is special in these eyes, which do look at the camera, is known after a while. */
static void test_learn(void **state)
{
    (void)state;
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    test_frame strange = scene_rgba(&scene_one);
    const char *params[] = {ASIDE, ASIDE "gaze-learn=0.3"};
    for (int k = 0; k < 2; k++) {
        mien_filter *f = portrait_filter(NULL, params[k]);
        for (int i = 0; i < 16; i++)
            filter_run(f, &in.frame, k ? &out.frame : &strange.frame, MIEN_OK);
        mien_filter_destroy(&f);
    }
    scene_change turned = scene_compare(&scene_one, &gaze.parts, &in.frame, &out.frame);
    scene_change learnt = scene_compare(&scene_one, &gaze.parts, &strange.frame, &out.frame);
    effect_expect(&gaze, "eyes that are known", &turned);
    print_message("what was learnt changes them by %ld\n", learnt.inside);
    assert_true(learnt.inside > 300 && learnt.elsewhere == 0);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&strange);
}

/* The portrait's eyes: middle, half the width, and how far the lids arch up and down from the line
 * between the corners. */
static const struct {
    double x, y, wide, up, down;
} opening[2] = {{202.7, 101.6, 10.6, 5.2, 3.4}, {247.7, 104.2, 10.6, 5.2, 3.4}};

/* Row of the upper lid at a column of the portrait, open and come down by `shut`, 0..1; false
 * beside the eyes. */
static bool find_lid(double shut, int32_t x, double *high, double *edge)
{
    for (int eye = 0; eye < 2; eye++) {
        double t = (x + 0.5 - opening[eye].x) / opening[eye].wide, arch = 1 - t * t;
        *high = opening[eye].y - arch * opening[eye].up;
        *edge = *high + shut * arch * (opening[eye].up + opening[eye].down);
        if (arch > 0)
            return true;
    }
    return false;
}

static uint8_t *byte_of(const mien_frame *f, int32_t x, int32_t y)
{
    return f->data[0] + (y + scene_one.y[0]) * f->stride[0] + 4 * (x + scene_one.x[0]);
}

/* scene_one with its lids come down: the skin above stretches. */
static test_frame lids_down(double shut)
{
    enum { LID = 7 }; /* rows of skin that a lid is made of */
    test_frame f = scene_rgba(&scene_one);
    for (int32_t x = 185; x < 265; x++)
        for (int32_t y = 85; y < 115; y++) {
            double high, edge;
            if (!find_lid(shut, x, &high, &edge) || y + 0.5 < high - LID || y + 0.5 > edge)
                continue;
            double row = high - LID + (y + 0.5 - high + LID) * LID / (edge - high + LID) - 0.5;
            double below = row - floor(row);
            const uint8_t *from = portrait_bytes() +
                                  4 * ((size_t)floor(row) * PORTRAIT_SIDE + (size_t)x);
            for (int k = 0; k < 3; k++)
                byte_of(&f.frame, x, y)[k] =
                    (uint8_t)((1 - below) * from[k] + below * from[4 * PORTRAIT_SIDE + k] + 0.5);
        }
    return f;
}

/* By how much frames differ above the edges of the lids, by more than a pixel. */
static long lids_differ(double shut, const mien_frame *a, const mien_frame *b)
{
    long sum = 0;
    for (int32_t x = 185; x < 265; x++)
        for (int32_t y = 85; y < 115; y++) {
            double high, edge;
            if (find_lid(shut, x, &high, &edge) && y + 0.5 < edge - 1)
                for (int k = 0; k < 3; k++)
                    sum += labs((long)byte_of(a, x, y)[k] - byte_of(b, x, y)[k]);
        }
    return sum;
}

/* A blink passes: lids are where they are in every frame, closed ones are not touched, and the eye
 * is turned as before as soon as it is open. */
static void test_blink(void **state)
{
    (void)state;
    enum { OPEN = 8 };
    static const double shut[] = {0.4, 0.8, 1, 1, 1, 0.8, 0.4, 0, 0};
    mien_filter *f = portrait_filter(NULL, ASIDE);
    long before = 0;
    for (int i = 0; i < OPEN + 9; i++) {
        double s = i < OPEN ? 0 : shut[i - OPEN];
        test_frame in = lids_down(s), out = scene_rgba(&scene_one);
        scene_change c = scene_run(f, &scene_one, &gaze.parts, &in.frame, &out.frame);
        before = i < OPEN ? c.inside : before;
        double share = (double)c.inside / (double)before;
        long lids = lids_differ(s, &in.frame, &out.frame);
        if (i >= OPEN)
            print_message("lids down by %.1f: eyes change %.2f times as much as before, what is "
                          "above their edge by %ld\n", s, share, lids);
        assert_int_equal(c.elsewhere, 0);
        assert_true(before > 10000 && lids < before / 200);
        assert_true(s < 1 || c.inside == 0);
        assert_true(s < 0.8 || share < 0.2);
        assert_true(s > 0.4 || share > 0.6);
        assert_true(s > 0 || share > 0.9);
        test_frame_free(&in);
        test_frame_free(&out);
    }
    mien_filter_destroy(&f);
}

/* scene_one with each pixel of the portrait's eyes a mean of those around it. */
static test_frame blurred_eyes(int32_t reach)
{
    int32_t side = 2 * reach + 1;
    test_frame f = scene_rgba(&scene_one);
    for (int32_t x = 175; x < 275; x++)
        for (int32_t y = 80; y < 125; y++)
            for (int k = 0; k < 3; k++) {
                int32_t sum = 0;
                for (int32_t i = 0; i < side * side; i++) {
                    int32_t from = (y + i / side - reach) * PORTRAIT_SIDE + x + i % side - reach;
                    sum += portrait_bytes()[4 * from + k];
                }
                byte_of(&f.frame, x, y)[k] = (uint8_t)(sum / (side * side));
            }
    return f;
}

/* What nobody could call an eye is left alone, in the first frame too, in which only the points of
 * the face say that there is one. */
static void test_unsure(void **state)
{
    (void)state;
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, ASIDE);
    test_frame in = blurred_eyes(3), out = scene_rgba(&scene_one);
    for (int i = 0; i < 10; i++) {
        size_t count;
        scene_change c = scene_run(f, &scene_one, &gaze.parts, &in.frame, &out.frame);
        assert_int_equal(mien_filter_faces(f, face, 1, &count), MIEN_OK);
        print_message("blurred eyes, by the analysis %.2f sure: change by %ld\n",
                      (double)face[0].gaze_confidence, c.inside);
        assert_true(count == 1 && face[0].gaze_confidence > 0.5f);
        assert_int_equal(c.inside + c.elsewhere, 0);
    }
    test_frame_free(&in);
    test_frame_free(&out);
    mien_filter_destroy(&f);
}

/* A lost face whose eyes were turned hides nothing: it passes. One with a style in it is covered as
 * without gaze, and comes back turned. */
static void lost_case(const char *params, bool covered)
{
    static mien_face face[MIEN_FACES_MAX];
    mien_filter *f = portrait_filter(NULL, params);
    int lost = 0, back = 0;
    for (int i = 0; i < 34; i++) {
        scene s = {.x = {40 + i}, .y = {-20}, .count = 1, .wiped = i >= 10 && i < 20};
        test_frame in = scene_rgba(&s), out = scene_rgba(&s);
        size_t count;
        scene_change c = scene_run(f, &s, &gaze.parts, &in.frame, &out.frame);
        assert_int_equal(mien_filter_faces(f, face, 1, &count), MIEN_OK);
        if (count && face[0].lost) {
            lost++;
            assert_int_equal(c.inside + c.elsewhere > 0, covered);
        }
        if (i > 28 && count && !face[0].lost) {
            back++;
            assert_true(c.inside > 3000);
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

static void test_ranges(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"gaze", "1.01"}, {"gaze", "-0.1"}, {"gaze-x", "20.5"},
                                         {"gaze-y", "-21"}, {"gaze-y", "up"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        effect_check_refused(bad[i][0], bad[i][1]);
    mien_filter *f = portrait_filter(NULL, "gaze=1 gaze-x=-20 gaze-y=20"); /* the ends are not */
    mien_filter_destroy(&f);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        EFFECT_TEST_LIST,
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_learn),
        cmocka_unit_test(test_blink),
        cmocka_unit_test(test_unsure),
        cmocka_unit_test(test_lost),
        cmocka_unit_test(test_ranges)};
    const portrait_tests all = {.with_face = {"gaze", tests, sizeof tests / sizeof tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
