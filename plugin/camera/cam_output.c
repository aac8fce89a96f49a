#include "cam_output.h"

#include <errno.h>
#include <string.h>

#include "cam_black.h"
#include "cam_devices.h"
#include "cam_loopback.h"
#include "cam_node.h"
#include "cam_pipewire.h"
#include "cam_trouble.h"

struct CamOutput {
    GstElement *pipe;
    gchar *where;
    gchar *name; /* of a PipeWire camera */
    CamLoopback *loopback; /* it or a node or none */
    CamNode *node;
    CamTap *tap;
    GstVideoInfo info;
};

/* Of the frames that wait, only the newest is kept. */
#define HEAD                                                                                       \
    "appsrc name=frames is-live=true format=time max-buffers=1 max-bytes=0 max-time=0 "            \
    "leaky-type=downstream ! mien name=filter ! "

static const gchar WRITTEN[] = HEAD "appsink name=out sync=false max-buffers=1";
static const gchar NOWHERE[] = HEAD "fakesink name=out sync=false";

static gchar *find_loopback(gchar **trouble)
{
    GPtrArray *devices = cam_devices_scan(NULL);
    gchar *path = NULL, *busy = NULL;
    for (guint i = 0; i < devices->len && !path; i++) {
        const CamDevice *device = devices->pdata[i];
        /* One that says neither is unusable only at first sight: cam_loopback_open(). */
        if (device->loopback && (device->output || !device->capture))
            path = g_strdup(device->path);
        else if (device->loopback && !busy)
            busy = g_strdup(device->path);
    }
    if (!path && busy)
        *trouble = cam_trouble_device("loopback device", busy, EBUSY);
    g_free(busy);
    g_ptr_array_unref(devices);
    return path;
}

/* Where to write to if the user did not say. */
static gchar *choose_output(gchar **trouble)
{
    gchar *path = find_loopback(trouble);
    if (path || *trouble)
        return path;
    if (cam_pipewire_is_there())
        return g_strdup("pipewire");
    *trouble = g_strdup("there is no loopback device and no PipeWire: as root, modprobe "
                        "v4l2loopback exclusive_caps=1 card_label=mien (package "
                        "v4l2loopback-dkms), or start PipeWire; waiting");
    return NULL;
}

static GstFlowReturn write_frame(GstAppSink *sink, gpointer data)
{
    CamOutput *self = data;
    GstSample *sample = gst_app_sink_pull_sample(sink);
    if (!sample)
        return GST_FLOW_EOS;
    GstBuffer *frame = gst_sample_get_buffer(sample);
    gint fault = self->loopback ? cam_loopback_write(self->loopback, frame)
                                : cam_node_write(self->node, frame);
    gst_sample_unref(sample);
    if (fault == 0 || fault == EAGAIN) /* EAGAIN: no room for this one */
        return GST_FLOW_OK;
    gchar *line = self->loopback ? cam_trouble_device("loopback device", self->where, fault)
                                 : g_strdup("it has ended: waiting");
    GST_ELEMENT_ERROR(sink, RESOURCE, WRITE, ("%s", line), (NULL));
    g_free(line);
    return GST_FLOW_ERROR;
}

static GstPadProbeReturn enter(GstPad *pad, GstPadProbeInfo *probe, gpointer data)
{
    (void)pad;
    (void)probe;
    CamTap *tap = ((CamOutput *)data)->tap;
    g_mutex_lock(&tap->lock);
    tap->entered = g_get_monotonic_time();
    g_mutex_unlock(&tap->lock);
    return GST_PAD_PROBE_OK;
}

/* Under the tap's lock: the frame as the world may see it. FALSE: not at all. */
static gboolean show(CamOutput *self, GstPadProbeInfo *probe)
{
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(probe);
    if (self->tap->covered) {
        buffer = gst_buffer_make_writable(buffer);
        GST_PAD_PROBE_INFO_DATA(probe) = buffer;
        if (!cam_black_fill(buffer, &self->info))
            return FALSE;
    }
    if (self->tap->view)
        cam_view_write(self->tap->view, buffer);
    return TRUE;
}

