#include "gst_bench.h"

#include <math.h>
#include <string.h>

const char *const bench_formats[] = {"I420", "NV12", "YUY2", "RGBA", "BGRA", "RGBx", "BGRx", NULL};

void bench_open(Bench *bench)
{
    memset(bench, 0, sizeof *bench);
    bench->harness = gst_harness_new("mien");
    g_assert_nonnull(bench->harness);
    bench->element = bench->harness->element;
    bench->bus = gst_bus_new();
    gst_element_set_bus(bench->element, bench->bus);
}

void bench_start(Bench *bench, const char *format, int width, int height)
{
    GstVideoFormat known = gst_video_format_from_string(format);
    gst_video_info_set_format(&bench->info, known, (guint)width, (guint)height);
    bench->info.fps_n = 25;
    bench->info.fps_d = 1;
    gst_harness_set_src_caps(bench->harness, gst_video_info_to_caps(&bench->info));
}

void bench_close(Bench *bench)
{
    gst_element_set_bus(bench->element, NULL);
    gst_object_unref(bench->bus);
    gst_harness_teardown(bench->harness);
}

/* Squares over a gradient, and a few grey levels of noise. */
static guint8 picture_byte(gsize i, gsize row, guint seed)
{
    guint x = (guint)(i % row), y = (guint)(i / row);
    guint noise = (guint)(i * 2654435761u) ^ (seed * 40503u);
    guint base = x * 2 + y + ((x / 24 + y / 16) % 2 ? 90 : 0) + seed * 3;
    return (guint8)((base + (noise >> 24) % 7) & 0xff);
}

GstBuffer *bench_picture(Bench *bench, guint seed)
{
    gsize size = GST_VIDEO_INFO_SIZE(&bench->info);
    gsize row = (gsize)GST_VIDEO_INFO_PLANE_STRIDE(&bench->info, 0);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, size, NULL);
    GstMapInfo map;
    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    for (gsize i = 0; i < size; i++)
        map.data[i] = picture_byte(i, row, seed);
    gst_buffer_unmap(buffer, &map);
    return buffer;
}

GstBuffer *bench_push(Bench *bench, GstBuffer *picture)
{
    GST_BUFFER_PTS(picture) = bench->pushed++ * GST_SECOND / 25;
    GST_BUFFER_DURATION(picture) = GST_SECOND / 25;
    if (gst_harness_push(bench->harness, picture) != GST_FLOW_OK)
        return NULL;
    return gst_harness_try_pull(bench->harness);
}

GstBuffer *bench_run(Bench *bench, guint seed)
{
    return bench_push(bench, bench_picture(bench, seed));
}

gboolean bench_same(GstBuffer *a, GstBuffer *b)
{
    GstMapInfo map;
    if (gst_buffer_get_size(a) != gst_buffer_get_size(b))
        return FALSE;
    gst_buffer_map(a, &map, GST_MAP_READ);
    gboolean same = gst_buffer_memcmp(b, 0, map.data, map.size) == 0;
    gst_buffer_unmap(a, &map);
    return same;
}

double bench_psnr(GstBuffer *a, GstBuffer *b)
{
    GstMapInfo x, y;
    double sum = 0;
    gst_buffer_map(a, &x, GST_MAP_READ);
    gst_buffer_map(b, &y, GST_MAP_READ);
    g_assert_cmpuint(x.size, ==, y.size);
    for (gsize i = 0; i < x.size; i++)
        sum += (x.data[i] - y.data[i]) * (x.data[i] - y.data[i]);
    double mean = sum / (double)x.size;
    gst_buffer_unmap(a, &x);
    gst_buffer_unmap(b, &y);
    return mean > 0 ? fmin(99, 10 * log10(255.0 * 255.0 / mean)) : 99;
}

gchar *bench_message(Bench *bench, GstMessageType type, GQuark *domain, gint *code)
{
    GstMessage *message = gst_bus_pop_filtered(bench->bus, type);
    GError *error = NULL;
    if (!message)
        return NULL;
    if (type == GST_MESSAGE_ERROR)
        gst_message_parse_error(message, &error, NULL);
    else
        gst_message_parse_warning(message, &error, NULL);
    gst_message_unref(message);
    gchar *text = g_strdup(error->message);
    if (domain)
        *domain = error->domain;
    if (code)
        *code = error->code;
    g_error_free(error);
    return text;
}
