#include "cam_preview.h"

static void failed(gpointer data, GstMessage *message)
{
    CamPreview *self = data;
    GError *error;
    gst_message_parse_error(message, &error, NULL);
    self->closed(self->data, error->message);
    g_error_free(error);
}

CamPreview *cam_preview_open(const GstVideoInfo *info,
                             void (*closed)(gpointer data, const gchar *line), gpointer data,
                             gchar **trouble)
{
    GstElement *pipe = cam_pipe_new("appsrc name=frames is-live=true format=time max-buffers=1 "
                                    "max-bytes=0 max-time=0 leaky-type=downstream ! videoconvert "
                                    "n-threads=2 ! autovideosink sync=false", trouble);
    if (!pipe)
        return NULL;
    CamPreview *self = g_new0(CamPreview, 1);
    GstCaps *caps = gst_video_info_to_caps(info);
    self->pipe = pipe;
    self->frames = GST_APP_SRC(cam_pipe_find(pipe, "frames"));
    self->events = (CamPipeEvents){.failed = failed, .data = self};
    self->closed = closed;
    self->data = data;
    gst_app_src_set_caps(self->frames, caps);
    gst_caps_unref(caps);
    GstMessage *error = cam_pipe_start(pipe, &self->events);
    if (!error)
        return self;
    GError *text;
    gst_message_parse_error(error, &text, NULL);
    *trouble = g_strdup_printf("no preview: %s", text->message);
    g_error_free(text);
    gst_message_unref(error);
    cam_preview_close(self);
    return NULL;
}

void cam_preview_close(CamPreview *preview)
{
    cam_pipe_stop(preview->pipe);
    g_free(preview);
}
