/* The element with a style on: needs a Vulkan device (a CPU driver will do), else skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <mien/mien.h>

#include "gst_bench.h"

#define STYLE "cartoon"

static void open_styled(Bench *bench)
{
    bench_open(bench);
    g_object_set(bench->element, "device", "cpu", "style", STYLE, NULL);
    gst_util_set_object_arg(G_OBJECT(bench->element), "quality", "low");
}

/* Frames are pushed until one passes as the same memory, at most `limit`; -1: none did. */
static int frames_to_bypass(Bench *bench, int limit)
{
    for (int i = 0; i < limit; i++) {
        GstBuffer *in = bench_picture(bench, 1);
        GstBuffer *held = gst_buffer_copy_deep(in);
        GstMemory *memory = gst_buffer_peek_memory(in, 0);
        GstBuffer *out = bench_push(bench, in);
        assert_non_null(out);
        gboolean same = gst_buffer_peek_memory(out, 0) == memory && bench_same(out, held);
        gst_buffer_unref(out);
        gst_buffer_unref(held);
        if (same)
            return i;
    }
    return -1;
}

static double change_by(Bench *bench, guint seed)
{
    GstBuffer *in = bench_picture(bench, seed);
    GstBuffer *copy = gst_buffer_copy_deep(in);
    GstBuffer *out = bench_push(bench, in);
    assert_non_null(out);
    double psnr = bench_psnr(copy, out);
    gst_buffer_unref(out);
    gst_buffer_unref(copy);
    return psnr;
}

static void every_format_is_styled(void **state)
{
    (void)state;
    static const int sizes[][2] = {{128, 96}, {75, 51}};
    for (int f = 0; bench_formats[f]; f++) {
        Bench bench;
        open_styled(&bench);
        for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
            bench_start(&bench, bench_formats[f], sizes[s][0], sizes[s][1]);
            double psnr = change_by(&bench, 1);
            if (!(psnr > 3 && psnr < 40))
                fail_msg("%s: %.1f dB to the input", bench_formats[f], psnr);
        }
        bench_close(&bench);
    }
}

/* The fourth byte of RGB formats is not a colour and stays. */
static void alpha_is_kept(void **state)
{
    (void)state;
    static const char *const formats[] = {"RGBA", "BGRx"};
    for (size_t f = 0; f < G_N_ELEMENTS(formats); f++) {
        Bench bench;
        GstMapInfo a, b;
        open_styled(&bench);
        bench_start(&bench, formats[f], 64, 48);
        GstBuffer *in = bench_picture(&bench, 3);
        GstBuffer *copy = gst_buffer_copy_deep(in);
        GstBuffer *out = bench_push(&bench, in);
        gst_buffer_map(copy, &a, GST_MAP_READ);
        gst_buffer_map(out, &b, GST_MAP_READ);
        for (gsize i = 3; i < a.size; i += 4)
            assert_int_equal(a.data[i], b.data[i]);
        gst_buffer_unmap(copy, &a);
        gst_buffer_unmap(out, &b);
        gst_buffer_unref(copy);
        gst_buffer_unref(out);
        bench_close(&bench);
    }
}

/* A buffer that others hold too must not change under their eyes. */
static void shared_buffers_are_copied(void **state)
{
    (void)state;
    Bench bench;
    open_styled(&bench);
    bench_start(&bench, "NV12", 64, 48);
    GstBuffer *in = bench_picture(&bench, 3);
    GstBuffer *copy = gst_buffer_copy_deep(in);
    GstBuffer *out = bench_push(&bench, gst_buffer_ref(in));
    assert_ptr_not_equal(in, out);
    assert_true(bench_same(in, copy));
    assert_false(bench_same(in, out));
    gst_buffer_unref(in);
    gst_buffer_unref(copy);
    gst_buffer_unref(out);
    bench_close(&bench);
}

static GstBuffer *third_frame(void)
{
    Bench bench;
    open_styled(&bench);
    bench_start(&bench, "I420", 128, 96);
    for (guint i = 0; i < 2; i++)
        gst_buffer_unref(bench_run(&bench, i));
    GstBuffer *out = bench_run(&bench, 2);
    bench_close(&bench);
    return out;
}

static void runs_are_repeatable(void **state)
{
    (void)state;
    GstBuffer *a = third_frame(), *b = third_frame();
    assert_non_null(a);
    assert_non_null(b);
    assert_true(bench_psnr(a, b) > 50);
    gst_buffer_unref(a);
    gst_buffer_unref(b);
}

