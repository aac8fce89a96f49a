/* The public interface: bypass, formats, sizes, errors. What has to do with time is in
 * test_filter_time.c. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "filter_rig.h"
#include "filter_tests.h"

static const frame_layout tight = {0, false}, loose = {9, false}, inverse = {5, true};
static const char *shipped; /* folder of the project's own models */

static void test_no_arguments(void **state)
{
    (void)state;
    mien_filter *none = NULL;
    char text[8];
    mien_stats stats;
    double a, b;
    mien_frame frame = {.format = MIEN_FORMAT_RGBA, .width = 16, .height = 16};
    assert_int_equal(mien_filter_create(NULL, NULL), MIEN_ERR_INVALID);
    mien_filter_destroy(NULL);
    mien_filter_destroy(&none);
    assert_int_equal(mien_filter_set(NULL, "smooth", "1"), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_set_all(NULL, "smooth=1"), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_get(NULL, "smooth", text, sizeof text), MIEN_ERR_INVALID);
    assert_true(mien_filter_is_bypass(NULL));
    assert_int_equal(mien_filter_prepare(NULL, &frame), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_process(NULL, &frame, &frame), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_reset(NULL), MIEN_ERR_INVALID);
    assert_string_equal(mien_filter_error(NULL), "");
    assert_int_equal(mien_filter_stats(NULL, &stats), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_set_timing(NULL, true), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_measure_peak(NULL, &a, &b), MIEN_ERR_INVALID);
    mien_filter *f = filter_make(NULL, "");
    assert_string_equal(mien_filter_error(f), "");
    assert_int_equal(mien_filter_process(f, NULL, NULL), MIEN_ERR_INVALID);
    assert_true(mien_filter_error(f)[0] != '\0');
    assert_int_equal(mien_filter_process(f, &frame, &frame), MIEN_ERR_INVALID); /* no planes */
    assert_int_equal(mien_filter_stats(f, NULL), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_measure_peak(f, &a, &b), MIEN_ERR_INVALID);
    mien_filter_destroy(&f);
    assert_null(f);
}

static void bypass_case(mien_filter *f, mien_format format, int32_t w, int32_t h,
                        const frame_layout *from, const frame_layout *to)
{
    test_frame in = test_frame_make(format, w, h, from), out = test_frame_make(format, w, h, to);
    test_frame kept = test_frame_make(format, w, h, &tight);
    test_frame_noise(&in.frame, (uint64_t)w);
    test_frame_copy(&kept.frame, &in.frame);
    filter_run(f, &in.frame, &out.frame, MIEN_BYPASSED);
    assert_true(test_frame_equal(&in.frame, &out.frame));
    assert_true(test_frame_equal(&in.frame, &kept.frame));
    assert_true(test_frame_intact(&in) && test_frame_intact(&out));
    filter_run(f, &in.frame, &in.frame, MIEN_BYPASSED); /* in place */
    assert_true(test_frame_equal(&in.frame, &kept.frame));
    assert_true(test_frame_intact(&in));
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&kept);
}

static void no_device(mien_filter *f)
{
    mien_stats stats;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    assert_string_equal(stats.device, "");
    assert_int_equal(stats.frames, 0);
    assert_int_equal(stats.device_bytes, 0);
    assert_int_equal(stats.net_width, 0);
    assert_int_equal(stats.stages, 0);
}

/* With nothing on, frames pass to the bit and no device is opened; a style at strength 0, even
 * one that does not exist, is nothing. */
