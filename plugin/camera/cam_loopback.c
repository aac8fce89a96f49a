#include "cam_loopback.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cam_packed.h"
#include "cam_trouble.h"

struct CamLoopback {
    int fd;
    GstVideoInfo info;
    gsize size; /* bytes of a frame as the device has it */
    guint8 *bytes;
};

static guint32 find_fourcc(const GstVideoInfo *info)
{
    switch (cam_packed_format(info)) {
    case MIEN_FORMAT_YUY2:
        return V4L2_PIX_FMT_YUYV;
    case MIEN_FORMAT_I420:
        return V4L2_PIX_FMT_YUV420;
    default:
        return V4L2_PIX_FMT_NV12;
    }
}

static int ask(int fd, unsigned long request, void *data)
{
    int result;
    do
        result = ioctl(fd, request, data);
    while (result < 0 && errno == EINTR);
    return result;
}

/* Where readers look for the rate; a device that has none is no less a device. */
static void set_rate(int fd, const GstVideoInfo *info)
{
    struct v4l2_streamparm rate = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    rate.parm.output.capability = V4L2_CAP_TIMEPERFRAME;
    rate.parm.output.timeperframe.numerator = (guint32)info->fps_d;
    rate.parm.output.timeperframe.denominator = (guint32)info->fps_n;
    ask(fd, VIDIOC_S_PARM, &rate);
}

/* Makes this the device's writer, who is missed when it closes; newer versions know without it,
 * and refuse. */
static void announce(int fd)
{
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    ask(fd, VIDIOC_STREAMON, &type);
}

/* Opens the device for one writer. An errno: EBUSY if it has one, as far as it says so. */
static gint open_device(const gchar *path, int *fd, gboolean *ours)
{
    struct v4l2_capability about = {0};
    *ours = FALSE;
    *fd = open(path, O_RDWR | O_CLOEXEC);
    if (*fd < 0 || ask(*fd, VIDIOC_QUERYCAP, &about) < 0)
        return errno;
    *ours = !strcmp((const char *)about.driver, "v4l2 loopback");
    guint32 can = about.device_caps & (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_OUTPUT);
    return can == V4L2_CAP_VIDEO_CAPTURE ? EBUSY : 0;
}

static gint set_format(CamLoopback *self, struct v4l2_format *format)
{
    *format = (struct v4l2_format){.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    format->fmt.pix.width = (guint32)self->info.width;
    format->fmt.pix.height = (guint32)self->info.height;
    format->fmt.pix.pixelformat = find_fourcc(&self->info);
    format->fmt.pix.field = V4L2_FIELD_NONE;
    format->fmt.pix.sizeimage = (guint32)self->size;
    format->fmt.pix.colorspace = V4L2_COLORSPACE_SRGB;
    return ask(self->fd, VIDIOC_S_FMT, format) < 0 ? errno : 0;
}

/* v4l2loopback answers with the format that it has where it cannot change it. */
static gchar *check_format(const CamLoopback *self, const gchar *path,
                           const struct v4l2_format *format)
{
    if (format->fmt.pix.width == (guint32)self->info.width &&
        format->fmt.pix.height == (guint32)self->info.height &&
        format->fmt.pix.pixelformat == find_fourcc(&self->info))
        return NULL;
    gchar *readers = cam_trouble_holders(path);
    gchar *line = g_strdup_printf(
        "loopback device %s holds on to another format: close what reads it (%s)", path,
        readers ? readers : "none that this user may see");
    g_free(readers);
    return line;
}

static gchar *open_writer(CamLoopback *self, const gchar *path)
{
    struct v4l2_format format;
    gboolean ours;
    gint fault = open_device(path, &self->fd, &ours);
    if (!fault && !ours)
        return g_strdup_printf("%s is no v4l2loopback device (mien-cam --list shows those)", path);
    if (!fault && set_format(self, &format) == EINVAL) {
        /* With exclusive_caps=1, v4l2loopback 0.12 forgets to take writers again after one that
         * only used write(2), as ffmpeg does; one that announces itself and closes reminds it. */
        announce(self->fd);
        close(self->fd);
        fault = open_device(path, &self->fd, &ours);
    }
    if (!fault)
        fault = set_format(self, &format);
    if (fault)
        return cam_trouble_device("loopback device", path, fault);
    gchar *trouble = check_format(self, path, &format);
    if (!trouble) {
        set_rate(self->fd, &self->info);
        announce(self->fd);
    }
    return trouble;
}

CamLoopback *cam_loopback_open(const gchar *path, const GstVideoInfo *info, gchar **trouble)
{
    CamLoopback *self = g_new0(CamLoopback, 1);
    self->info = *info;
    self->size = cam_packed_size(info);
    self->bytes = g_malloc(self->size);
    *trouble = open_writer(self, path);
    if (!*trouble)
        return self;
    cam_loopback_close(self);
    return NULL;
}

void cam_loopback_close(CamLoopback *loopback)
{
    if (loopback->fd >= 0)
        close(loopback->fd);
    g_free(loopback->bytes);
    g_free(loopback);
}

gint cam_loopback_write(CamLoopback *loopback, GstBuffer *buffer)
{
    GstVideoFrame frame;
    ssize_t written;
    if (!gst_video_frame_map(&frame, &loopback->info, buffer, GST_MAP_READ))
        return EINVAL;
    gboolean fits = cam_packed_copy(&frame, loopback->bytes, loopback->size);
    gst_video_frame_unmap(&frame);
    if (!fits)
        return EINVAL;
    do
        written = write(loopback->fd, loopback->bytes, loopback->size);
    while (written < 0 && errno == EINTR);
    return written < 0 ? errno : 0;
}
