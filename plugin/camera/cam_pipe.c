#include "cam_pipe.h"

GstElement *cam_pipe_new(const gchar *words, gchar **trouble)
{
    GError *error = NULL;
    GstElement *pipe = gst_parse_launch_full(words, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);
    if (!pipe) {
        *trouble = g_strdup_printf("GStreamer: %s (is a package of its plugins missing?)",
                                   error->message);
        g_error_free(error);
        return NULL;
    }
    GstClock *clock = gst_system_clock_obtain();
    gst_pipeline_use_clock(GST_PIPELINE(pipe), clock);
    gst_object_unref(clock);
    return pipe;
}

GstElement *cam_pipe_find(GstElement *pipe, const gchar *name)
{
    GstElement *element = gst_bin_get_by_name(GST_BIN(pipe), name);
    if (element)
        gst_object_unref(element); /* the pipeline holds it */
    return element;
}

static void warn(const CamPipeEvents *events, GstMessage *message)
{
    GError *error;
    if (!events->warned)
        return;
    gst_message_parse_warning(message, &error, NULL);
    events->warned(events->data, error->message);
    g_error_free(error);
}

static gboolean handle(GstBus *bus, GstMessage *message, gpointer data)
{
    (void)bus;
    const CamPipeEvents *events = data;
    switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR:
        events->failed(events->data, message);
        return G_SOURCE_REMOVE; /* one error is enough; the pipeline is to be closed */
    case GST_MESSAGE_WARNING:
        warn(events, message);
        break;
    case GST_MESSAGE_EOS:
        if (events->ended)
            events->ended(events->data);
        break;
    default:
        break;
    }
    return G_SOURCE_CONTINUE;
}

GstMessage *cam_pipe_start(GstElement *pipe, const CamPipeEvents *events)
{
    GstBus *bus = gst_element_get_bus(pipe);
    GstMessage *error = NULL;
    if (gst_element_set_state(pipe, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
        error = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
        if (!error) { /* an element that fails without a word */
            GError *text = g_error_new_literal(GST_CORE_ERROR, GST_CORE_ERROR_STATE_CHANGE,
                                               "it could not be started");
            error = gst_message_new_error(GST_OBJECT(pipe), text, NULL);
            g_error_free(text);
        }
    } else {
        gst_bus_add_watch(bus, handle, (gpointer)events);
    }
    gst_object_unref(bus);
    return error;
}

static gpointer play(gpointer pipe)
{
    if (gst_element_set_state(pipe, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        GST_ELEMENT_ERROR(pipe, CORE, STATE_CHANGE, ("it could not be started"), (NULL));
    return NULL; /* an element's own words came first, and only the first ones are heard */
}

GThread *cam_pipe_start_aside(GstElement *pipe, const CamPipeEvents *events)
{
    GstBus *bus = gst_element_get_bus(pipe);
    gst_bus_add_watch(bus, handle, (gpointer)events);
    gst_object_unref(bus);
    return g_thread_new("start", play, pipe);
}

void cam_pipe_leave(GstElement *pipe)
{
    GstBus *bus = gst_element_get_bus(pipe);
    gst_bus_remove_watch(bus);
    gst_object_unref(bus);
}

void cam_pipe_stop(GstElement *pipe)
{
    gst_element_set_state(pipe, GST_STATE_NULL);
    gst_object_unref(pipe);
}
