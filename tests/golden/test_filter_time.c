/* The public interface over time: ramps, changes while the stream runs, steadiness, determinism.
 *
 *   test_filter_time MODELS [TEST]
 *
 * MODELS: the folder of the styles that ship. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "filter_rig.h"
#include "filter_tests.h"

enum { SIZE = 32, DARK = 40, FRAME_NS = 40 * 1000 * 1000 }; /* 25 frames/s */

static const double RAMP = 0.2;        /* of the range a frame: 200 ms from end to end */
static const double INVERTED = 255 - DARK;
static const char *models; /* the folder of the styles that ship */

/* A stream of even dark frames; mean() of the output tells how much of a style is in it. */
typedef struct stream {
    mien_filter *filter;
    test_frame in, out;
    int64_t pts;
} stream;

static void stream_open(stream *s, filter_log *log, const char *params)
{
    s->filter = filter_make(log, params);
    s->in = test_frame_make(MIEN_FORMAT_RGBX, SIZE, SIZE, &(frame_layout){0, false});
    s->out = test_frame_make(MIEN_FORMAT_RGBX, SIZE, SIZE, &(frame_layout){3, false});
    frame_fill(&s->in.frame, (const uint8_t[]){DARK, DARK, DARK});
    s->pts = 0;
}

static void stream_close(stream *s)
{
    mien_filter_destroy(&s->filter);
    test_frame_free(&s->in);
    test_frame_free(&s->out);
}

/* One frame on; the mean of what comes out. */
static double next(stream *s)
{
    s->in.frame.pts_ns = s->out.frame.pts_ns = s->pts;
    s->pts += FRAME_NS;
    int status = mien_filter_process(s->filter, &s->in.frame, &s->out.frame);
    if (status < 0)
        fail_msg("frame at %lld ms: %s", (long long)(s->pts / 1000000),
                 mien_filter_error(s->filter));
    if (status == MIEN_BYPASSED)
        assert_true(test_frame_equal(&s->in.frame, &s->out.frame));
    return frame_mean(&s->out.frame);
}

static void set(stream *s, const char *name, const char *value)
{
    assert_int_equal(mien_filter_set(s->filter, name, value), MIEN_OK);
}

static void near(double got, double want, const char *what)
{
    if (fabs(got - want) > 1.5)
        fail_msg("%s: the mean is %.2f, not %.2f", what, got, want);
}

static double mixed(double share)
{
    return DARK + (INVERTED - DARK) * share;
}

/* The strength walks to its new value in steps of the frame's time, and ends in a bypass. */
static void test_ramp(void **state)
{
    (void)state;
    stream s;
    stream_open(&s, NULL, "style=invert smooth=0");
    assert_false(mien_filter_is_bypass(s.filter));
    near(next(&s), mixed(1), "the first frame is styled at once");
    near(next(&s), mixed(1), "the second frame");
    set(&s, "style-strength", "0");
    for (int k = 4; k >= 1; k--) {
        near(next(&s), mixed(k * RAMP), "fading out");
        assert_false(mien_filter_is_bypass(s.filter)); /* or a host would cut the ramp short */
    }
    near(next(&s), mixed(0), "faded out");
    assert_true(test_frame_equal(&s.in.frame, &s.out.frame));
    assert_true(mien_filter_is_bypass(s.filter));
    set(&s, "style-strength", "0.5");
    assert_false(mien_filter_is_bypass(s.filter));
    near(next(&s), mixed(RAMP), "fading in");
    near(next(&s), mixed(2 * RAMP), "fading in");
    near(next(&s), mixed(0.5), "there");
    near(next(&s), mixed(0.5), "and it stays");
    set(&s, "style-strength", "0.4");
    near(next(&s), mixed(0.4), "a small step is taken at once");
    stream_close(&s);
}