static void test_bypass(void **state)
{
    (void)state;
    static const char *const params[] = {"", "style=invert style-strength=0",
                                         "style=nosuch style-strength=0 device=nosuch"};
    static const int32_t size[][2] = {{16, 16}, {17, 19}, {64, 33}};
    for (size_t k = 0; k < sizeof params / sizeof params[0]; k++) {
        mien_filter *f = filter_make(NULL, params[k]);
        assert_true(mien_filter_is_bypass(f));
        for (int i = 0; i < TEST_FORMATS; i++)
            for (size_t s = 0; s < 3; s++) {
                bypass_case(f, test_formats[i], size[s][0], size[s][1], &loose, &inverse);
                bypass_case(f, test_formats[i], size[s][0], size[s][1], &tight, &tight);
            }
        assert_true(mien_filter_is_bypass(f));
        no_device(f);
        mien_filter_destroy(&f);
    }
}

static void test_refused_frames(void **state)
{
    (void)state;
    static const int32_t size[][2] = {{1, 1}, {15, 16}, {16, 15}, {0, 0}, {-16, 16}, {8193, 16},
                                      {16, 8193}};
    mien_filter *f = filter_make(NULL, "style=invert");
    test_frame in = test_frame_make(MIEN_FORMAT_NV12, 32, 32, &loose);
    test_frame out = test_frame_make(MIEN_FORMAT_NV12, 32, 32, &loose);
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        mien_frame a = in.frame, b = out.frame;
        a.width = b.width = size[i][0];
        a.height = b.height = size[i][1];
        filter_run(f, &a, &b, MIEN_ERR_INVALID);
        assert_int_equal(mien_filter_prepare(f, &a), MIEN_ERR_INVALID);
    }
    mien_frame other = out.frame;
    other.width = 31;
    filter_run(f, &in.frame, &other, MIEN_ERR_INVALID);
    other = out.frame;
    other.format = MIEN_FORMAT_RGBX;
    filter_run(f, &in.frame, &other, MIEN_ERR_INVALID);
    other = in.frame;
    other.stride[1] = 31;
    filter_run(f, &other, &out.frame, MIEN_ERR_INVALID);
    assert_non_null(strstr(mien_filter_error(f), "stride 31 of plane 1"));
    assert_true(test_frame_intact(&out));
    for (size_t i = 0; i < out.bytes; i++)
        assert_int_equal(out.block[i], TEST_CANARY); /* an error leaves the output alone */
    no_device(f);
    frame_gradient(&in.frame);
    filter_run(f, &in.frame, &out.frame, MIEN_OK); /* and the filter usable */
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* The largest difference from the inverted input, colour for RGB, luma for YUV. */
static int off_inverted(const mien_frame *in, const mien_frame *out)
{
    int most = 0;
    for (int32_t y = 0; y < in->height; y++) {
        size_t bytes;
        const uint8_t *a = test_frame_row(in, 0, y, &bytes);
        const uint8_t *b = test_frame_row(out, 0, y, &bytes);
        bool rgb = in->format >= MIEN_FORMAT_RGBA, yuy2 = in->format == MIEN_FORMAT_YUY2;
        for (size_t i = 0; i < (yuy2 ? 2 * (size_t)in->width : bytes); i++) {
            int want = rgb ? 255 - a[i] : 251 - a[i];
            if (rgb && i % 4 == 3)
                want = a[i];
            if (yuy2 && i % 2)
                continue;
            most = abs(b[i] - want) > most ? abs(b[i] - want) : most;
        }
    }
    return most;
}

/* Chroma of the inverted colour: mirrored around 128. */
static int off_inverted_chroma(const mien_frame *in, const mien_frame *out)
{
    int most = 0;
    bool yuy2 = in->format == MIEN_FORMAT_YUY2;
    for (int p = yuy2 ? 0 : 1; p < mien_format_planes(in->format); p++)
        for (int32_t y = 0; y < mien_format_rows(in->format, p, in->height); y++) {
            size_t bytes;
            const uint8_t *a = test_frame_row(in, p, y, &bytes);
            const uint8_t *b = test_frame_row(out, p, y, &bytes);
            for (size_t i = yuy2 ? 1 : 0; i < bytes; i += yuy2 ? 2 : 1) {
                int off = abs(b[i] - (256 - a[i]));
                most = off > most ? off : most;
            }
        }
    return most;
}

