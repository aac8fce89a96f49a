/* Which mode of a camera is taken, and what it is in GStreamer's words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/videodev2.h>
#include <string.h>

#include "cam_mode.h"

#define YUYV V4L2_PIX_FMT_YUYV
#define MJPG V4L2_PIX_FMT_MJPEG
#define NV12 V4L2_PIX_FMT_NV12

/* A usual webcam: raw is slow where it is large. */
static const CamMode WEBCAM[] = {
    {YUYV, 640, 480, 30, 1, FALSE},   {YUYV, 1280, 720, 10, 1, FALSE},
    {YUYV, 1920, 1080, 5, 1, FALSE},  {MJPG, 640, 480, 30, 1, FALSE},
    {MJPG, 1280, 720, 30, 1, FALSE},  {MJPG, 1920, 1080, 30, 1, FALSE},
    {MJPG, 1920, 1080, 60, 1, FALSE}, {V4L2_PIX_FMT_H264, 1280, 720, 30, 1, FALSE},
};

static void takes(const CamMode *modes, gsize count, CamWish wish, guint32 fourcc, gint width,
                  gint height, gint fps)
{
    const CamMode *mode = cam_mode_choose(modes, count, &wish);
    assert_non_null(mode);
    assert_int_equal(mode->fourcc, fourcc);
    assert_int_equal(mode->width, width);
    assert_int_equal(mode->height, height);
    assert_int_equal(mode->fps_n, fps);
}

#define TAKES(modes, wish, ...) takes(modes, G_N_ELEMENTS(modes), wish, __VA_ARGS__)

static void test_webcam(void **state)
{
    (void)state;
    TAKES(WEBCAM, ((CamWish){0}), MJPG, 1280, 720, 30);
    TAKES(WEBCAM, ((CamWish){640, 480, 0, 0}), YUYV, 640, 480, 30);
    TAKES(WEBCAM, ((CamWish){640, 480, 30, MJPG}), MJPG, 640, 480, 30);
    TAKES(WEBCAM, ((CamWish){1920, 1080, 60, 0}), MJPG, 1920, 1080, 60);
    TAKES(WEBCAM, ((CamWish){1920, 1080, 5, 0}), YUYV, 1920, 1080, 5);
    TAKES(WEBCAM, ((CamWish){1280, 720, 0, YUYV}), YUYV, 1280, 720, 10);
    TAKES(WEBCAM, ((CamWish){0, 0, 0, YUYV}), YUYV, 640, 480, 30); /* rather small than slow */
    TAKES(WEBCAM, ((CamWish){0, 0, 10, 0}), YUYV, 1280, 720, 10);
    TAKES(WEBCAM, ((CamWish){1600, 900, 0, 0}), MJPG, 1280, 720, 30); /* the largest inside */
    TAKES(WEBCAM, ((CamWish){320, 240, 0, 0}), YUYV, 640, 480, 30);   /* the smallest there is */
    assert_null(cam_mode_choose(WEBCAM, G_N_ELEMENTS(WEBCAM), &(CamWish){0, 0, 0, NV12}));
    assert_null(cam_mode_choose(&WEBCAM[7], 1, &(CamWish){0})); /* H.264 only */
    assert_null(cam_mode_choose(WEBCAM, 0, &(CamWish){0}));
}

static void test_odd_cameras(void **state)
{
    (void)state;
    static const CamMode NTSC[] = {{MJPG, 1280, 720, 15, 1, FALSE},
                                   {NV12, 1280, 720, 30000, 1001, FALSE},
                                   {YUYV, 1280, 720, 25, 1, FALSE}};
    TAKES(NTSC, ((CamWish){0}), NV12, 1280, 720, 30000); /* 29.97 is 30 */
    static const CamMode MUTE[] = {{YUYV, 352, 288, 0, 1, FALSE}};
    TAKES(MUTE, ((CamWish){1280, 720, 30, 0}), YUYV, 352, 288, 0);
    static const CamMode RARE[] = {{V4L2_PIX_FMT_RGB24, 640, 480, 30, 1, TRUE},
                                   {V4L2_PIX_FMT_YUV420, 640, 480, 30, 1, TRUE}};
    TAKES(RARE, ((CamWish){0}), V4L2_PIX_FMT_YUV420, 640, 480, 30);
    static const CamMode BOTH[] = {{YUYV, 640, 480, 30, 1, TRUE}, {MJPG, 640, 480, 30, 1, FALSE}};
    TAKES(BOTH, ((CamWish){0}), MJPG, 640, 480, 30); /* what the camera has, not libv4l2 */
    static const CamMode SLOW[] = {{YUYV, 1280, 720, 5, 1, FALSE}, {YUYV, 640, 480, 7, 1, FALSE}};
    TAKES(SLOW, ((CamWish){0}), YUYV, 1280, 720, 5);
}

static void check_caps(CamMode mode, const gchar *expected)
{
    GstCaps *caps = cam_mode_caps(&mode), *wanted = gst_caps_from_string(expected);
    assert_non_null(caps);
    assert_true(gst_caps_is_equal(caps, wanted));
    gst_caps_unref(caps);
    gst_caps_unref(wanted);
}

static void test_caps(void **state)
{
    (void)state;
    check_caps((CamMode){YUYV, 1280, 720, 30, 1, FALSE},
               "video/x-raw,format=YUY2,width=1280,height=720,framerate=30/1");
    check_caps((CamMode){NV12, 640, 480, 30000, 1001, FALSE},
               "video/x-raw,format=NV12,width=640,height=480,framerate=30000/1001");
    check_caps((CamMode){MJPG, 640, 480, 0, 1, FALSE}, "image/jpeg,width=640,height=480");
    assert_null(cam_mode_caps(&(CamMode){V4L2_PIX_FMT_H264, 640, 480, 30, 1, FALSE}));
    assert_true(cam_mode_is_jpeg(&(CamMode){MJPG, 640, 480, 30, 1, FALSE}));
    assert_false(cam_mode_is_jpeg(&(CamMode){YUYV, 640, 480, 30, 1, FALSE}));
}

static void test_codes(void **state)
{
    (void)state;
    gchar code[5];
    cam_mode_print_fourcc(MJPG, code);
    assert_string_equal(code, "MJPG");
    cam_mode_print_fourcc(0xff00ff01, code); /* what a broken driver says stays one word */
    assert_true(strlen(code) <= 4);
    assert_int_equal(cam_mode_read_fourcc("mjpg"), MJPG);
    assert_int_equal(cam_mode_read_fourcc("MJPEG"), MJPG);
    assert_int_equal(cam_mode_read_fourcc("YUY2"), YUYV);
    assert_int_equal(cam_mode_read_fourcc("yuyv"), YUYV);
    assert_int_equal(cam_mode_read_fourcc("NV12"), NV12);
    assert_int_equal(cam_mode_read_fourcc("I420"), V4L2_PIX_FMT_YUV420);
    assert_int_equal(cam_mode_read_fourcc("H264"), 0);
    assert_int_equal(cam_mode_read_fourcc(""), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_webcam),
        cmocka_unit_test(test_odd_cameras),
        cmocka_unit_test(test_caps),
        cmocka_unit_test(test_codes),
    };
    gst_init(&argc, &argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
