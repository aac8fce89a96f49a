/* The public interface with eyes turned: gaze, gaze-x, gaze-y, gaze-learn, alone and beside others.
 *
 *   test_filter_gaze MODELS [PORTRAIT.rgba [TEST]]
 *
 * MODELS: folder with the face networks and gaze.onnx; without the former the program skips itself.
 * The portrait looks at the camera: it is asked to look elsewhere. */
#include "effect_checks.h"

#define ASIDE "gaze=1 gaze-x=12 "

/* The boxes are somewhat larger than the openings of the lids. */
static const face_effect gaze = {
    .name = "gaze", .most = "1", .params = ASIDE, .file = "gaze.onnx",
    .parts = {{{184, 87, 35, 27}, {230, 89, 35, 27}}, 2}, .within = {185, 90, 80, 25},
    .least = 1500, .gflop = {0.05, 0.5}};

static void check_format(mien_format format)
{
    effect_check_format(&gaze, format);
}

FORMAT_TESTS(check_format)

static void test_slider(void **state)
{
    (void)state;
    effect_check_slider(&gaze);
}

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
        for (int i = 0; i < 30; i++)
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

static void test_several(void **state)
{
    (void)state;
    effect_check_several(&gaze);
}

static void test_starts_again(void **state)
{
    (void)state;
    effect_check_starts_again(&gaze);
}

static void test_with_style(void **state)
{
    (void)state;
    effect_check_style(&gaze);
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

static void test_overlay(void **state)
{
    (void)state;
    effect_check_overlay(&gaze);
}

static void test_missing_model(void **state)
{
    (void)state;
    effect_check_missing_model(&gaze);
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
        FORMAT_TEST_LIST,
        cmocka_unit_test(test_slider),        cmocka_unit_test(test_target),
        cmocka_unit_test(test_learn),         cmocka_unit_test(test_several),
        cmocka_unit_test(test_starts_again),  cmocka_unit_test(test_with_style),
        cmocka_unit_test(test_lost),          cmocka_unit_test(test_overlay),
        cmocka_unit_test(test_missing_model), cmocka_unit_test(test_ranges)};
    const portrait_tests all = {.with_face = {"gaze", tests, sizeof tests / sizeof tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
