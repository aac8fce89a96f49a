/* The joint of the two pipelines, and rows as V4L2 has them. Frames come from a harness of
 * GStreamer's, so that each has a known content and time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <gst/check/gstharness.h>
#include <string.h>

#include "cam_feed.h"
#include "cam_packed.h"

enum { WIDTH = 34, HEIGHT = 18 };

typedef struct Joint {
    CamFeed *feed;
    GstHarness *camera; /* an appsink in it */
    GstElement *pipe;   /* appsrc ! appsink */
    GstAppSrc *src;
    GstAppSink *sink;
    GstVideoInfo info;
} Joint;

static void set_camera(Joint *joint, const gchar *format, gint width, gint height)
{
    gst_video_info_set_format(&joint->info, gst_video_format_from_string(format), (guint)width,
                              (guint)height);
    joint->info.fps_n = 25;
    joint->info.fps_d = 1;
    gst_harness_set_src_caps(joint->camera, gst_video_info_to_caps(&joint->info));
}

static void open_joint(Joint *joint)
{
    memset(joint, 0, sizeof *joint);
    joint->feed = cam_feed_new();
    joint->camera = gst_harness_new_parse("appsink name=frames sync=false async=false");
    GstElement *sink = gst_bin_get_by_name(GST_BIN(joint->camera->element), "frames");
    if (!sink)
        sink = gst_object_ref(joint->camera->element);
    cam_feed_take_from(joint->feed, GST_APP_SINK(sink));
    gst_object_unref(sink);
    joint->pipe = gst_parse_launch("appsrc name=in is-live=true format=time max-buffers=1 "
                                   "max-bytes=0 leaky-type=downstream ! appsink name=out "
                                   "sync=false max-buffers=1", NULL);
    joint->src = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(joint->pipe), "in"));
    joint->sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(joint->pipe), "out"));
    set_camera(joint, "YUY2", WIDTH, HEIGHT);
}

static void start_target(Joint *joint)
{
    GstCaps *caps = gst_video_info_to_caps(&joint->info);
    gst_app_src_set_caps(joint->src, caps);
    gst_caps_unref(caps);
    gst_element_set_state(joint->pipe, GST_STATE_PLAYING);
    cam_feed_give_to(joint->feed, joint->src);
}

static void close_joint(Joint *joint)
{
    cam_feed_give_to(joint->feed, NULL);
    gst_element_set_state(joint->pipe, GST_STATE_NULL);
    gst_object_unref(joint->src);
    gst_object_unref(joint->sink);
    gst_object_unref(joint->pipe);
    gst_harness_teardown(joint->camera);
    cam_feed_free(joint->feed);
}

static void push(Joint *joint, guint8 value)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, joint->info.size, NULL);
    gst_buffer_memset(buffer, 0, value, joint->info.size);
    GST_BUFFER_PTS(buffer) = 0;
    assert_int_equal(gst_harness_push(joint->camera, buffer), GST_FLOW_OK);
}

static GstBuffer *pull(Joint *joint)
{
    GstSample *sample = gst_app_sink_try_pull_sample(joint->sink, 2 * GST_SECOND);
    if (!sample)
        return NULL;
    GstBuffer *buffer = gst_buffer_ref(gst_sample_get_buffer(sample));
    gst_sample_unref(sample);
    return buffer;
}

static guint8 byte_at(GstBuffer *buffer, gsize at)
{
    guint8 byte = 0;
    assert_int_equal(gst_buffer_extract(buffer, at, &byte, 1), 1);
    return byte;
}

