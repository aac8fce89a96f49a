/* The public interface with networks of other people: what they take and give is told by the user,
 * or found out; their size is theirs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter_rig.h"
#include "filter_tests.h"
#include "onnx_file.h"
#include "test_files.h"

enum { W = 96, H = 54, ALL = 3 };

static char path[TEST_PATH];

static void write_model(onnx_writer *w, int64_t side)
{
    snprintf(path, sizeof path, "%s/own.onnx", filter_rig_models());
    onnx_file_write(w, LIST(1, 3, side, side), path);
}

/* The first channel stays, the others become white - x. */
static void write_network(float white, int64_t side)
{
    const float weight[9] = {1, 0, 0, 0, -1, 0, 0, 0, -1}, bias[3] = {0, white, white};
    onnx_writer w;
    onnx_writer_init(&w, 13);
    onnx_convolution(&w, 3, 1, weight, bias);
    write_model(&w, side);
}

/* Everything stays; `bytes`: the input is uint8. */
static void write_same(bool bytes)
{
    onnx_writer w;
    onnx_writer_init(&w, 13);
    w.bytes = bytes;
    onnx_node(&w, "Cast", "x", "a");
    onnx_attr_int(&w, "to", 1);
    onnx_node(&w, "Relu", "a", "b"); /* two that undo each other */
    onnx_node(&w, "Neg", "a", "c");
    onnx_node(&w, "Relu", "c", "d");
    onnx_node(&w, "Sub", "b d", "y");
    write_model(&w, 0);
}

static mien_filter *open_filter(filter_log *log, const char *params)
{
    char all[600];
    snprintf(all, sizeof all, "style='%s' smooth=0 %s", path, params);
    return filter_make(log, all);
}

/* `kept`: the channel of the frame that is to stay, or ALL; -1: everything is to be white but for
 * red. */
static void check_frame(mien_filter *f, int kept, int tolerance)
{
    test_frame in = test_frame_make(MIEN_FORMAT_RGBA, W, H, &(frame_layout){0, false});
    test_frame out = test_frame_make(MIEN_FORMAT_RGBA, W, H, &(frame_layout){0, false});
    frame_gradient(&in.frame);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    for (int32_t y = 0; y < H; y++)
        for (int32_t x = 0; x < W; x++)
            for (int c = 0; c < 3; c++) {
                int was = in.frame.data[0][y * in.frame.stride[0] + x * 4 + c];
                int is = out.frame.data[0][y * out.frame.stride[0] + x * 4 + c];
                int want = c == kept || kept == ALL ? was : kept < 0 ? (c ? 255 : was) : 255 - was;
                if (abs(is - want) > tolerance)
                    fail_msg("pixel (%d, %d) channel %d is %d, not about %d", (int)x, (int)y, c,
                             is, want);
            }
    test_frame_free(&in);
    test_frame_free(&out);
}

static void expect(const char *params, int kept, int tolerance, const char *line)
{
    filter_log log = {.lines = 0};
    mien_filter *f = open_filter(&log, params);
    check_frame(f, kept, tolerance);
    if (line && !filter_log_has(&log, MIEN_LOG_INFO, line))
        fail_msg("%s: no line with '%s'", params, line);
    mien_filter_destroy(&f);
}

static void test_guess(void **state)
{
    (void)state;
    write_network(1, 0);
    expect("", 0, 3, "takes RGB 0..1, gives RGB 0..1; in part a guess");
    write_network(255, 0);
    expect("", 0, 3, "takes RGB 0..255, gives RGB 0..255; in part a guess");
}

static void test_told(void **state)
{
    (void)state;
    write_network(255, 0);
    expect("style-input=bgr+0..255 style-output=bgr+0..255", 2, 3,
           "takes BGR 0..255, gives BGR 0..255");
    expect("style-input=0..1 style-output=0..1", -1, 3, "takes RGB 0..1, gives RGB 0..1");
    write_network(0, 0);
    expect("style-input=-1..1 style-output=-1..1", 0, 3, "takes RGB -1..1, gives RGB -1..1");
}

