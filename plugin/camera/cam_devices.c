#include "cam_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>
#include <stdlib.h>
#include <string.h>

enum { MODES_MAX = 2000 }; /* no driver has so many; one that never ends its list is cut */

static int ask(int fd, unsigned long request, void *data)
{
    int result;
    do
        result = v4l2_ioctl(fd, request, data);
    while (result < 0 && errno == EINTR);
    return result;
}

static void add_mode(CamDevice *device, const struct v4l2_fmtdesc *format, gint width, gint height,
                     gint fps_n, gint fps_d)
{
    CamMode mode = {format->pixelformat, width, height, fps_n, fps_d,
                    (format->flags & V4L2_FMT_FLAG_EMULATED) != 0};
    if (width >= 16 && height >= 16 && device->modes->len < MODES_MAX)
        g_array_append_val(device->modes, mode);
}

/* The wanted rate within a range of times between frames. */
static void add_rate_in_range(CamDevice *device, const struct v4l2_fmtdesc *format, gint width,
                              gint height, const struct v4l2_frmival_stepwise *range, gint fps)
{
    double shortest = (double)range->min.numerator / MAX(1, range->min.denominator);
    double longest = (double)range->max.numerator / MAX(1, range->max.denominator);
    if (1.0 / fps < shortest)
        add_mode(device, format, width, height, (gint)range->min.denominator,
                 (gint)range->min.numerator);
    else if (1.0 / fps > longest)
        add_mode(device, format, width, height, (gint)range->max.denominator,
                 (gint)range->max.numerator);
    else
        add_mode(device, format, width, height, fps, 1);
}

static void add_rates(CamDevice *device, int fd, const struct v4l2_fmtdesc *format, gint width,
                      gint height, const CamWish *wish)
{
    gint fps = wish && wish->fps ? wish->fps : 30;
    struct v4l2_frmivalenum rate = {.pixel_format = format->pixelformat,
                                    .width = (guint32)width,
                                    .height = (guint32)height};
    for (; ask(fd, VIDIOC_ENUM_FRAMEINTERVALS, &rate) == 0 && rate.index < 100; rate.index++) {
        if (rate.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
            add_rate_in_range(device, format, width, height, &rate.stepwise, fps);
            return;
        }
        if (rate.discrete.numerator > 0)
            add_mode(device, format, width, height, (gint)rate.discrete.denominator,
                     (gint)rate.discrete.numerator);
    }
    if (rate.index == 0)
        add_mode(device, format, width, height, 0, 1);
}

static gboolean is_in(const struct v4l2_frmsize_stepwise *range, gint width, gint height)
{
    guint w = (guint)width, h = (guint)height;
    return w >= range->min_width && w <= range->max_width && h >= range->min_height &&
           h <= range->max_height && (w - range->min_width) % MAX(1, range->step_width) == 0 &&
           (h - range->min_height) % MAX(1, range->step_height) == 0;
}

/* A range has too many sizes to list: the usual ones, and the wanted one. */
static void add_sizes_in_range(CamDevice *device, int fd, const struct v4l2_fmtdesc *format,
                               const struct v4l2_frmsize_stepwise *range, const CamWish *wish)
{
    static const gint USUAL[][2] = {{1920, 1080}, {1280, 720}, {640, 480}, {640, 360}, {320, 240}};
    for (gsize i = 0; i < G_N_ELEMENTS(USUAL); i++)
        if (is_in(range, USUAL[i][0], USUAL[i][1]))
            add_rates(device, fd, format, USUAL[i][0], USUAL[i][1], wish);
    if (wish && wish->width && is_in(range, wish->width, wish->height))
        add_rates(device, fd, format, wish->width, wish->height, wish);
    add_rates(device, fd, format, (gint)MIN(range->max_width, 8192),
              (gint)MIN(range->max_height, 8192), wish);
}