static GstPadProbeReturn leave(GstPad *pad, GstPadProbeInfo *probe, gpointer data)
{
    (void)pad;
    CamOutput *self = data;
    CamTap *tap = self->tap;
    GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER(probe);
    GstClock *clock = gst_system_clock_obtain();
    GstClockTime now = gst_clock_get_time(clock) - gst_element_get_base_time(self->pipe);
    gst_object_unref(clock);
    g_mutex_lock(&tap->lock);
    tap->done++;
    tap->busy += g_get_monotonic_time() - tap->entered;
    if (GST_BUFFER_PTS_IS_VALID(buffer))
        tap->delay = GST_CLOCK_DIFF(GST_BUFFER_PTS(buffer), now) / 1000;
    gboolean shown = show(self, probe);
    g_mutex_unlock(&tap->lock);
    return shown ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

static void watch(CamOutput *self, const gchar *pad_name, GstPadProbeCallback callback)
{
    GstPad *pad = gst_element_get_static_pad(cam_output_filter(self), pad_name);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, callback, self, NULL);
    gst_object_unref(pad);
}

static gboolean open_sink(CamOutput *self, const GstVideoInfo *info, gchar **trouble)
{
    GstAppSinkCallbacks callbacks = {.new_sample = write_frame};
    gboolean pipewire = !strcmp(self->where, "pipewire");
    if (!pipewire && *self->where != '/')
        return TRUE;
    if (pipewire)
        self->node = cam_node_open(self->name, info, trouble);
    else
        self->loopback = cam_loopback_open(self->where, info, trouble);
    gst_app_sink_set_callbacks(GST_APP_SINK(cam_pipe_find(self->pipe, "out")), &callbacks, self,
                               NULL);
    return self->node || self->loopback;
}

static gchar *start(CamOutput *self, const CamPipeEvents *events)
{
    gboolean ours;
    watch(self, "sink", enter);
    watch(self, "src", leave);
    GstMessage *error = cam_pipe_start(self->pipe, events);
    gchar *line = error ? cam_output_explain(self, error, &ours) : NULL;
    g_clear_pointer(&error, gst_message_unref);
    return line;
}

CamOutput *cam_output_open(const CamOptions *options, const gchar *where, CamFeed *feed,
                           const GstVideoInfo *info, CamTap *tap, const CamPipeEvents *events,
                           gchar **trouble)
{
    *trouble = NULL;
    CamOutput *self = g_new0(CamOutput, 1);
    self->tap = tap;
    self->info = *info;
    self->name = g_strdup(options->name);
    self->where = g_strdup(where && *where ? where : options->output);
    if (!*self->where) {
        g_free(self->where);
        self->where = choose_output(trouble);
    }
    if (self->where)
        self->pipe = cam_pipe_new(strcmp(self->where, "none") ? WRITTEN : NOWHERE, trouble);
    if (!self->pipe || !open_sink(self, info, trouble))
        goto error;
    GstAppSrc *frames = GST_APP_SRC(cam_pipe_find(self->pipe, "frames"));
    GstCaps *caps = gst_video_info_to_caps(info);
    gst_app_src_set_caps(frames, caps);
    gst_caps_unref(caps);
    cam_settings_apply_all(options->settings, cam_output_filter(self));
    *trouble = start(self, events);
    if (*trouble)
        goto error;
    cam_feed_give_to(feed, frames);
    return self;
error:
    cam_output_close(self, feed);
    return NULL;
}

void cam_output_close(CamOutput *output, CamFeed *feed)
{
    cam_feed_give_to(feed, NULL);
    if (output->pipe)
        cam_pipe_leave(output->pipe);
    g_clear_pointer(&output->pipe, cam_pipe_stop);
    g_clear_pointer(&output->node, cam_node_close);
    g_clear_pointer(&output->loopback, cam_loopback_close);
    g_free(output->where);
    g_free(output->name);
    g_free(output);
}

const gchar *cam_output_where(const CamOutput *output)
{
    return output->where;
}

gchar *cam_output_label(const CamOutput *output)
{
    if (!strcmp(output->where, "pipewire"))
        return g_strdup_printf("PipeWire camera '%s'", output->name);
    return g_strdup(output->loopback ? output->where : "no output");
}

GstElement *cam_output_filter(CamOutput *output)
{
    return cam_pipe_find(output->pipe, "filter");
}

gchar *cam_output_explain(const CamOutput *output, GstMessage *error, gboolean *ours)
{
    *ours = !g_strcmp0(GST_MESSAGE_SRC_NAME(error), "filter");
    if (*ours)
        return cam_trouble_message("effect", NULL, error);
    if (!strcmp(output->where, "pipewire"))
        return cam_trouble_message("PipeWire", NULL, error);
    return cam_trouble_message("output", NULL, error);
}