static void test_frames_pass(void **state)
{
    (void)state;
    Joint joint;
    GstVideoInfo info;
    gint64 last;
    open_joint(&joint);
    assert_false(cam_feed_info(joint.feed, &info));
    push(&joint, 1); /* no target yet: it counts, and says what is to come */
    assert_int_equal(cam_feed_count(joint.feed, &last), 1);
    assert_true(cam_feed_info(joint.feed, &info));
    assert_int_equal(info.width, WIDTH);
    assert_int_equal(info.fps_n, 25);
    start_target(&joint);
    GstClockTime before = 0;
    for (guint8 i = 2; i < 12; i++) {
        push(&joint, i);
        GstBuffer *buffer = pull(&joint);
        assert_non_null(buffer);
        assert_int_equal(byte_at(buffer, 0), i);
        assert_int_equal(byte_at(buffer, joint.info.size - 1), i);
        assert_int_equal(gst_buffer_get_size(buffer), joint.info.size);
        /* all frames had the same time, yet a stream's times grow */
        assert_true(GST_BUFFER_PTS(buffer) > before || i == 2);
        before = GST_BUFFER_PTS(buffer);
        gst_buffer_unref(buffer);
    }
    close_joint(&joint);
}

/* The last pixel's colour lies in a byte that gst_video_frame_copy() takes for padding. */
static void test_odd_width(void **state)
{
    (void)state;
    Joint joint;
    open_joint(&joint);
    set_camera(&joint, "YUY2", WIDTH + 1, HEIGHT + 1);
    push(&joint, 1);
    start_target(&joint);
    for (guint8 i = 2; i < 12; i++) {
        push(&joint, i);
        GstBuffer *buffer = pull(&joint);
        assert_non_null(buffer);
        assert_int_equal(byte_at(buffer, 2 * WIDTH + 3), i);
        assert_int_equal(byte_at(buffer, joint.info.size - 1), i);
        gst_buffer_unref(buffer);
    }
    close_joint(&joint);
}

/* The camera goes on at its rate while nobody takes what it gives. */
static void test_slow_target_gets_the_newest(void **state)
{
    (void)state;
    Joint joint;
    gint64 last;
    open_joint(&joint);
    push(&joint, 1);
    start_target(&joint);
    for (guint8 i = 2; i < 102; i++)
        push(&joint, i);
    assert_int_equal(cam_feed_count(joint.feed, &last), 101);
    guint8 newest = 0;
    int got = 0;
    GstSample *sample;
    while ((sample = gst_app_sink_try_pull_sample(joint.sink, GST_SECOND / 2))) {
        newest = byte_at(gst_sample_get_buffer(sample), 0);
        gst_sample_unref(sample);
        got++;
    }
    assert_int_equal(newest, 101);
    assert_in_range(got, 1, 5); /* what waits in the sink, in between, and the newest */
    close_joint(&joint);
}

/* Another camera may be larger; its pipeline scales, and what comes before it does is dropped. */
static void test_other_shapes_do_not_pass(void **state)
{
    (void)state;
    Joint joint;
    GstVideoInfo info;
    open_joint(&joint);
    push(&joint, 1);
    start_target(&joint);
    set_camera(&joint, "YUY2", 2 * WIDTH, HEIGHT);
    push(&joint, 2);
    set_camera(&joint, "NV12", WIDTH, HEIGHT);
    push(&joint, 3);
    assert_null(gst_app_sink_try_pull_sample(joint.sink, GST_SECOND / 4));
    set_camera(&joint, "YUY2", WIDTH, HEIGHT);
    push(&joint, 4);
    GstBuffer *buffer = pull(&joint);
    assert_non_null(buffer);
    assert_int_equal(byte_at(buffer, 0), 4);
    gst_buffer_unref(buffer);
    assert_true(cam_feed_info(joint.feed, &info));
    assert_int_equal(info.width, WIDTH);
    close_joint(&joint);
}