static void styled_case(mien_filter *f, mien_format format, int32_t w, int32_t h)
{
    test_frame in = test_frame_make(format, w, h, &loose);
    test_frame out = test_frame_make(format, w, h, &inverse);
    test_frame kept = test_frame_make(format, w, h, &tight);
    frame_gradient(&in.frame);
    test_frame_copy(&kept.frame, &in.frame);
    mien_filter_reset(f);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    int luma = off_inverted(&in.frame, &out.frame);
    int chroma = format <= MIEN_FORMAT_YUY2 ? off_inverted_chroma(&in.frame, &out.frame) : 0;
    if (luma > 3 || chroma > 3)
        fail_msg("%s %dx%d: off by %d, chroma by %d", test_format_name(format), (int)w, (int)h,
                 luma, chroma);
    assert_true(test_frame_equal(&in.frame, &kept.frame)); /* the input is only read */
    assert_true(test_frame_intact(&in) && test_frame_intact(&out));
    mien_filter_reset(f);
    filter_run(f, &in.frame, &in.frame, MIEN_OK); /* in place gives the same to the bit */
    assert_true(test_frame_equal(&in.frame, &out.frame));
    assert_true(test_frame_intact(&in));
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&kept);
}

/* One filter, and size and format change from frame to frame. */
static void test_formats_and_sizes(void **state)
{
    (void)state;
    static const int32_t size[][2] = {{16, 16}, {17, 19}, {50, 31}};
    mien_filter *f = filter_make(NULL, "style=invert");
    for (int i = 0; i < TEST_FORMATS; i++)
        styled_case(f, test_formats[i], size[i % 3][0], size[i % 3][1]);
    styled_case(f, MIEN_FORMAT_YUY2, 17, 16);
    styled_case(f, MIEN_FORMAT_NV12, 33, 17);
    mien_stats stats;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    assert_int_equal(stats.frames, 2 * (TEST_FORMATS + 2));
    mien_filter_destroy(&f);
}

/* A strip as long as frames may be. */
static void test_long_frames(void **state)
{
    (void)state;
    mien_filter *f = filter_make(NULL, "style=invert");
    styled_case(f, MIEN_FORMAT_I420, MIEN_SIZE_MAX, MIEN_SIZE_MIN);
    styled_case(f, MIEN_FORMAT_RGBA, MIEN_SIZE_MIN, MIEN_SIZE_MAX);
    mien_filter_destroy(&f);
}

static void unchanged(const test_frame *out)
{
    for (size_t i = 0; i < out->bytes; i++)
        assert_int_equal(out->block[i], TEST_CANARY);
}

/* What cannot be used at the start fails with one line that names it. */
static void test_bad_start(void **state)
{
    (void)state;
    static const struct {
        const char *params;
        int status;
        const char *part, *more;
    } rows[] = {
        {"style=nosuch", MIEN_ERR_IO, "'nosuch'", "grey"},
        {"style=/nowhere/x.onnx", MIEN_ERR_IO, "/nowhere/x.onnx", ""},
        {"style=broken", MIEN_ERR_MODEL, "style-broken.onnx", ""},
        {"style=invert device=nosuch", MIEN_ERR_NO_DEVICE, "'nosuch'", "there are"},
        {"style=invert device=99", MIEN_ERR_NO_DEVICE, "'99'", "there are"},
        {"style=invert models=/nowhere", MIEN_ERR_IO, "/nowhere", ""},
    };
    test_frame in = test_frame_make(MIEN_FORMAT_RGBA, 32, 32, &tight);
    test_frame out = test_frame_make(MIEN_FORMAT_RGBA, 32, 32, &tight);
    frame_gradient(&in.frame);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        filter_log log = {.lines = 0};
        mien_filter *f = filter_make(&log, rows[i].params);
        filter_run(f, &in.frame, &out.frame, rows[i].status);
        const char *text = mien_filter_error(f);
        if (!strstr(text, rows[i].part) || !strstr(text, rows[i].more) || strchr(text, '\n'))
            fail_msg("%s gives '%s'", rows[i].params, text);
        assert_true(filter_log_has(&log, MIEN_LOG_ERROR, rows[i].part));
        unchanged(&out);
        assert_int_equal(mien_filter_prepare(f, &in.frame), rows[i].status);
        /* put right, it works */
        assert_int_equal(mien_filter_set(f, "models", filter_rig_models()), MIEN_OK);
        assert_int_equal(mien_filter_set_all(f, "style='' device=''"), MIEN_OK);
        test_frame copy = test_frame_make(MIEN_FORMAT_RGBA, 32, 32, &tight);
        filter_run(f, &in.frame, &copy.frame, MIEN_BYPASSED);
        test_frame_free(&copy);
        mien_filter_destroy(&f);
    }
    test_frame_free(&in);
    test_frame_free(&out);
}

