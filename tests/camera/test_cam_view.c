#define _GNU_SOURCE /* memfd_create() */
/* The picture for onlookers: what is written on one side of the shared memory, and seen on the
 * other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cam_black.h"
#include "cam_view.h"

enum { WIDTH = 34, HEIGHT = 18 };

typedef struct Pair {
    GstVideoInfo info;
    CamView *view;
    CamSight *sight;
} Pair;

static CamSight *look(const CamView *view)
{
    gchar *caps = cam_view_caps(view), *trouble = NULL;
    CamSight *sight = cam_sight_new(dup(cam_view_fd(view)), caps, &trouble);
    assert_null(trouble);
    assert_non_null(sight);
    g_free(caps);
    return sight;
}

static void open_pair(Pair *pair, GstVideoFormat format, guint width, guint height)
{
    gchar *trouble = NULL;
    gst_video_info_set_format(&pair->info, format, width, height);
    pair->info.fps_n = 25;
    pair->info.fps_d = 1;
    pair->view = cam_view_new(&pair->info, &trouble);
    assert_non_null(pair->view);
    pair->sight = look(pair->view);
    cam_view_watch(pair->view, 1);
}

static void close_pair(Pair *pair)
{
    cam_sight_free(pair->sight);
    cam_view_free(pair->view);
}

static void write_grey(Pair *pair, guint8 luma)
{
    GstVideoFrame frame;
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, pair->info.size, NULL);
    assert_true(cam_black_fill(buffer, &pair->info));
    assert_true(gst_video_frame_map(&frame, &pair->info, buffer, GST_MAP_WRITE));
    gboolean packed = pair->info.finfo->format == GST_VIDEO_FORMAT_YUY2;
    guint8 *row = GST_VIDEO_FRAME_PLANE_DATA(&frame, 0);
    gint stride = GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
    for (gint y = 0; y < pair->info.height; y++)
        for (gint x = 0; x < pair->info.width; x++)
            row[y * stride + (packed ? 2 * x : x)] = luma;
    gst_video_frame_unmap(&frame);
    cam_view_write(pair->view, buffer);
    gst_buffer_unref(buffer);
}

/* What BT.601 makes of it; the limits leave room for rounding. */
static void see_grey(Pair *pair, gint luma)
{
    gint expected = MAX(0, (luma - 16) * 255 / 219);
    guint8 *bgra = cam_sight_take(pair->sight);
    assert_non_null(bgra);
    for (gint i = 0; i < pair->info.width * pair->info.height; i++) {
        for (gint c = 0; c < 3; c++)
            if (abs(bgra[i * 4 + c] - expected) > 3)
                fail_msg("%s: pixel %d of %d x %d is %d, not %d", pair->info.finfo->name, i,
                         pair->info.width, pair->info.height, bgra[i * 4 + c], expected);
        assert_int_equal(bgra[i * 4 + 3], 255);
    }
    g_free(bgra);
}

static void test_seen(void **state)
{
    (void)state;
    static const GstVideoFormat FORMATS[] = {GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_I420,
                                             GST_VIDEO_FORMAT_NV12};
    for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++)
        for (guint odd = 0; odd < 2; odd++) {
            Pair pair;
            open_pair(&pair, FORMATS[i], WIDTH + odd, HEIGHT + odd);
            assert_null(cam_sight_take(pair.sight)); /* there is none yet */
            for (gint n = 0; n < 10; n++) {
                write_grey(&pair, (guint8)(16 + 20 * n));
                see_grey(&pair, 16 + 20 * n);
                assert_null(cam_sight_take(pair.sight)); /* it was taken */
            }
            for (gint n = 0; n < 7; n++)
                write_grey(&pair, (guint8)(40 + n));
            see_grey(&pair, 46); /* the newest */
            close_pair(&pair);
        }
}

static void test_watched(void **state)
{
    (void)state;
    Pair pair;
    open_pair(&pair, GST_VIDEO_FORMAT_YUY2, WIDTH, HEIGHT);
    cam_view_watch(pair.view, 1);
    cam_view_watch(pair.view, -1);
    write_grey(&pair, 50);
    see_grey(&pair, 50);
    cam_view_watch(pair.view, -1);
    write_grey(&pair, 60);
    assert_null(cam_sight_take(pair.sight)); /* nobody looks on, nothing is copied */
    close_pair(&pair);
}

/* A frame that was being written over while it was read is not shown. */
static void test_torn(void **state)
{
    (void)state;
    Pair pair;
    open_pair(&pair, GST_VIDEO_FORMAT_YUY2, WIDTH, HEIGHT);
    write_grey(&pair, 50);
    int fd = memfd_create("forged", MFD_CLOEXEC);
    guint8 bytes[1 << 16];
    ssize_t size = pread(cam_view_fd(pair.view), bytes, sizeof bytes, 0);
    assert_in_range(size, 4096, sizeof bytes);
    CamViewHead *head = (CamViewHead *)bytes;
    gchar *caps = cam_view_caps(pair.view), *trouble = NULL;
    for (uint64_t ahead = 0; ahead < 5; ahead++) {
        head->begun = head->done + ahead;
        assert_int_equal(pwrite(fd, bytes, (size_t)size, 0), size);
        CamSight *sight = cam_sight_new(dup(fd), caps, &trouble);
        guint8 *bgra = cam_sight_take(sight);
        assert_int_equal(bgra != NULL, ahead < CAM_VIEW_SLOTS);
        g_free(bgra);
        cam_sight_free(sight);
    }
    g_free(caps);
    close(fd);
    close_pair(&pair);
}

static void refuse(const CamViewHead *head, gsize size, const gchar *caps)
{
    gchar *trouble = NULL;
    int fd = memfd_create("forged", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(pwrite(fd, head, MIN(size, sizeof *head), 0), MIN(size, sizeof *head));
    assert_null(cam_sight_new(fd, caps, &trouble));
    assert_non_null(trouble);
    assert_null(strchr(trouble, '\n'));
    g_free(trouble);
}

static void test_no_view(void **state)
{
    (void)state;
    const gchar *caps = "video/x-raw, format=YUY2, width=64, height=64, framerate=25/1";
    CamViewHead good = {CAM_VIEW_MAGIC, 3, 4096, 8192, 0, 0}, bad;
    gsize size = 4096 + 3 * 8192;
    gchar *trouble = NULL;
    int fd = memfd_create("forged", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    assert_int_equal(pwrite(fd, &good, sizeof good, 0), sizeof good);
    CamSight *sight = cam_sight_new(fd, caps, &trouble);
    assert_non_null(sight);
    cam_sight_free(sight);
    refuse(&good, size - 1, caps);
    refuse(&good, 3, caps);
    refuse(&good, size, "nonsense");
    refuse(&good, size, "video/x-raw, format=YUY2");
    refuse(&good, size, "video/x-raw, format=YUY2, width=640, height=480, framerate=25/1");
    bad = good, bad.magic++;
    refuse(&bad, size, caps);
    bad = good, bad.slots = 0;
    refuse(&bad, size, caps);
    bad = good, bad.slots = UINT32_MAX;
    refuse(&bad, size, caps);
    bad = good, bad.start = UINT64_MAX;
    refuse(&bad, size, caps);
    bad = good, bad.size = UINT64_MAX / 2;
    refuse(&bad, size, caps);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_seen), cmocka_unit_test(test_watched),
                                       cmocka_unit_test(test_torn),
                                       cmocka_unit_test(test_no_view)};
    gst_init(&argc, &argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
