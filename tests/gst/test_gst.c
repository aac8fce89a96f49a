/* The element without an effect: properties, caps, and frames that pass untouched. No Vulkan
 * device is needed. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mien/mien.h>

#include "gst_bench.h"

/* A value inside the parameter's range that is not its default. */
static void set_other_value(GstElement *element, const mien_param_info *info)
{
    switch (info->type) {
    case MIEN_PARAM_FLOAT:
        g_object_set(element, info->name, info->min + (info->max - info->min) * 0.25, NULL);
        break;
    case MIEN_PARAM_INT:
        g_object_set(element, info->name, (gint)info->max, NULL);
        break;
    case MIEN_PARAM_FLAGS: { /* as gst-launch does it */
        gchar **words = g_strsplit(info->choices, "|", -1);
        gchar *text = g_strdup_printf("%s+%s", words[1], words[4]);
        gst_util_set_object_arg(G_OBJECT(element), info->name, text);
        g_free(text);
        g_strfreev(words);
        break;
    }
    case MIEN_PARAM_ENUM:
        gst_util_set_object_arg(G_OBJECT(element), info->name, strrchr(info->choices, '|') + 1);
        break;
    default:
        g_object_set(element, info->name, "some text, 'quoted' and: odd", NULL);
    }
}

static void check_other_value(GstElement *element, const mien_param_info *info)
{
    GValue value = G_VALUE_INIT;
    g_object_get_property(G_OBJECT(element), info->name, &value);
    if (info->type == MIEN_PARAM_FLOAT)
        assert_true(fabs(g_value_get_double(&value) -
                         (info->min + (info->max - info->min) * 0.25)) < 1e-6);
    else if (info->type == MIEN_PARAM_INT)
        assert_int_equal(g_value_get_int(&value), (gint)info->max);
    else if (info->type == MIEN_PARAM_ENUM)
        assert_true(g_value_get_enum(&value) > 0);
    else if (info->type == MIEN_PARAM_FLAGS)
        assert_int_equal(g_value_get_flags(&value), 2 + 16);
    else
        assert_string_equal(g_value_get_string(&value), "some text, 'quoted' and: odd");
    g_value_unset(&value);
}

static void properties_follow_the_table(void **state)
{
    (void)state;
    GstElement *element = gst_element_factory_make("mien", NULL);
    size_t count;
    const mien_param_info *table = mien_params(&count);
    for (size_t i = 0; i < count; i++) {
        const mien_param_info *info = &table[i];
        GParamSpec *spec =
            g_object_class_find_property(G_OBJECT_GET_CLASS(element), info->name);
        assert_non_null(spec);
        assert_non_null(strstr(g_param_spec_get_blurb(spec), info->help));
        gboolean text = info->type == MIEN_PARAM_STRING || info->type == MIEN_PARAM_FLAGS;
        assert_int_equal(text, !(spec->flags & GST_PARAM_CONTROLLABLE));
        GValue value = G_VALUE_INIT;
        g_object_get_property(G_OBJECT(element), info->name, &value);
        assert_true(g_param_value_defaults(spec, &value)); /* a new element has the defaults */
        g_value_unset(&value);
        if (info->type == MIEN_PARAM_FLOAT) {
            GParamSpecDouble *number = G_PARAM_SPEC_DOUBLE(spec);
            assert_true(number->minimum == info->min && number->maximum == info->max);
            assert_true(number->default_value == g_ascii_strtod(info->default_text, NULL));
        }
        if (info->type == MIEN_PARAM_INT) {
            GParamSpecInt *number = G_PARAM_SPEC_INT(spec);
            assert_true(number->minimum == info->min && number->maximum == info->max);
            assert_int_equal(number->default_value, atoi(info->default_text));
        }
        set_other_value(element, info);
        check_other_value(element, info);
    }
    gst_object_unref(element);
}