/* The ramp is a time, not a number of frames. */
static void test_ramp_rates(void **state)
{
    (void)state;
    stream s;
    stream_open(&s, NULL, "style=invert smooth=0");
    next(&s);
    set(&s, "style-strength", "0");
    s.pts += FRAME_NS; /* one frame was lost */
    near(next(&s), mixed(1 - 2 * RAMP), "after a lost frame");
    s.pts -= FRAME_NS / 2;
    near(next(&s), mixed(1 - 2.5 * RAMP), "half a frame later");
    s.pts = 0; /* time runs back: taken as 1/30 s */
    near(next(&s), mixed(1 - 2.5 * RAMP - 1 / 6.0), "after a step back");
    s.pts = 3600ll * 1000 * 1000 * 1000;
    near(next(&s), mixed(0), "after a long gap");
    for (int i = 0; i < 2; i++) { /* without any time: 1/30 s */
        s.in.frame.pts_ns = s.out.frame.pts_ns = MIEN_NO_PTS;
        set(&s, "style-strength", i ? "0" : "1");
        int status = mien_filter_process(s.filter, &s.in.frame, &s.out.frame);
        assert_int_equal(status, i ? MIEN_BYPASSED : MIEN_OK);
        near(frame_mean(&s.out.frame), mixed(i ? 0 : 1 / 6.0), "no time stamps");
    }
    stream_close(&s);
}

/* From one style to another nothing jumps more than the ramp allows. */
static void test_change_of_style(void **state)
{
    (void)state;
    stream s;
    stream_open(&s, NULL, "style=invert smooth=0");
    double last = next(&s), most = 0;
    set(&s, "style", "grey");
    for (int i = 0; i < 14; i++) {
        double mean = next(&s);
        most = fmax(most, fabs(mean - last));
        last = mean;
    }
    if (most > (INVERTED - DARK) * RAMP + 1.5)
        fail_msg("the picture jumped by %.1f levels", most);
    near(last, 127.5, "the new style");
    set(&s, "style", ""); /* and off */
    for (int i = 0; i < 6; i++) {
        double mean = next(&s);
        assert_true(fabs(mean - last) <= (127.5 - DARK) * RAMP + 1.5);
        last = mean;
    }
    assert_true(mien_filter_is_bypass(s.filter));
    stream_close(&s);
}

/* A stream that plays a style, which is all there from its first frame. */
static void open_inverted(stream *s, filter_log *log)
{
    stream_open(s, log, "style=invert smooth=0");
    near(next(s), mixed(1), "before");
}

/* As long as any change takes, to the new and back. */
static void play_on(stream *s)
{
    for (int i = 0; i < 14; i++)
        next(s);
}

/* After play_on(): `wrong` was named in the log, and both picture and parameter are as before. */
static void expect_kept(stream *s, const filter_log *log, const char *name, const char *kept,
                        const char *wrong)
{
    char text[100];
    near(next(s), mixed(1), "as before after all");
    assert_true(filter_log_has(log, MIEN_LOG_ERROR, wrong));
    assert_int_equal(mien_filter_get(s->filter, name, text, sizeof text), MIEN_OK);
    assert_string_equal(text, kept);
}

/* A device is changed like a style: it fades out on the old one and in on the new one. One that is
 * not there changes nothing. */
static void test_change_of_device(void **state)
{
    (void)state;
    static const char *const overlay[] = {"none", "timing"};
    for (int k = 0; k < 2; k++) {
        filter_log log = {.lines = 0};
        stream s;
        open_inverted(&s, &log);
        set(&s, "device", "cpu");
        for (int i = 4; i >= 0; i--)
            near(next(&s), mixed(i * RAMP), "fading out");
        for (int i = 1; i <= 5; i++)
            near(next(&s), mixed(i * RAMP), "fading in");
        set(&s, "overlay", overlay[k]);
        next(&s);
        set(&s, "device", "nosuch");
        play_on(&s);
        set(&s, "overlay", "none");
        expect_kept(&s, &log, "device", "cpu", "'nosuch'");
        stream_close(&s);
    }
}

/* A host that skipped the filter while it was off gets a fade, not a pop. */
static void test_fade_in_after_bypass(void **state)
{
    (void)state;
    stream s;
    stream_open(&s, NULL, "smooth=0");
    assert_true(mien_filter_is_bypass(s.filter));
    near(next(&s), mixed(0), "off");
    set(&s, "style", "invert");
    for (int k = 1; k <= 5; k++)
        near(next(&s), mixed(k * RAMP), "fading in");
    stream_close(&s);
}

/* A style that cannot be had while one plays: the old one goes on, and the log says so. */
static void test_unknown_while_playing(void **state)
{
    (void)state;
    static const char *const bad[] = {"nosuch", "broken"};
    for (int k = 0; k < 2; k++) {
        filter_log log = {.lines = 0};
        stream s;
        open_inverted(&s, &log);
        set(&s, "style", bad[k]);
        play_on(&s);
        expect_kept(&s, &log, "style", "invert", bad[k]);
        assert_int_equal(filter_log_count(&log, MIEN_LOG_ERROR, ""), 1); /* once, not every frame */
        stream_close(&s);
    }
}