/* The output's range shows where that of the input is known, from the user or the file. */
static void test_half_told(void **state)
{
    (void)state;
    write_same(false);
    expect("", ALL, 3, "takes RGB 0..1, gives RGB 0..1; in part a guess");
    expect("style-input=0..255", ALL, 3, "takes RGB 0..255, gives RGB 0..255; in part a guess");
    expect("style-input=-1..1", ALL, 3, "takes RGB -1..1, gives RGB -1..1; in part a guess");
    write_same(true);
    expect("", ALL, 3, "takes RGB 0..255, gives RGB 0..255; in part a guess");
}

static void test_sizes(void **state)
{
    (void)state;
    write_network(1, 32);
    expect("style-input=0..1", 0, 3, "network at 96x56 (1/1)"); /* nothing in it needs its size */
    expect("style-input=0..1+fixed", 0, 12, "network at 32x32 (1/3)");
}

/* What contradicts itself or is no word ends in one line, and is not what plays. */
static void test_wrong(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    write_network(1, 0);
    mien_filter *f = open_filter(&log, "style-input=rgb+bgr");
    test_frame frame = test_frame_make(MIEN_FORMAT_RGBA, W, H, &(frame_layout){0, false});
    frame_gradient(&frame.frame);
    filter_run(f, &frame.frame, &frame.frame, MIEN_ERR_INVALID);
    assert_string_equal(mien_filter_error(f),
                        "style-input: rgb and bgr contradict each other");
    assert_int_equal(mien_filter_set(f, "style-input", "rgb+0..2"), MIEN_ERR_INVALID);
    assert_string_equal(mien_filter_error(f),
                        "style-input='rgb+0..2' is not none or words joined by '+' of "
                        "rgb|bgr|0..1|-1..1|0..255|imagenet|caffe|fixed");
    assert_int_equal(mien_filter_set(f, "style-input", "rgb"), MIEN_OK);
    check_frame(f, 0, 3);
    test_frame_free(&frame);
    mien_filter_destroy(&f);
}

/* While it plays: the style is made anew, and one that cannot be leaves the old one. */
static void test_change(void **state)
{
    (void)state;
    write_network(255, 0);
    mien_filter *f = open_filter(NULL, "style-input=0..255");
    check_frame(f, 0, 3);
    char text[64];
    assert_int_equal(mien_filter_set(f, "style-input", "bgr+0..255"), MIEN_OK);
    for (int k = 0; k < 40; k++) { /* fades out and in */
        test_frame frame = test_frame_make(MIEN_FORMAT_RGBA, W, H, &(frame_layout){0, false});
        frame_gradient(&frame.frame);
        mien_filter_process(f, &frame.frame, &frame.frame);
        test_frame_free(&frame);
    }
    check_frame(f, 2, 3);
    assert_int_equal(mien_filter_set(f, "style-output", "0..1+0..255"), MIEN_OK);
    for (int k = 0; k < 40; k++) {
        test_frame frame = test_frame_make(MIEN_FORMAT_RGBA, W, H, &(frame_layout){0, false});
        frame_gradient(&frame.frame);
        filter_run(f, &frame.frame, &frame.frame, MIEN_OK);
        test_frame_free(&frame);
    }
    check_frame(f, 2, 3);
    assert_int_equal(mien_filter_get(f, "style-output", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "none");
    mien_filter_destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_guess), cmocka_unit_test(test_told),
                                       cmocka_unit_test(test_half_told),
                                       cmocka_unit_test(test_sizes), cmocka_unit_test(test_wrong),
                                       cmocka_unit_test(test_change)};
    const filter_group group = {"own networks", tests, sizeof tests / sizeof tests[0]};
    return filter_tests_run(&group, NULL);
}