/* Flags as words: gst-launch writes and applications read them so. */
static void flags_are_words(void **state)
{
    (void)state;
    static const char *const words[][2] = {
        {"faces+mesh", "faces+mesh"}, {"iris", "iris"}, {"none", "none"},
        {"mask+iris", "iris+mask"}};
    GstElement *element = gst_element_factory_make("mien", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        GValue value = G_VALUE_INIT;
        gst_util_set_object_arg(G_OBJECT(element), "overlay", words[i][0]);
        g_object_get_property(G_OBJECT(element), "overlay", &value);
        gchar *text = gst_value_serialize(&value);
        assert_string_equal(text, words[i][1]);
        g_free(text);
        g_value_unset(&value);
    }
    gst_object_unref(element);
}

/* In NULL the element's filter is replaced by a fresh one; the values must live on. */
static void properties_survive_stop(void **state)
{
    (void)state;
    GstElement *element = gst_element_factory_make("mien", NULL);
    size_t count;
    const mien_param_info *table = mien_params(&count);
    for (size_t i = 0; i < count; i++)
        set_other_value(element, &table[i]);
    gst_element_set_state(element, GST_STATE_READY);
    gst_element_set_state(element, GST_STATE_NULL);
    for (size_t i = 0; i < count; i++)
        check_other_value(element, &table[i]);
    gst_object_unref(element);
}

static void text_too_long_fails_the_start(void **state)
{
    (void)state;
    Bench bench;
    gchar *text = g_strnfill(5000, 'x');
    bench_open(&bench);
    gst_element_set_state(bench.element, GST_STATE_NULL);
    g_object_set(bench.element, "style", text, NULL);
    assert_int_equal(gst_element_set_state(bench.element, GST_STATE_PAUSED),
                     GST_STATE_CHANGE_FAILURE);
    GQuark domain;
    gint code;
    gchar *line = bench_message(&bench, GST_MESSAGE_ERROR, &domain, &code);
    assert_non_null(line);
    assert_non_null(strstr(line, "style"));
    assert_true(domain == GST_LIBRARY_ERROR && code == GST_LIBRARY_ERROR_SETTINGS);
    g_free(line);

    gst_element_set_state(bench.element, GST_STATE_NULL);
    g_object_set(bench.element, "style", "", NULL); /* a good value makes up for it */
    assert_int_not_equal(gst_element_set_state(bench.element, GST_STATE_PAUSED),
                         GST_STATE_CHANGE_FAILURE);
    g_object_set(bench.element, "style", text, NULL); /* while it runs: a warning, no change */
    line = bench_message(&bench, GST_MESSAGE_WARNING, NULL, NULL);
    assert_non_null(line);
    assert_non_null(strstr(line, "style"));
    g_free(line);
    gchar *style;
    g_object_get(bench.element, "style", &style, NULL);
    assert_string_equal(style, "");
    g_free(style);
    g_free(text);
    bench_close(&bench);
}

/* The very same buffer and memory come out, also when somebody else holds them. */
static void check_untouched(Bench *bench, guint seed)
{
    GstBuffer *in = bench_picture(bench, seed);
    GstBuffer *copy = gst_buffer_copy_deep(in);
    GstMemory *memory = gst_buffer_peek_memory(in, 0);
    GstBuffer *held = seed % 2 ? gst_buffer_ref(in) : NULL;
    GstBuffer *out = bench_push(bench, in);
    assert_non_null(out);
    assert_ptr_equal(out, in);
    assert_ptr_equal(gst_buffer_peek_memory(out, 0), memory);
    assert_true(bench_same(out, copy));
    gst_buffer_unref(out);
    gst_buffer_unref(copy);
    if (held)
        gst_buffer_unref(held);
}

static void bypass_touches_nothing(void **state)
{
    (void)state;
    static const int sizes[][2] = {{128, 96}, {16, 16}, {17, 23}, {385, 289}};
    for (int f = 0; bench_formats[f]; f++) {
        Bench bench;
        bench_open(&bench);
        for (size_t s = 0; s < G_N_ELEMENTS(sizes); s++) { /* a new size in mid-stream, too */
            bench_start(&bench, bench_formats[f], sizes[s][0], sizes[s][1]);
            for (guint i = 0; i < 3; i++)
                check_untouched(&bench, i);
        }
        bench_close(&bench);
    }
}