/* Parameters through the filter: errors change nothing and are kept as text. */
static void test_parameters(void **state)
{
    (void)state;
    filter_log log = {.lines = 0};
    char text[200];
    mien_filter *f = filter_make(&log, "smooth=0.5:style='invert'");
    assert_int_equal(mien_filter_get(f, "smooth", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "0.5");
    assert_int_equal(mien_filter_set(f, "smooth", "7"), MIEN_ERR_INVALID);
    assert_non_null(strstr(mien_filter_error(f), "smooth=7"));
    assert_true(filter_log_has(&log, MIEN_LOG_ERROR, "smooth=7"));
    assert_int_equal(mien_filter_set(f, "nosuch", "7"), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_get(f, "nosuch", text, sizeof text), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_get(f, "style", text, 3), MIEN_ERR_INVALID);
    assert_int_equal(mien_filter_get(f, "smooth", text, sizeof text), MIEN_OK);
    assert_string_equal(text, "0.5");
    assert_false(mien_filter_is_bypass(f));
    mien_filter_destroy(&f);
}

/* Slow work ahead of the first frame; what the filter tells about itself. */
static void test_prepare_and_stats(void **state)
{
    (void)state;
    mien_filter *f = filter_make(NULL, "style=invert");
    mien_frame shape = {.format = MIEN_FORMAT_I420, .width = 48, .height = 32};
    assert_int_equal(mien_filter_prepare(f, &shape), MIEN_OK);
    mien_stats stats;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    assert_true(stats.device[0] != '\0');
    assert_true(stats.device_bytes > 0);
    assert_int_equal(stats.frames, 0);
    assert_int_equal(stats.net_width, 48);
    assert_int_equal(stats.net_height, 32);
    assert_true(stats.net_gmac > 0);
    test_frame a = test_frame_make(MIEN_FORMAT_I420, 48, 32, &tight);
    frame_gradient(&a.frame);
    assert_int_equal(mien_filter_set_timing(f, true), MIEN_OK);
    size_t bytes = stats.device_bytes;
    for (int i = 0; i < 3; i++)
        filter_run(f, &a.frame, &a.frame, MIEN_OK);
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    assert_int_equal(stats.frames, 3);
    assert_int_equal(stats.device_bytes, bytes); /* frames allocate nothing */
    for (size_t i = 0; i < stats.stages; i++)
        assert_true(stats.stage[i].name && stats.stage[i].ms >= 0);
    test_frame_free(&a);
    mien_filter_destroy(&f);
}

static size_t stages_of(const mien_filter *f)
{
    mien_stats stats;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    return stats.stages;
}

/* Stages are measured while the overlay shows them or the host asks, whenever that comes on. */
static void test_timing(void **state)
{
    (void)state;
    static const struct {
        const char *overlay;
        bool asked, measured;
    } rows[] = {{"none", false, false}, {"timing", false, true}, {"none", false, false},
                {"none", true, true},   {"timing", true, true},  {"none", false, false}};
    mien_filter *f = filter_make(NULL, "style=invert");
    test_frame in = test_frame_make(MIEN_FORMAT_RGBA, 320, 240, &tight);
    test_frame out = test_frame_make(MIEN_FORMAT_RGBA, 320, 240, &tight);
    frame_gradient(&in.frame);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(mien_filter_set(f, "overlay", rows[i].overlay), MIEN_OK);
        assert_int_equal(mien_filter_set_timing(f, rows[i].asked), MIEN_OK);
        for (int k = 0; k < 2; k++) {
            filter_run(f, &in.frame, &out.frame, MIEN_OK);
            if (stages_of(f) != (rows[i].measured ? 5 : 0))
                fail_msg("row %d, frame %d: %d stages", (int)i, k, (int)stages_of(f));
        }
    }
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
}