/* The same where the stream breaks at that moment: a seek, or frames of another size. */
static void test_unknown_at_a_break(void **state)
{
    (void)state;
    for (int k = 0; k < 2; k++) {
        filter_log log = {.lines = 0};
        stream s;
        open_inverted(&s, &log);
        set(&s, "style", "nosuch");
        if (k == 0) {
            assert_int_equal(mien_filter_reset(s.filter), MIEN_OK);
        } else {
            s.in.frame.height -= 3;
            s.out.frame.height -= 3;
        }
        play_on(&s);
        expect_kept(&s, &log, "style", "invert", "nosuch");
        stream_close(&s);
    }
}

/* ---- scenes ---- */

/* Blocks and a gradient, moved by `shift` pixels, with noise of `sigma` levels. */
static void scene(const mien_frame *f, int32_t shift, double sigma, uint64_t seed)
{
    dice d = dice_of(seed);
    for (int p = 0; p < mien_format_planes(f->format); p++)
        for (int32_t y = 0; y < mien_format_rows(f->format, p, f->height); y++) {
            size_t bytes;
            uint8_t *row = test_frame_row(f, p, y, &bytes);
            for (size_t i = 0; i < bytes; i++) {
                int32_t x = (int32_t)i + shift;
                double v = p ? 118 + (double)(i % 2 * 16)
                             : 90 + x * 0.7 + 40 * ((x / 12 + y / 9) % 2) + 12 * sin(y * 0.4);
                v += sigma * (double)dice_normal(&d);
                row[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5);
            }
        }
}

enum { WIDE = 64, HIGH = 48, FRAMES = 64, WARM = 16, MARGIN = 4 };

/* Mean over pixels of the deviation over time between 3 Hz and half the frame rate. */
static double flicker(const uint8_t *frames)
{
    enum { FIRST = 3 * FRAMES / 25 + 1, LAST = FRAMES / 2 };
    static double wave[FRAMES];
    double sum = 0;
    for (int k = 0; k < FRAMES; k++)
        wave[k] = cos(2 * 3.14159265358979 * k / FRAMES);
    for (int pixel = 0; pixel < WIDE * HIGH; pixel++) {
        double power = 0;
        for (int bin = FIRST; bin <= LAST; bin++) {
            double re = 0, im = 0;
            for (int t = 0; t < FRAMES; t++) {
                double v = frames[t * WIDE * HIGH + pixel];
                re += v * wave[bin * t % FRAMES];
                im += v * wave[(bin * t + FRAMES / 4) % FRAMES];
            }
            power += (bin == LAST ? 1 : 2) * (re * re + im * im);
        }
        sum += sqrt(power) / FRAMES;
    }
    return sum / (WIDE * HIGH);
}

/* Flicker of a noisy scene that stands still, after the first frames. */
static double still_flicker(const char *style, const char *smooth)
{
    char params[1500];
    snprintf(params, sizeof params, "style='%s' smooth=%s", style, smooth);
    mien_filter *f = filter_make(NULL, params);
    test_frame a = test_frame_make(MIEN_FORMAT_NV12, WIDE, HIGH, &(frame_layout){0, false});
    uint8_t *luma = malloc(FRAMES * WIDE * HIGH);
    assert_non_null(luma);
    for (int t = 0; t < WARM + FRAMES; t++) {
        scene(&a.frame, 0, 2, (uint64_t)t);
        a.frame.pts_ns = (int64_t)t * FRAME_NS;
        filter_run(f, &a.frame, &a.frame, MIEN_OK);
        if (t >= WARM)
            memcpy(luma + (t - WARM) * WIDE * HIGH, a.frame.data[0], WIDE * HIGH);
    }
    double result = flicker(luma);
    free(luma);
    test_frame_free(&a);
    mien_filter_destroy(&f);
    return result;
}

static void check_steadiness(const char *style)
{
    double loose = still_flicker(style, "0"), smooth = still_flicker(style, "0.8");
    print_message("flicker of %s: %.3f levels at smooth=0, %.3f at 0.8\n",
                  strrchr(style, '/') ? strrchr(style, '/') + 1 : style, loose, smooth);
    assert_true(loose > 0.3); /* or there is nothing to steady */
    assert_true(smooth <= loose / 3);
}

