#include "cam_mode.h"

#include <linux/videodev2.h>
#include <math.h>

/* In the order of what they cost: the filter takes the first ones as they are. */
static const struct {
    guint32 fourcc;
    const gchar *format; /* of video/x-raw, or NULL: JPEG */
} FORMATS[] = {
    {V4L2_PIX_FMT_YUYV, "YUY2"},  {V4L2_PIX_FMT_NV12, "NV12"},  {V4L2_PIX_FMT_YUV420, "I420"},
    {V4L2_PIX_FMT_YVU420, "YV12"}, {V4L2_PIX_FMT_NV21, "NV21"}, {V4L2_PIX_FMT_UYVY, "UYVY"},
    {V4L2_PIX_FMT_YVYU, "YVYU"},  {V4L2_PIX_FMT_MJPEG, NULL},   {V4L2_PIX_FMT_JPEG, NULL},
    {V4L2_PIX_FMT_RGB24, "RGB"},  {V4L2_PIX_FMT_BGR24, "BGR"},
};

static gint find_format(guint32 fourcc)
{
    for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++)
        if (FORMATS[i].fourcc == fourcc)
            return (gint)i;
    return -1;
}

/* How far a size is from the wanted one, in pixels; larger ones only if nothing fits inside. */
static double size_cost(const CamMode *mode, gint width, gint height)
{
    double area = (double)mode->width * mode->height, wanted = (double)width * height;
    if (mode->width <= width && mode->height <= height)
        return wanted - area;
    return 1e9 + area;
}

static double rate(const CamMode *mode)
{
    return mode->fps_n > 0 ? (double)mode->fps_n / mode->fps_d : 30;
}

/* 29.97 is 30. Too slow is worse than too fast, which costs nothing but time. */
static double rate_cost(const CamMode *mode, gint fps)
{
    double above = rate(mode) - fps;
    if (fabs(above) < 0.5)
        return 0;
    return above > 0 ? above : -4 * above;
}

static gboolean is_better(const CamMode *a, const CamMode *b, const CamWish *wish)
{
    gint width = wish->width ? wish->width : 1280, height = wish->height ? wish->height : 720;
    gint fps = wish->fps ? wish->fps : 30;
    gboolean a_slow = !wish->width && rate(a) < MIN(15, fps);
    gboolean b_slow = !wish->width && rate(b) < MIN(15, fps);
    double a_cost[] = {a_slow, size_cost(a, width, height), rate_cost(a, fps), a->emulated,
                       find_format(a->fourcc)};
    double b_cost[] = {b_slow, size_cost(b, width, height), rate_cost(b, fps), b->emulated,
                       find_format(b->fourcc)};
    for (gsize i = 0; i < G_N_ELEMENTS(a_cost); i++)
        if (a_cost[i] != b_cost[i])
            return a_cost[i] < b_cost[i];
    return FALSE;
}

const CamMode *cam_mode_choose(const CamMode *modes, gsize count, const CamWish *wish)
{
    const CamMode *best = NULL;
    for (gsize i = 0; i < count; i++) {
        if (find_format(modes[i].fourcc) < 0 || (wish->fourcc && modes[i].fourcc != wish->fourcc))
            continue;
        if (!best || is_better(&modes[i], best, wish))
            best = &modes[i];
    }
    return best;
}

GstCaps *cam_mode_caps(const CamMode *mode)
{
    gint found = find_format(mode->fourcc);
    if (found < 0)
        return NULL;
    GstCaps *caps = gst_caps_new_empty_simple(FORMATS[found].format ? "video/x-raw" : "image/jpeg");
    if (FORMATS[found].format)
        gst_caps_set_simple(caps, "format", G_TYPE_STRING, FORMATS[found].format, NULL);
    gst_caps_set_simple(caps, "width", G_TYPE_INT, mode->width, "height", G_TYPE_INT, mode->height,
                        NULL);
    if (mode->fps_n > 0)
        gst_caps_set_simple(caps, "framerate", GST_TYPE_FRACTION, mode->fps_n, mode->fps_d, NULL);
    return caps;
}

gboolean cam_mode_is_known(const CamMode *mode)
{
    return find_format(mode->fourcc) >= 0;
}

gboolean cam_mode_is_jpeg(const CamMode *mode)
{
    gint found = find_format(mode->fourcc);
    return found >= 0 && !FORMATS[found].format;
}

void cam_mode_print_fourcc(guint32 fourcc, gchar *text)
{
    for (gint i = 0; i < 4; i++) {
        gchar letter = (gchar)(fourcc >> (8 * i) & 0x7f);
        text[i] = g_ascii_isgraph(letter) ? letter : ' ';
    }
    text[4] = 0;
    g_strchomp(text);
}

guint32 cam_mode_read_fourcc(const gchar *text)
{
    static const struct {
        const gchar *name;
        guint32 fourcc;
    } OTHER[] = {{"yuy2", V4L2_PIX_FMT_YUYV}, {"mjpeg", V4L2_PIX_FMT_MJPEG},
                 {"i420", V4L2_PIX_FMT_YUV420}};
    gchar code[5];
    for (gsize i = 0; i < G_N_ELEMENTS(OTHER); i++)
        if (!g_ascii_strcasecmp(text, OTHER[i].name))
            return OTHER[i].fourcc;
    for (gsize i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
        cam_mode_print_fourcc(FORMATS[i].fourcc, code);
        if (!g_ascii_strcasecmp(text, code))
            return FORMATS[i].fourcc;
    }
    return 0;
}
