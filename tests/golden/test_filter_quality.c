/* The public interface with networks of effects on faces of which there are two: quality.
 *
 *   test_filter_quality MODELS [PORTRAIT.rgba [TEST]]
 *
 * MODELS: folder with the face networks, face-age.onnx and face-age-high.onnx; without the first
 * ones the program skips itself. How one network takes over from the other is seen with two that
 * make a face brighter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_file.h"
#include "portrait_scene.h"

#define OLDER "age=30 smooth=0 "
#define BASE_FILE "face-age.onnx"
#define HIGH_FILE "face-age-high.onnx"

enum { FADE = 6 }; /* frames that 200 ms take */

/* Of a portrait: around the mesh, and wholly inside of it. */
static const scene_parts around = {{{177, 69, 96, 110}}, 1};
static const scene_box within = {195, 85, 55, 60};

static char folder[TEST_FOLDER]; /* of the brightening ones, with the face networks */

/* Adds `gain` times the years / 50 to the texture, with a convolution of side x side. */
static void write_bright(const char *name, float gain, int64_t side)
{
    static const float none[4] = {0};
    float weight[4 * 4 * 9] = {0};
    onnx_writer w;
    char path[TEST_PATH];
    for (int64_t c = 0; c < 3; c++)
        weight[((c * 4 + 3) * side + side / 2) * side + side / 2] = gain;
    onnx_writer_init(&w, 13);
    onnx_convolution(&w, 4, side, weight, none);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    onnx_file_write(&w, LIST(1, 4, 256, 256), path);
}

static void write_high(void)
{
    write_bright(HIGH_FILE, 0.3f, 3);
}