static void test_steadiness(void **state)
{
    (void)state;
    check_steadiness("sharp");
    char path[1200];
    snprintf(path, sizeof path, "%s/style-cartoon.onnx", models);
    check_steadiness(path);
}

/* A dark square with stripes, its left edge at x: a hand that passes. */
static void put_hand(const mien_frame *f, int32_t x)
{
    enum { HAND = 36, TOP = 30 };
    for (int32_t j = TOP; j < TOP + HAND; j++)
        for (int32_t i = x < 0 ? 0 : x; i < x + HAND && i < f->width; i++)
            f->data[0][j * f->stride[0] + i] = (uint8_t)(45 + 30 * ((i - x) / 6 % 2));
}

/* A wall that repeats nowhere: waves whose lengths have no common multiple, and steps. */
static void wall(const mien_frame *f)
{
    for (int32_t y = 0; y < f->height; y++)
        for (int32_t x = 0; x < f->width; x++) {
            double v = 130 + 22 * sin(x * 0.173 + y * 0.031) + 18 * sin(y * 0.211 - x * 0.047) +
                       12 * sin(x * 0.467 + y * 0.389) + (x * x / 37 + y * y / 23) % 97 / 6;
            f->data[0][y * f->stride[0] + x] = (uint8_t)v;
        }
    for (int32_t y = 0; y < (f->height + 1) / 2; y++)
        memset(f->data[1] + y * f->stride[1], 128, (size_t)(f->width + 1) / 2 * 2);
}

/* Where a hand has just been, the picture is what it would be without it: no trail. */
static void test_no_trail(void **state)
{
    (void)state;
    enum { W = 192, H = 96, STEP = 9, BEHIND = 60, ROWS_FROM = 30, ROWS = 36 };
    mien_filter *with = filter_make(NULL, "style=sharp");
    mien_filter *without = filter_make(NULL, "style=sharp");
    test_frame a = test_frame_make(MIEN_FORMAT_NV12, W, H, &(frame_layout){0, false});
    test_frame b = test_frame_make(MIEN_FORMAT_NV12, W, H, &(frame_layout){0, false});
    double square = 0;
    int most = 0, count = 0;
    for (int t = 0; t < 24; t++) {
        int32_t hand = STEP * t - 40;
        wall(&a.frame);
        wall(&b.frame);
        put_hand(&a.frame, hand);
        filter_run(with, &a.frame, &a.frame, MIEN_OK);
        filter_run(without, &b.frame, &b.frame, MIEN_OK);
        for (int y = ROWS_FROM; hand > BEHIND && y < ROWS_FROM + ROWS; y++)
            for (int x = hand - BEHIND; x < hand - 4 && x < W; x++) {
                int off = abs(a.frame.data[0][y * a.frame.stride[0] + x] -
                              b.frame.data[0][y * b.frame.stride[0] + x]);
                most = off > most ? off : most;
                square += off * off;
                count++;
            }
    }
    double rms = sqrt(square / count);
    print_message("behind the hand: %.2f levels rms, %d at most\n", rms, most);
    if (rms > 1.2)
        fail_msg("a trail of %.2f levels rms, %d at most", rms, most);
    test_frame_free(&a);
    test_frame_free(&b);
    mien_filter_destroy(&with);
    mien_filter_destroy(&without);
}

/* A cut: the old picture must be gone at once. */
static void test_cut(void **state)
{
    (void)state;
    mien_filter *f = filter_make(NULL, "style=sharp"), *fresh = filter_make(NULL, "style=sharp");
    test_frame a = test_frame_make(MIEN_FORMAT_NV12, WIDE, HIGH, &(frame_layout){0, false});
    test_frame b = test_frame_make(MIEN_FORMAT_NV12, WIDE, HIGH, &(frame_layout){0, false});
    for (int t = 0; t < 12; t++) {
        scene(&a.frame, 0, 2, (uint64_t)t);
        filter_run(f, &a.frame, &a.frame, MIEN_OK);
    }
    frame_gradient(&a.frame);
    filter_run(f, &a.frame, &b.frame, MIEN_OK);
    filter_run(fresh, &a.frame, &a.frame, MIEN_OK);
    /* Inside: at the border the style's own zeros outside the picture look like motion. */
    double off = 0;
    int most = 0;
    for (int y = MARGIN; y < HIGH - MARGIN; y++)
        for (int x = MARGIN; x < WIDE - MARGIN; x++) {
            int one = abs(a.frame.data[0][y * WIDE + x] - b.frame.data[0][y * WIDE + x]);
            most = one > most ? one : most;
            off += one;
        }
    off /= (WIDE - 2 * MARGIN) * (HIGH - 2 * MARGIN);
    if (off > 2 || most > 24)
        fail_msg("%.1f levels of the old scene are left, %d at worst", off, most);
    test_frame_free(&a);
    test_frame_free(&b);
    mien_filter_destroy(&f);
    mien_filter_destroy(&fresh);
}