static void new_size_and_format_in_mid_stream(void **state)
{
    (void)state;
    static const int sizes[][2] = {{128, 96}, {96, 128}, {65, 49}, {128, 96}};
    Bench bench;
    open_styled(&bench);
    for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) {
        bench_start(&bench, bench_formats[s], sizes[s][0], sizes[s][1]);
        for (guint i = 0; i < 2; i++)
            assert_true(change_by(&bench, i) < 40);
    }
    bench_close(&bench);
}

static void properties_change_while_playing(void **state)
{
    (void)state;
    Bench bench;
    open_styled(&bench);
    bench_start(&bench, "I420", 128, 96);
    assert_true(change_by(&bench, 1) < 40);
    g_object_set(bench.element, "style-strength", 0.0, NULL);
    int faded = frames_to_bypass(&bench, 12); /* the ramp takes 200 ms: 5 frames */
    assert_in_range(faded, 2, 7);
    g_object_set(bench.element, "style-strength", 0.7, NULL);
    double first = change_by(&bench, 1), last = first;
    for (int i = 0; i < 6; i++)
        last = change_by(&bench, 1);
    assert_true(last < 40 && last < first - 1); /* it fades in, too */
    g_object_set(bench.element, "style", "", NULL);
    assert_int_not_equal(frames_to_bypass(&bench, 12), -1);
    bench_close(&bench);
}

/* Frames that passed untouched are a past, too: the first style of a running stream fades in. */
static void first_style_of_a_running_stream_fades_in(void **state)
{
    (void)state;
    Bench bench;
    open_styled(&bench);
    g_object_set(bench.element, "style", "", NULL);
    bench_start(&bench, "I420", 128, 96);
    assert_int_equal(frames_to_bypass(&bench, 1), 0);
    g_object_set(bench.element, "style", STYLE, NULL);
    double first = change_by(&bench, 1), last = first;
    for (int i = 0; i < 6; i++)
        last = change_by(&bench, 1);
    if (!(last < 40 && last < first - 3))
        fail_msg("%.1f dB to the input, then %.1f", first, last);
    bench_close(&bench);
}

/* 0 up to one second of stream time, 1 after it: the element must leave passthrough by itself. */
static void controller_drives_the_strength(void **state)
{
    (void)state;
    Bench bench;
    open_styled(&bench);
    GstControlSource *source = gst_interpolation_control_source_new();
    g_object_set(source, "mode", GST_INTERPOLATION_MODE_NONE, NULL);
    GstTimedValueControlSource *timed = GST_TIMED_VALUE_CONTROL_SOURCE(source);
    gst_timed_value_control_source_set(timed, 0, 0.0);
    gst_timed_value_control_source_set(timed, GST_SECOND, 1.0);
    gst_object_add_control_binding(
        GST_OBJECT(bench.element),
        gst_direct_control_binding_new(GST_OBJECT(bench.element), "style-strength", source));
    gst_object_unref(source);

    bench_start(&bench, "I420", 64, 48);
    assert_int_equal(frames_to_bypass(&bench, 1), 0);
    while (bench.pushed < 25)
        assert_int_equal(frames_to_bypass(&bench, 1), 0);
    for (int i = 0; i < 7; i++)
        gst_buffer_unref(bench_run(&bench, 1));
    assert_true(change_by(&bench, 1) < 40);
    bench_close(&bench);
}

/* After a flush the frames have no past: the same frame gives what it gave at the start. */
static void flush_forgets_the_past(void **state)
{
    (void)state;
    Bench bench;
    GstSegment segment;
    open_styled(&bench);
    bench_start(&bench, "I420", 128, 96);
    GstBuffer *first = bench_run(&bench, 40);
    for (guint i = 0; i < 4; i++)
        gst_buffer_unref(bench_run(&bench, i));
    assert_true(gst_harness_push_event(bench.harness, gst_event_new_flush_start()));
    assert_true(gst_harness_push_event(bench.harness, gst_event_new_flush_stop(TRUE)));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = 0;
    assert_true(gst_harness_push_event(bench.harness, gst_event_new_segment(&segment)));
    bench.pushed = 0;
    GstBuffer *again = bench_run(&bench, 40);
    assert_non_null(again);
    assert_true(bench_psnr(first, again) > 50);
    gst_buffer_unref(first);
    gst_buffer_unref(again);
    bench_close(&bench);
}