static void add_sizes(CamDevice *device, int fd, const struct v4l2_fmtdesc *format,
                      const CamWish *wish)
{
    struct v4l2_frmsizeenum size = {.pixel_format = format->pixelformat};
    for (; ask(fd, VIDIOC_ENUM_FRAMESIZES, &size) == 0 && size.index < 200; size.index++) {
        if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
            add_sizes_in_range(device, fd, format, &size.stepwise, wish);
            return;
        }
        add_rates(device, fd, format, (gint)size.discrete.width, (gint)size.discrete.height, wish);
    }
    if (size.index > 0)
        return;
    struct v4l2_format now = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE}; /* a driver that lists none */
    if (ask(fd, VIDIOC_G_FMT, &now) == 0)
        add_rates(device, fd, format, (gint)now.fmt.pix.width, (gint)now.fmt.pix.height, wish);
}

static void add_formats(CamDevice *device, int fd, const CamWish *wish)
{
    struct v4l2_fmtdesc format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    for (; ask(fd, VIDIOC_ENUM_FMT, &format) == 0 && format.index < 200; format.index++)
        add_sizes(device, fd, &format, wish);
}

static void look_at(CamDevice *device, int fd, const CamWish *wish)
{
    struct v4l2_capability about = {0};
    if (ask(fd, VIDIOC_QUERYCAP, &about) < 0) {
        device->fault = errno;
        return;
    }
    guint32 can = about.capabilities & V4L2_CAP_DEVICE_CAPS ? about.device_caps
                                                            : about.capabilities;
    g_free(device->card);
    g_free(device->driver);
    device->card = g_strndup((const gchar *)about.card, sizeof about.card);
    device->driver = g_strndup((const gchar *)about.driver, sizeof about.driver);
    device->loopback = !strcmp(device->driver, "v4l2 loopback");
    device->capture = (can & V4L2_CAP_VIDEO_CAPTURE) != 0;
    device->output = (can & V4L2_CAP_VIDEO_OUTPUT) != 0;
    if (!device->capture)
        return;
    /* From here on v4l2_ioctl() adds the formats that libv4l2 can make. It knows nothing of a
     * loopback device, and would complain where that has no format yet. */
    int known = device->loopback ? -1 : v4l2_fd_open(fd, 0);
    add_formats(device, known >= 0 ? known : fd, wish);
}

CamDevice *cam_device_look(const gchar *path, const CamWish *wish)
{
    CamDevice *device = g_new0(CamDevice, 1);
    device->path = g_strdup(path);
    device->card = g_strdup("");
    device->driver = g_strdup("");
    device->modes = g_array_new(FALSE, FALSE, sizeof(CamMode));
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        device->fault = errno;
        return device;
    }
    look_at(device, fd, wish);
    v4l2_close(fd); /* close() where libv4l2 does not know it */
    return device;
}

void cam_device_free(CamDevice *device)
{
    g_free(device->path);
    g_free(device->card);
    g_free(device->driver);
    g_array_unref(device->modes);
    g_free(device);
}

static gint by_number(gconstpointer a, gconstpointer b)
{
    const gchar *const *x = a, *const *y = b;
    return atoi(*x + strlen("video")) - atoi(*y + strlen("video"));
}

GPtrArray *cam_devices_scan(const CamWish *wish)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *devices = g_ptr_array_new_with_free_func((GDestroyNotify)cam_device_free);
    GDir *folder = g_dir_open("/dev", 0, NULL);
    const gchar *name;
    while (folder && (name = g_dir_read_name(folder)))
        if (g_str_has_prefix(name, "video") && g_ascii_isdigit(name[strlen("video")]))
            g_ptr_array_add(names, g_strdup(name));
    g_clear_pointer(&folder, g_dir_close);
    g_ptr_array_sort(names, by_number);
    for (guint i = 0; i < names->len; i++) {
        gchar *path = g_strdup_printf("/dev/%s", (gchar *)names->pdata[i]);
        g_ptr_array_add(devices, cam_device_look(path, wish));
        g_free(path);
    }
    g_ptr_array_unref(names);
    return devices;
}

gboolean cam_device_is_camera(const CamDevice *device)
{
    return device->capture && !device->loopback && device->modes->len > 0;
}