/* Runs `count` frames of a moving scene; the last output is left in *out. */
static void run_scene(mien_filter *f, const mien_frame *out, int count, int first)
{
    test_frame in =
        test_frame_make(out->format, out->width, out->height, &(frame_layout){1, false});
    for (int t = first; t < first + count; t++) {
        scene(&in.frame, t * 2, 2, (uint64_t)t);
        in.frame.pts_ns = (int64_t)t * FRAME_NS;
        filter_run(f, &in.frame, out, MIEN_OK);
    }
    test_frame_free(&in);
}

/* The same frames give the same bytes. */
static void test_determinism(void **state)
{
    (void)state;
    test_frame a = test_frame_make(MIEN_FORMAT_I420, 70, 50, &(frame_layout){0, false});
    test_frame b = test_frame_make(MIEN_FORMAT_I420, 70, 50, &(frame_layout){0, true});
    mien_filter *f = filter_make(NULL, "style=sharp"), *g = filter_make(NULL, "style=sharp");
    run_scene(f, &a.frame, 12, 0);
    run_scene(g, &b.frame, 12, 0);
    assert_true(test_frame_equal(&a.frame, &b.frame));
    mien_filter_destroy(&f);
    mien_filter_destroy(&g);
    test_frame_free(&a);
    test_frame_free(&b);
}

/* After a reset, and after a change of size or format, a frame comes out as from a new filter. */
static void test_no_past(void **state)
{
    (void)state;
    static const mien_format before[] = {MIEN_FORMAT_I420, MIEN_FORMAT_I420, MIEN_FORMAT_BGRA};
    static const int32_t width[] = {70, 48, 70};
    for (int k = 0; k < 3; k++) {
        test_frame other = test_frame_make(before[k], width[k], 50, &(frame_layout){0, false});
        test_frame a = test_frame_make(MIEN_FORMAT_I420, 70, 50, &(frame_layout){0, false});
        test_frame b = test_frame_make(MIEN_FORMAT_I420, 70, 50, &(frame_layout){0, false});
        mien_filter *f = filter_make(NULL, "style=sharp"), *g = filter_make(NULL, "style=sharp");
        run_scene(f, &other.frame, 5, 0);
        if (k == 0) {
            test_frame check = test_frame_make(MIEN_FORMAT_I420, 70, 50, &(frame_layout){0, false});
            run_scene(f, &check.frame, 1, 5);
            run_scene(g, &b.frame, 1, 5);
            assert_false(test_frame_equal(&check.frame, &b.frame)); /* there was a past */
            test_frame_free(&check);
            assert_int_equal(mien_filter_reset(f), MIEN_OK);
            assert_int_equal(mien_filter_reset(g), MIEN_OK);
        }
        run_scene(f, &a.frame, 1, 9);
        run_scene(g, &b.frame, 1, 9);
        if (!test_frame_equal(&a.frame, &b.frame))
            fail_msg("case %d: something of the past is left", k);
        mien_filter_destroy(&f);
        mien_filter_destroy(&g);
        test_frame_free(&other);
        test_frame_free(&a);
        test_frame_free(&b);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ramp),
        cmocka_unit_test(test_ramp_rates),
        cmocka_unit_test(test_change_of_style),
        cmocka_unit_test(test_change_of_device),
        cmocka_unit_test(test_fade_in_after_bypass),
        cmocka_unit_test(test_unknown_while_playing),
        cmocka_unit_test(test_unknown_at_a_break),
        cmocka_unit_test(test_steadiness),
        cmocka_unit_test(test_no_trail),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_determinism),
        cmocka_unit_test(test_no_past)};
    if (argc < 2) {
        fprintf(stderr, "usage: test_filter_time MODELS [TEST]\n");
        return 1;
    }
    models = argv[1];
    const filter_group group = {"filter over time", tests, sizeof tests / sizeof tests[0]};
    return filter_tests_run(&group, argc > 2 ? argv[2] : NULL);
}