/* Any of these alone leaves the picture as it is, so no device may be opened for it. */
static void settings_without_effect_are_bypass(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench);
    g_object_set(bench.element, "device", "no such device", "style-strength", 0.0, "style",
                 "no such style", "models", "/no/such/folder", NULL);
    bench_start(&bench, "I420", 128, 96);
    check_untouched(&bench, 1);
    g_object_set(bench.element, "style-strength", 1.0, "style", "", NULL);
    check_untouched(&bench, 2);
    assert_null(gst_bus_pop_filtered(bench.bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING));
    bench_close(&bench);
}

static gboolean accepts(Bench *bench, const char *text)
{
    GstPad *pad = gst_element_get_static_pad(bench->element, "sink");
    GstCaps *caps = gst_caps_from_string(text);
    gboolean yes = gst_pad_query_accept_caps(pad, caps);
    gst_caps_unref(caps);
    gst_object_unref(pad);
    return yes;
}

static void caps_are_as_promised(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench);
#define SIZE(w, h) "width=" #w ",height=" #h ",framerate=25/1"
    assert_true(accepts(&bench, "video/x-raw,format=I420," SIZE(16, 16)));
    assert_true(accepts(&bench, "video/x-raw,format=BGRx," SIZE(8192, 8192)));
    assert_true(accepts(&bench, "video/x-raw,format=NV12,width=99,height=33,framerate=0/1"));
    assert_false(accepts(&bench, "video/x-raw,format=I420," SIZE(15, 16)));
    assert_false(accepts(&bench, "video/x-raw,format=I420," SIZE(16, 15)));
    assert_false(accepts(&bench, "video/x-raw,format=RGBA," SIZE(8193, 64)));
    assert_false(accepts(&bench, "video/x-raw,format=GRAY8," SIZE(64, 64)));
    assert_false(accepts(&bench, "video/x-raw,format=P010_10LE," SIZE(64, 64)));
    assert_false(accepts(&bench, "video/x-raw(memory:VulkanImage),format=RGBA," SIZE(64, 64)));
    assert_false(accepts(&bench, "video/x-raw(memory:DMABuf),format=NV12," SIZE(64, 64)));
    assert_false(accepts(&bench, "image/jpeg," SIZE(64, 64)));
#undef SIZE
    bench_close(&bench);
}

static void adds_no_latency(void **state)
{
    (void)state;
    Bench bench;
    bench_open(&bench);
    bench_start(&bench, "I420", 64, 48);
    gst_buffer_unref(bench_run(&bench, 1));
    assert_int_equal(gst_harness_query_latency(bench.harness), 0);
    gst_harness_set_upstream_latency(bench.harness, 7 * GST_MSECOND);
    assert_int_equal(gst_harness_query_latency(bench.harness), 7 * GST_MSECOND);
    bench_close(&bench);
}

static void starts_and_stops_again_and_again(void **state)
{
    (void)state;
    for (guint i = 0; i < 50; i++) {
        Bench bench;
        bench_open(&bench);
        bench_start(&bench, bench_formats[i % 7], 64, 48);
        check_untouched(&bench, i);
        for (int k = 0; k < 3; k++) {
            gst_element_set_state(bench.element, GST_STATE_NULL);
            gst_element_set_state(bench.element, GST_STATE_PLAYING);
        }
        bench_close(&bench);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_follow_the_table),
        cmocka_unit_test(flags_are_words),
        cmocka_unit_test(properties_survive_stop),
        cmocka_unit_test(text_too_long_fails_the_start),
        cmocka_unit_test(bypass_touches_nothing),
        cmocka_unit_test(settings_without_effect_are_bypass),
        cmocka_unit_test(caps_are_as_promised),
        cmocka_unit_test(adds_no_latency),
        cmocka_unit_test(starts_and_stops_again_and_again),
    };
    gst_init(&argc, &argv);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    gst_deinit();
    return failed;
}
