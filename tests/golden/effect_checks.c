#include "effect_checks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

mien_filter *effect_filter(const face_effect *e, filter_log *log, const char *others)
{
    char params[200];
    snprintf(params, sizeof params, "%s %s", e->params, others ? others : "");
    return portrait_filter(log, params);
}

void effect_expect(const face_effect *e, const char *what, const scene_change *c)
{
    for (int32_t i = 0; i < e->parts.count; i++)
        if (c->in[0][i] < e->least)
            fail_msg("%s: part %d differs by %ld", what, (int)i, c->in[0][i]);
    if (c->elsewhere)
        fail_msg("%s: what is no part differs by %ld", what, c->elsewhere);
}

static scene_change run(const face_effect *e, mien_filter *f, const scene *s,
                        const mien_frame *in, const mien_frame *out)
{
    return scene_run(f, s, &e->parts, in, out);
}

void effect_check_format(const face_effect *e, mien_format format)
{
    static const frame_layout layout[] = {{0, false}, {7, true}};
    test_frame first = scene_make(&scene_one, format, 638, 470, &scene_tight);
    mien_filter *f = effect_filter(e, NULL, NULL);
    for (int round = 0; round < 3; round++) {
        test_frame in = scene_make(&scene_one, format, 638, 470, &layout[round > 0]);
        test_frame out = scene_make(&scene_one, format, 638, 470, &layout[round > 0]);
        assert_int_equal(mien_filter_reset(f), MIEN_OK);
        filter_run(f, round < 2 ? &in.frame : &out.frame, &out.frame, MIEN_OK);
        scene_change c = scene_compare(&scene_one, &e->parts, &in.frame, &out.frame);
        effect_expect(e, test_format_name(format), &c);
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

/* Sets the parameter and runs eight frames, which are more than 200 ms: from one to the next the
 * change grows or shrinks by less than 45 % of `whole`, and nothing but the parts changes. Returns
 * in how many frames, counted from the first, there was a change; *last: how much in the last. */
static int slide(const face_effect *e, mien_filter *f, const test_frame *in, const test_frame *out,
                 const char *value, long was, long whole, long *last)
{
    int seen = 0;
    assert_int_equal(mien_filter_set(f, e->name, value), MIEN_OK);
    for (int i = 0; i < 8; i++) {
        scene_change c = run(e, f, &scene_one, &in->frame, &out->frame);
        assert_int_equal(c.elsewhere, 0);
        if (labs(c.inside - was) > whole * 45 / 100)
            fail_msg("to %s: from %ld to %ld in frame %d", value, was, c.inside, i);
        was = c.inside;
        seen += was > 0 && seen == i;
    }
    *last = was;
    return seen;
}

/* How much there is of the effect at the end of its range. */
static long whole_of(const face_effect *e, const test_frame *in, const test_frame *out)
{
    mien_filter *f = effect_filter(e, NULL, NULL);
    assert_int_equal(mien_filter_set(f, e->name, e->most), MIEN_OK);
    scene_change c = run(e, f, &scene_one, &in->frame, &out->frame);
    effect_expect(e, "the whole", &c);
    mien_filter_destroy(&f);
    return c.inside;
}

void effect_check_slider(const face_effect *e)
{
    char folder[TEST_FOLDER];
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    long all, whole = whole_of(e, &in, &out), none;
    mien_filter *f = effect_filter(e, NULL, NULL);
    assert_int_equal(mien_filter_set(f, e->name, "0"), MIEN_OK);
    assert_true(mien_filter_is_bypass(f));
    filter_run(f, &in.frame, &out.frame, MIEN_BYPASSED);
    assert_true(test_frame_equal(&in.frame, &out.frame));
    portrait_folder_make(folder);
    assert_int_equal(mien_filter_set(f, "models", folder), MIEN_OK);
    mien_filter_set_analysis(f, true); /* the stream is under way */
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_true(test_frame_equal(&in.frame, &out.frame));
    assert_int_equal(mien_filter_set(f, "models", portrait_models()), MIEN_OK);

    assert_true(slide(e, f, &in, &out, e->most, 0, whole, &all) >= 7);
    assert_true(labs(all - whole) < whole / 10);
    int down = slide(e, f, &in, &out, "0", all, whole, &none);
    assert_in_range(down, 5, 6); /* 200 ms */
    assert_int_equal(none, 0);
    mien_filter_set_analysis(f, false);
    assert_true(mien_filter_is_bypass(f));
    mien_filter_destroy(&f);
    test_folder_remove(folder);
    test_frame_free(&in);
    test_frame_free(&out);
}

void effect_check_several(const face_effect *e)
{
    static const scene two = {.x = {0, 540}, .y = {0, 8}, .count = 2};
    test_frame in = scene_make(&two, MIEN_FORMAT_I420, 1100, 520, &scene_tight);
    test_frame out = scene_make(&two, MIEN_FORMAT_I420, 1100, 520, &scene_tight);
    for (int faces = 2; faces > 0; faces--) {
        mien_filter *f = effect_filter(e, NULL, faces == 2 ? "max-faces=2" : "max-faces=1");
        scene_change c = {0};
        for (int i = 0; i < 16; i++)
            c = run(e, f, &two, &in.frame, &out.frame);
        int changed = 0;
        for (int i = 0; i < 2; i++)
            for (int32_t part = 0; part < e->parts.count; part++)
                changed += c.in[i][part] > e->least / 2; /* luma only is of full size */
        assert_int_equal(changed, faces * e->parts.count);
        assert_int_equal(c.elsewhere, 0);
        mien_filter_destroy(&f);
    }
    test_frame_free(&in);
    test_frame_free(&out);
}

void effect_check_starts_again(const face_effect *e)
{
    static const scene moved = {.x = {10}, .y = {20}, .count = 1};
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    test_frame first = scene_rgba(&scene_one), other = scene_rgba(&moved);
    test_frame wide = scene_make(&scene_one, MIEN_FORMAT_RGBA, 720, 480, &scene_tight);
    test_frame wide_out = scene_make(&scene_one, MIEN_FORMAT_RGBA, 720, 480, &scene_tight);
    mien_filter *f = effect_filter(e, NULL, NULL);
    filter_run(f, &in.frame, &first.frame, MIEN_OK);
    for (int i = 0; i < 4; i++)
        filter_run(f, &other.frame, &out.frame, MIEN_OK);
    assert_int_equal(mien_filter_reset(f), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(test_frame_difference(&first.frame, &out.frame), 0);
    scene_change c = run(e, f, &scene_one, &wide.frame, &wide_out.frame);
    effect_expect(e, "another size", &c);
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&first);
    test_frame_free(&other);
    test_frame_free(&wide);
    test_frame_free(&wide_out);
}

/* Of the first pixel of `within`, in scene_one. */
static int32_t left_of(const face_effect *e)
{
    return e->within.x + scene_one.x[0];
}

static int32_t top_of(const face_effect *e)
{
    return e->within.y + scene_one.y[0];
}

static bool same_within(const face_effect *e, const mien_frame *a, const mien_frame *b)
{
    bool same = true;
    for (int32_t y = top_of(e); y < top_of(e) + e->within.height; y++)
        same = same && memcmp(a->data[0] + y * a->stride[0] + 4 * left_of(e),
                              b->data[0] + y * b->stride[0] + 4 * left_of(e),
                              4 * (size_t)e->within.width) == 0;
    return same;
}

static int red(const mien_frame *f, int32_t x, int32_t y)
{
    return f->data[0][y * f->stride[0] + 4 * x];
}

/* How much of what the effect changes the inverted picture shows: 1 is all of it. */
static double share_shown(const face_effect *e, const mien_frame *bare, const mien_frame *changed,
                          const mien_frame *styled)
{
    double product = 0, square = 0;
    for (int32_t y = top_of(e); y < top_of(e) + e->within.height; y++)
        for (int32_t x = left_of(e); x < left_of(e) + e->within.width; x++) {
            double d = red(changed, x, y) - red(bare, x, y);
            product += d * (255 - red(styled, x, y) - red(bare, x, y));
            square += d * d;
        }
    return product / square;
}

void effect_check_style(const face_effect *e)
{
    static const char *const over[] = {"smooth=0 style-area=face", "smooth=0 style-area=frame"};
    test_frame in = scene_rgba(&scene_one), changed = scene_rgba(&scene_one);
    test_frame out = scene_rgba(&scene_one);
    mien_filter *alone = effect_filter(e, NULL, NULL);
    filter_run(alone, &in.frame, &changed.frame, MIEN_OK);
    mien_filter_destroy(&alone);
    for (int round = 0; round < 2; round++) {
        mien_filter *f = effect_filter(e, NULL, "smooth=0 style-area=background");
        test_frame_copy(&out.frame, &in.frame);
        filter_run(f, round ? &out.frame : &in.frame, &out.frame, MIEN_OK);
        assert_true(same_within(e, &out.frame, &changed.frame));
        assert_true(abs(red(&out.frame, 600, 440) - 135) < 8);
        mien_filter_destroy(&f);
    }
    for (int i = 0; i < 2; i++) {
        mien_filter *f = effect_filter(e, NULL, over[i]);
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
        double share = share_shown(e, &in.frame, &changed.frame, &out.frame);
        print_message("with %s the style shows %.2f of %s\n", over[i], share, e->name);
        assert_true(share > 0.6 && share < 1.2);
        assert_int_equal(red(&out.frame, 600, 440) == 120, i == 0);
        mien_filter_destroy(&f);
    }
    test_frame_free(&in);
    test_frame_free(&changed);
    test_frame_free(&out);
}

void effect_check_overlay(const face_effect *e)
{
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    test_frame changed = scene_rgba(&scene_one);
    mien_filter *f = effect_filter(e, NULL, "overlay=timing");
    mien_filter *alone = effect_filter(e, NULL, NULL);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    filter_run(alone, &in.frame, &changed.frame, MIEN_OK);
    assert_true(same_within(e, &out.frame, &changed.frame));
    mien_stats stats;
    double gflop = 0;
    assert_int_equal(mien_filter_stats(f, &stats), MIEN_OK);
    for (size_t i = 0; i < stats.stages; i++)
        if (strcmp(stats.stage[i].name, e->name) == 0 && stats.stage[i].ms > 0)
            gflop = stats.stage[i].gflop;
    assert_true(gflop > e->gflop[0] && gflop < e->gflop[1]);
    mien_filter_destroy(&alone);
    assert_int_equal(mien_filter_set(f, "overlay", "mesh"), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_false(same_within(e, &out.frame, &changed.frame));
    mien_filter_destroy(&f);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&changed);
}

static void check_value(mien_filter *f, const char *name, const char *value)
{
    char text[32];
    assert_int_equal(mien_filter_get(f, name, text, sizeof text), MIEN_OK);
    assert_string_equal(text, value);
}

/* At the start: an error, and nothing is written. */
static void check_no_start(const face_effect *e, const char *folder, const test_frame *in)
{
    filter_log log = {.lines = 0};
    test_frame out = scene_rgba(&scene_one);
    mien_filter *f = effect_filter(e, &log, NULL);
    assert_int_equal(mien_filter_set(f, "models", folder), MIEN_OK);
    filter_run(f, &in->frame, &out.frame, MIEN_ERR_IO);
    assert_non_null(strstr(mien_filter_error(f), e->file));
    assert_int_equal(filter_log_count(&log, MIEN_LOG_ERROR, e->file), 1);
    assert_true(test_frame_equal(&in->frame, &out.frame));
    mien_filter_destroy(&f);
    test_frame_free(&out);
}

void effect_check_missing_model(const face_effect *e)
{
    char folder[TEST_FOLDER], model[TEST_PATH], from[600];
    filter_log log = {.lines = 0};
    test_frame in = scene_rgba(&scene_one), out = scene_rgba(&scene_one);
    test_frame wide = scene_make(&scene_one, MIEN_FORMAT_RGBA, 720, 480, &scene_tight);
    portrait_folder_make(folder);
    check_no_start(e, folder, &in);
    mien_filter *f = portrait_filter(&log, "overlay=mesh");
    assert_int_equal(mien_filter_set(f, "models", folder), MIEN_OK);
    filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(mien_filter_set(f, e->name, e->most), MIEN_OK);
    for (int i = 0; i < 3; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    assert_int_equal(filter_log_count(&log, MIEN_LOG_ERROR, e->file), 1);
    check_value(f, e->name, "0");
    check_value(f, "overlay", "mesh");

    snprintf(from, sizeof from, "%s/%s", portrait_models(), e->file);
    snprintf(model, sizeof model, "%s/%s", folder, e->file);
    size_t size;
    uint8_t *bytes = test_file_read(from, &size);
    assert_non_null(bytes);
    test_file_write(model, bytes, size);
    assert_int_equal(mien_filter_set_all(f, e->params), MIEN_OK);
    assert_int_equal(mien_filter_set(f, "overlay", "none"), MIEN_OK);
    for (int i = 0; i < 8; i++)
        filter_run(f, &in.frame, &out.frame, MIEN_OK);
    scene_change c = scene_compare(&scene_one, &e->parts, &in.frame, &out.frame);
    effect_expect(e, "with its model", &c);
    test_file_write(model, bytes, size / 2);
    filter_run(f, &wide.frame, &wide.frame, MIEN_ERR_MODEL);
    assert_int_equal(filter_log_count(&log, MIEN_LOG_ERROR, e->file), 2);
    mien_filter_destroy(&f);
    free(bytes);
    test_folder_remove(folder);
    test_frame_free(&in);
    test_frame_free(&out);
    test_frame_free(&wide);
}

void effect_check_refused(const char *name, const char *value)
{
    char before[32];
    mien_filter *f = portrait_filter(NULL, "");
    assert_int_equal(mien_filter_get(f, name, before, sizeof before), MIEN_OK);
    if (mien_filter_set(f, name, value) != MIEN_ERR_INVALID)
        fail_msg("%s=%s is taken", name, value);
    assert_non_null(strstr(mien_filter_error(f), name));
    check_value(f, name, before);
    assert_true(mien_filter_is_bypass(f));
    mien_filter_destroy(&f);
}