/* The frame with seed 2 after a DISCONT and a gap, against the same frame as a stream's first. */
static double likeness_to_first(GstClockTime gap)
{
    Bench bench;
    open_styled(&bench);
    g_object_set(bench.element, "smooth", 1.0, NULL);
    bench_start(&bench, "I420", 128, 96);
    GstBuffer *first = bench_run(&bench, 2);
    bench_close(&bench);
    open_styled(&bench);
    g_object_set(bench.element, "smooth", 1.0, NULL);
    bench_start(&bench, "I420", 128, 96);
    for (guint i = 0; i < 4; i++)
        gst_buffer_unref(bench_run(&bench, 1));
    bench.pushed += gap * 25 / GST_SECOND;
    GstBuffer *picture = bench_picture(&bench, 2);
    GST_BUFFER_FLAG_SET(picture, GST_BUFFER_FLAG_DISCONT);
    GstBuffer *later = bench_push(&bench, picture);
    double psnr = bench_psnr(first, later);
    gst_buffer_unref(first);
    gst_buffer_unref(later);
    bench_close(&bench);
    return psnr;
}

/* A dropped frame (leaky queues mark each with DISCONT) must not make the picture flicker; a jump
 * in time must not smear the old one into the new one. */
static void only_long_gaps_forget_the_past(void **state)
{
    (void)state;
    double dropped = likeness_to_first(2 * GST_SECOND / 25), jumped = likeness_to_first(GST_SECOND);
    if (!(jumped > 50 && dropped < jumped - 3))
        fail_msg("%.1f dB after a dropped frame, %.1f dB after a jump", dropped, jumped);
}

static void unknown_style_fails_with_the_caps(void **state)
{
    (void)state;
    Bench bench;
    GQuark domain;
    gint code;
    open_styled(&bench);
    g_object_set(bench.element, "style", "no-such-style", NULL);
    bench_start(&bench, "I420", 64, 48);
    gchar *line = bench_message(&bench, GST_MESSAGE_ERROR, &domain, &code);
    assert_non_null(line); /* before any frame */
    if (!strstr(line, "no-such-style") || strchr(line, '\n'))
        fail_msg("unclear: %s", line);
    assert_true(domain == GST_RESOURCE_ERROR && code == GST_RESOURCE_ERROR_NOT_FOUND);
    g_free(line);
    assert_null(bench_run(&bench, 1));
    bench_close(&bench);
}

static void damaged_model_is_named(void **state)
{
    (void)state;
    Bench bench;
    GQuark domain;
    gint code;
    gchar *path = NULL;
    int file = g_file_open_tmp("mien-damaged-XXXXXX.onnx", &path, NULL);
    assert_true(file >= 0);
    assert_true(g_close(file, NULL));
    assert_true(g_file_set_contents(path, "this is no network", -1, NULL));
    open_styled(&bench);
    g_object_set(bench.element, "style", path, NULL);
    bench_start(&bench, "I420", 64, 48);
    gchar *line = bench_message(&bench, GST_MESSAGE_ERROR, &domain, &code);
    g_remove(path);
    assert_non_null(line);
    if (!strstr(line, "mien-damaged-"))
        fail_msg("unclear: %s", line);
    assert_true(domain == GST_RESOURCE_ERROR && code == GST_RESOURCE_ERROR_OPEN_READ);
    g_free(line);
    g_free(path);
    bench_close(&bench);
}

static void unknown_device_is_named(void **state)
{
    (void)state;
    Bench bench;
    GQuark domain;
    gint code;
    open_styled(&bench);
    g_object_set(bench.element, "device", "no-such-device", NULL);
    bench_start(&bench, "I420", 64, 48);
    gchar *line = bench_message(&bench, GST_MESSAGE_ERROR, &domain, &code);
    assert_non_null(line);
    if (!strstr(line, "no-such-device"))
        fail_msg("unclear: %s", line);
    assert_true(domain == GST_LIBRARY_ERROR && code == GST_LIBRARY_ERROR_INIT);
    g_free(line);
    bench_close(&bench);
}