static void test_black(void **state)
{
    (void)state;
    static const gchar *const FORMATS[] = {"YUY2", "I420", "NV12"};
    for (gsize f = 0; f < G_N_ELEMENTS(FORMATS); f++) {
        Joint joint;
        GstVideoFrame frame;
        open_joint(&joint);
        set_camera(&joint, FORMATS[f], WIDTH, HEIGHT);
        push(&joint, 200);
        start_target(&joint);
        cam_feed_black(joint.feed);
        GstBuffer *buffer = pull(&joint);
        assert_non_null(buffer);
        assert_true(GST_BUFFER_IS_DISCONT(buffer));
        assert_true(gst_video_frame_map(&frame, &joint.info, buffer, GST_MAP_READ));
        for (gint c = 0; c < 3; c++)
            for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); y++)
                for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); x++) {
                    guint8 *row = (guint8 *)GST_VIDEO_FRAME_COMP_DATA(&frame, c) +
                                  y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c);
                    assert_int_equal(row[x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c)],
                                     c ? 128 : 16);
                }
        gst_video_frame_unmap(&frame);
        gst_buffer_unref(buffer);
        push(&joint, 7); /* the camera is back: the filter is to forget what was */
        buffer = pull(&joint);
        assert_non_null(buffer);
        assert_true(GST_BUFFER_IS_DISCONT(buffer));
        gst_buffer_unref(buffer);
        push(&joint, 8);
        buffer = pull(&joint);
        assert_false(GST_BUFFER_IS_DISCONT(buffer));
        gst_buffer_unref(buffer);
        close_joint(&joint);
    }
}

/* Buffers come from a pool: an hour of frames takes the memory of a few. */
static void test_memory_is_used_again(void **state)
{
    (void)state;
    Joint joint;
    GHashTable *seen = g_hash_table_new(NULL, NULL);
    open_joint(&joint);
    push(&joint, 1);
    start_target(&joint);
    for (int i = 0; i < 500; i++) {
        push(&joint, (guint8)i);
        GstBuffer *buffer = pull(&joint);
        assert_non_null(buffer);
        g_hash_table_add(seen, gst_buffer_peek_memory(buffer, 0));
        gst_buffer_unref(buffer);
    }
    assert_in_range(g_hash_table_size(seen), 1, 6);
    g_hash_table_unref(seen);
    close_joint(&joint);
}

/* Odd widths have padded rows in GStreamer and none in V4L2. */
static void test_rows_without_padding(void **state)
{
    (void)state;
    static const struct {
        const gchar *format;
        gint width, height;
        gsize size;
    } CASES[] = {{"YUY2", 1920, 1080, 4147200}, {"YUY2", 33, 3, 204}, {"I420", 854, 480, 614880},
                 {"I420", 17, 17, 289 + 2 * 81}, {"NV12", 854, 480, 614880}};
    for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
        GstVideoInfo info;
        GstVideoFrame frame;
        gst_video_info_set_format(&info, gst_video_format_from_string(CASES[i].format),
                                  (guint)CASES[i].width, (guint)CASES[i].height);
        assert_int_equal(cam_packed_size(&info), CASES[i].size);
        GstBuffer *buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
        guint8 *bytes = g_malloc(CASES[i].size + 1);
        gst_buffer_memset(buffer, 0, 0xee, info.size); /* padding */
        assert_true(gst_video_frame_map(&frame, &info, buffer, GST_MAP_WRITE));
        for (gint c = 0; c < 3; c++)
            for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); y++)
                for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); x++)
                    ((guint8 *)GST_VIDEO_FRAME_COMP_DATA(
                        &frame, c))[y * GST_VIDEO_FRAME_COMP_STRIDE(&frame, c) +
                                    x * GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c)] = 0x11;
        bytes[CASES[i].size] = 0x77;
        assert_false(cam_packed_copy(&frame, bytes, CASES[i].size - 1));
        assert_true(cam_packed_copy(&frame, bytes, CASES[i].size));
        assert_int_equal(bytes[CASES[i].size], 0x77);
        gsize padding = 0;
        for (gsize b = 0; b < CASES[i].size; b++)
            padding += bytes[b] == 0xee;
        /* YUY2 of an odd width has one luma byte a row that is no pixel */
        assert_in_range(padding, 0, CASES[i].width % 2 ? (gsize)CASES[i].height : 0);
        gst_video_frame_unmap(&frame);
        gst_buffer_unref(buffer);
        g_free(bytes);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_pass),
        cmocka_unit_test(test_odd_width),
        cmocka_unit_test(test_slow_target_gets_the_newest),
        cmocka_unit_test(test_other_shapes_do_not_pass),
        cmocka_unit_test(test_black),
        cmocka_unit_test(test_memory_is_used_again),
        cmocka_unit_test(test_rows_without_padding),
    };
    gst_init(&argc, &argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