static int make_folder(void **state)
{
    (void)state;
    portrait_folder_make(folder);
    write_bright(BASE_FILE, 0.1f, 1);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* A stream of a portrait that stands still, and its last frame. */
typedef struct run {
    mien_filter *filter;
    test_frame in, out;
} run;

static run start(const char *quality, const char *models, filter_log *log)
{
    run r = {portrait_filter(log, OLDER), scene_rgba(&scene_one), scene_rgba(&scene_one)};
    assert_int_equal(mien_filter_set(r.filter, "quality", quality), MIEN_OK);
    assert_int_equal(mien_filter_set(r.filter, "models", models), MIEN_OK);
    assert_int_equal(mien_filter_set_timing(r.filter, true), MIEN_OK);
    return r;
}

static void go_on(run *r, int count)
{
    for (int i = 0; i < count; i++)
        filter_run(r->filter, &r->in.frame, &r->out.frame, MIEN_OK);
}

static void end(run *r)
{
    mien_filter_destroy(&r->filter);
    test_frame_free(&r->in);
    test_frame_free(&r->out);
}

static void set(run *r, const char *params)
{
    assert_int_equal(mien_filter_set_all(r->filter, params), MIEN_OK);
}

/* What the face cost in the last frame. */
static double gflop_of(const run *r)
{
    mien_stats stats;
    assert_int_equal(mien_filter_stats(r->filter, &stats), MIEN_OK);
    for (size_t i = 0; i < stats.stages; i++)
        if (strcmp(stats.stage[i].name, "age") == 0)
            return stats.stage[i].gflop;
    return 0;
}

/* Levels by which the face is brighter than in the input, mean. */
static double brighter(const run *r)
{
    const mien_frame *in = &r->in.frame, *out = &r->out.frame;
    double sum = 0;
    for (int32_t y = within.y + scene_one.y[0]; y < within.y + scene_one.y[0] + within.height; y++)
        for (int32_t x = within.x + scene_one.x[0]; x < within.x + scene_one.x[0] + within.width;
             x++)
            sum += out->data[0][y * out->stride[0] + 4 * x + 2] -
                   in->data[0][y * in->stride[0] + 4 * x + 2];
    return sum / (within.width * within.height);
}

static bool is_near(double value, double wanted)
{
    return value > wanted - 1 && value < wanted + 1;
}

static long apart(const test_frame *a, const test_frame *b)
{
    return scene_compare(&scene_one, &around, &a->frame, &b->frame).inside;
}

/* The larger network is there for those who ask for it: more work, another picture, of a face that
 * has changed about as much. */
static void test_choice(void **state)
{
    (void)state;
    static const char *const quality[4] = {"auto", "low", "high", "high"};
    run r[4];
    for (int i = 0; i < 4; i++) {
        r[i] = start(quality[i], portrait_models(), NULL);
        go_on(&r[i], 1);
    }
    long base = apart(&r[0].in, &r[0].out), high = apart(&r[2].in, &r[2].out);
    long between = apart(&r[0].out, &r[2].out);
    double cost = gflop_of(&r[0]), more = gflop_of(&r[2]);
    print_message("auto: %ld, high: %ld from the input, %ld apart; %.2f and %.2f GFLOP\n", base,
                  high, between, cost, more);
    assert_true(test_frame_equal(&r[0].out.frame, &r[1].out.frame));
    assert_true(test_frame_equal(&r[2].out.frame, &r[3].out.frame));
    assert_true(cost == gflop_of(&r[1]) && more > 1.8 * cost && more < 4 * cost);
    assert_true(between > base / 25 && between < base / 2);
    assert_true(high > base / 2 && high < base * 2);
    for (int i = 0; i < 4; i++)
        end(&r[i]);
}

/* From one network to the other in mid-stream the picture goes in even steps, the old network still
 * at work beside the new one until then. */
static void change_case(const char *from, const char *to)
{
    run stays = start(from, folder, NULL), goal = start(to, folder, NULL);
    run r = start(from, folder, NULL);
    go_on(&stays, 3 + FADE);
    go_on(&goal, 3 + FADE);
    go_on(&r, 3);
    double first = brighter(&stays), last = brighter(&goal);
    assert_true(is_near(brighter(&r), first) && !is_near(first, last) && !is_near(first, 0) &&
                !is_near(last, 0));
    mien_filter_set(r.filter, "quality", to);
    for (int i = 1; i <= FADE; i++) {
        go_on(&r, 1);
        print_message("%s to %s, frame %d: %.1f between %.1f and %.1f\n", from, to, i,
                      brighter(&r), first, last);
        assert_true(is_near(brighter(&r), first + (last - first) * i / FADE));
        double costs = i < FADE ? gflop_of(&stays) + gflop_of(&goal) : gflop_of(&goal);
        assert_true(gflop_of(&r) > 0.999 * costs && gflop_of(&r) < 1.001 * costs);
    }
    end(&stays);
    end(&goal);
    end(&r);
}

static void test_change(void **state)
{
    (void)state;
    write_high();
    change_case("auto", "high");
    change_case("high", "low");
}

/* Back before the other one has arrived; a reset, after which there is no fading; and where
 * nothing shows. It ends with the one that is wanted, and no network is left over. */
static void test_change_of_mind(void **state)
{
    (void)state;
    write_high();
    run base = start("auto", folder, NULL), high = start("high", folder, NULL);
    run r = start("auto", folder, NULL);
    go_on(&base, 2);
    go_on(&high, 2);
    double least = brighter(&base), most = brighter(&high);
    for (int i = 0; i < 2 * FADE; i++) {
        set(&r, i == 1 || i == 3 ? "quality=high" : "quality=auto");
        go_on(&r, 1);
        assert_true(brighter(&r) > least - 1 && brighter(&r) < (least + most) / 2);
    }
    assert_true(is_near(brighter(&r), least) && gflop_of(&r) == gflop_of(&base));
    set(&r, "quality=high");
    go_on(&r, 1);
    mien_filter_reset(r.filter);
    go_on(&r, 1);
    assert_true(is_near(brighter(&r), most) && gflop_of(&r) == gflop_of(&high));
    set(&r, "age=0 overlay=timing");
    go_on(&r, 2 * FADE);
    set(&r, OLDER "overlay=none quality=low");
    go_on(&r, 2 * FADE);
    assert_true(is_near(brighter(&r), least) && gflop_of(&r) == gflop_of(&base));
    end(&base);
    end(&high);
    end(&r);
}

/* Its file is not there: at the start an error that names it; in mid-stream a line, and faces stay
 * as they are changed. It is looked for again when it is asked for again. */
static void test_missing(void **state)
{
    (void)state;
    char path[TEST_PATH];
    filter_log log = {.lines = 0}, later = {.lines = 0};
    snprintf(path, sizeof path, "%s/%s", folder, HIGH_FILE);
    remove(path);
    run none = start("high", folder, &log), r = start("auto", folder, &later);
    filter_run(none.filter, &none.in.frame, &none.out.frame, MIEN_ERR_IO);
    assert_non_null(strstr(mien_filter_error(none.filter), HIGH_FILE));
    assert_int_equal(filter_log_count(&log, MIEN_LOG_ERROR, HIGH_FILE), 1);

    go_on(&r, 1);
    double least = brighter(&r);
    set(&r, "quality=high");
    go_on(&r, 3);
    write_high();
    go_on(&r, 1);
    assert_true(is_near(brighter(&r), least));
    set(&r, "quality=low");
    go_on(&r, 1);
    set(&r, "quality=high");
    go_on(&r, FADE);
    assert_true(brighter(&r) > 2 * least);
    assert_int_equal(filter_log_count(&later, MIEN_LOG_ERROR, HIGH_FILE), 1);
    end(&none);
    end(&r);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test_setup_teardown(test_change, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_change_of_mind, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_missing, make_folder, remove_folder)};
    const portrait_tests all = {.with_face = {"quality", tests, sizeof tests / sizeof tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