/* While a style plays, one that cannot be loaded is a warning: the show goes on. */
static void unknown_style_in_mid_stream_is_a_warning(void **state)
{
    (void)state;
    Bench bench;
    open_styled(&bench);
    bench_start(&bench, "I420", 64, 48);
    gst_buffer_unref(bench_run(&bench, 1));
    g_object_set(bench.element, "style", "no-such-style", NULL);
    for (guint i = 0; i < 14; i++)
        gst_buffer_unref(bench_run(&bench, 1));
    gchar *line = bench_message(&bench, GST_MESSAGE_WARNING, NULL, NULL);
    assert_non_null(line);
    assert_non_null(strstr(line, "no-such-style"));
    g_free(line);
    assert_null(bench_message(&bench, GST_MESSAGE_WARNING, NULL, NULL)); /* said once */
    assert_null(bench_message(&bench, GST_MESSAGE_ERROR, NULL, NULL));
    assert_true(change_by(&bench, 1) < 40);
    bench_close(&bench);
}

static void starts_and_stops_with_a_style(void **state)
{
    (void)state;
    Bench bench;
    open_styled(&bench);
    for (int i = 0; i < 5; i++) {
        bench_start(&bench, "I420", 64, 48);
        assert_true(change_by(&bench, 1) < 40);
        gst_element_set_state(bench.element, GST_STATE_NULL); /* gives the device back */
        gst_element_set_state(bench.element, GST_STATE_PLAYING);
        gst_harness_play(bench.harness);
        gst_harness_push_event(bench.harness, gst_event_new_stream_start("again"));
        GstSegment segment;
        gst_segment_init(&segment, GST_FORMAT_TIME);
        bench_start(&bench, "I420", 64, 48);
        gst_harness_push_event(bench.harness, gst_event_new_segment(&segment));
    }
    assert_true(change_by(&bench, 1) < 40);
    bench_close(&bench);
}

typedef struct {
    GstElement *element;
    gint stop;
} Fiddler;

static gpointer fiddle(gpointer data)
{
    Fiddler *fiddler = data;
    for (guint i = 0; !g_atomic_int_get(&fiddler->stop); i++) {
        gdouble strength;
        gchar *style;
        g_object_set(fiddler->element, "style-strength", (i % 11) / 10.0, "smooth",
                     (i % 5) / 4.0, "style", i % 3 ? STYLE : "", NULL);
        g_object_get(fiddler->element, "style-strength", &strength, "style", &style, NULL);
        g_free(style);
        g_usleep(500);
    }
    return NULL;
}

static void properties_change_from_another_thread(void **state)
{
    (void)state;
    Bench bench;
    open_styled(&bench);
    bench_start(&bench, "I420", 64, 48);
    Fiddler fiddler = {bench.element, 0};
    GThread *thread = g_thread_new("fiddler", fiddle, &fiddler);
    for (guint i = 0; i < 40; i++)
        gst_buffer_unref(bench_run(&bench, i));
    g_atomic_int_set(&fiddler.stop, 1);
    g_thread_join(thread);
    assert_null(bench_message(&bench, GST_MESSAGE_ERROR, NULL, NULL));
    bench_close(&bench);
}

/* Exit 77 skips: a machine with no Vulkan driver at all cannot run any of this. */
static int no_device(void)
{
    mien_filter *filter;
    mien_frame frame = {.format = MIEN_FORMAT_RGBA, .width = 64, .height = 48};
    if (mien_filter_create(&filter, NULL) != MIEN_OK)
        return 0;
    mien_filter_set_all(filter, "device=cpu quality=low style=" STYLE);
    int status = mien_filter_prepare(filter, &frame);
    if (status == MIEN_ERR_NO_DEVICE)
        printf("skipped: %s\n", mien_filter_error(filter));
    mien_filter_destroy(&filter);
    return status == MIEN_ERR_NO_DEVICE;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_is_styled),
        cmocka_unit_test(alpha_is_kept),
        cmocka_unit_test(shared_buffers_are_copied),
        cmocka_unit_test(runs_are_repeatable),
        cmocka_unit_test(new_size_and_format_in_mid_stream),
        cmocka_unit_test(properties_change_while_playing),
        cmocka_unit_test(first_style_of_a_running_stream_fades_in),
        cmocka_unit_test(controller_drives_the_strength),
        cmocka_unit_test(flush_forgets_the_past),
        cmocka_unit_test(only_long_gaps_forget_the_past),
        cmocka_unit_test(unknown_style_fails_with_the_caps),
        cmocka_unit_test(damaged_model_is_named),
        cmocka_unit_test(unknown_device_is_named),
        cmocka_unit_test(unknown_style_in_mid_stream_is_a_warning),
        cmocka_unit_test(starts_and_stops_with_a_style),
        cmocka_unit_test(properties_change_from_another_thread),
    };
    if (no_device())
        return 77;
    gst_init(&argc, &argv);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gst_deinit();
    return failed;
}