/* Where only a panel is drawn into a frame, the rest of it is not even read. */
static void test_panel_alone(void **state)
{
    (void)state;
    enum { W = 256, H = 256 };
    size_t bytes = (size_t)W * H * 4, page = (size_t)sysconf(_SC_PAGESIZE);
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, page, bytes), 0);
    memset(data, 0, bytes);
    mien_frame frame = {.format = MIEN_FORMAT_RGBA, .width = W, .height = H, .data = {data},
                        .stride = {W * 4}};
    mien_filter *f = filter_make(NULL, "overlay=timing");
    size_t half = bytes / 2 / page * page;
    assert_int_equal(mprotect((uint8_t *)data + half, bytes - half, PROT_NONE), 0);
    filter_run(f, &frame, &frame, MIEN_OK); /* a signal ends the program where it is read */
    size_t drawn = 0;
    for (size_t i = 0; i < half; i++)
        drawn += frame.data[0][i] != 0;
    assert_true(drawn > 100);
    mien_filter_destroy(&f);
    mprotect((uint8_t *)data + half, bytes - half, PROT_READ | PROT_WRITE);
    free(data);
}

/* Every shipped style paints a picture: not the input, not one colour. */
static void test_shipped_styles(void **state)
{
    (void)state;
    DIR *dir = shipped ? opendir(shipped) : NULL;
    if (!dir)
        skip();
    int seen = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t n = strlen(e->d_name);
        if (n < 12 || strncmp(e->d_name, "style-", 6) != 0 || strcmp(e->d_name + n - 5, ".onnx"))
            continue;
        char params[1400];
        snprintf(params, sizeof params, "style='%s/%s'", shipped, e->d_name);
        mien_filter *f = filter_make(NULL, params);
        test_frame in = test_frame_make(MIEN_FORMAT_NV12, 66, 50, &loose);
        test_frame out = test_frame_make(MIEN_FORMAT_NV12, 66, 50, &inverse);
        frame_gradient(&in.frame);
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        assert_false(test_frame_equal(&in.frame, &out.frame));
        assert_true(test_frame_intact(&out));
        double mean = frame_mean(&out.frame);
        assert_true(mean > 20 && mean < 232);
        test_frame_free(&in);
        test_frame_free(&out);
        mien_filter_destroy(&f);
        seen++;
    }
    closedir(dir);
    assert_true(seen > 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_arguments),   cmocka_unit_test(test_bypass),
        cmocka_unit_test(test_refused_frames), cmocka_unit_test(test_formats_and_sizes),
        cmocka_unit_test(test_long_frames),    cmocka_unit_test(test_bad_start),
        cmocka_unit_test(test_parameters),     cmocka_unit_test(test_prepare_and_stats),
        cmocka_unit_test(test_timing),         cmocka_unit_test(test_panel_alone),
        cmocka_unit_test(test_shipped_styles)};
    shipped = argc > 1 ? argv[1] : NULL;
    const filter_group group = {"filter", tests, sizeof tests / sizeof tests[0]};
    return filter_tests_run(&group, argc > 2 ? argv[2] : NULL);
}
