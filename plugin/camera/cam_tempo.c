#include "cam_tempo.h"

enum { USUAL_FPS = 30 };

struct CamTempo {
    GMutex lock; /* guards `made` and the fraction */
    gint wish, fps_n, fps_d;
    gboolean made;     /* times of frames */
    GstClockTime next; /* of a frame without */
};

static void read_caps(CamTempo *tempo, GstEvent *event)
{
    GstCaps *caps;
    gint n = 0, d = 1;
    gst_event_parse_caps(event, &caps);
    gst_structure_get_fraction(gst_caps_get_structure(caps, 0), "framerate", &n, &d);
    g_mutex_lock(&tempo->lock);
    tempo->fps_n = tempo->wish ? tempo->wish : n > 0 ? n : USUAL_FPS;
    tempo->fps_d = !tempo->wish && n > 0 ? d : 1;
    g_mutex_unlock(&tempo->lock);
}

static void read_segment(CamTempo *tempo, GstEvent *event)
{
    const GstSegment *segment;
    gst_event_parse_segment(event, &segment);
    tempo->next = segment->format == GST_FORMAT_TIME ? segment->start : 0;
}

static GstBuffer *stamp(CamTempo *tempo, GstBuffer *buffer)
{
    GstClockTime span = gst_util_uint64_scale(GST_SECOND, (guint64)tempo->fps_d,
                                              (guint64)tempo->fps_n);
    gboolean timed = GST_BUFFER_PTS_IS_VALID(buffer);
    if (!timed || !GST_BUFFER_DURATION_IS_VALID(buffer)) {
        buffer = gst_buffer_make_writable(buffer);
        GST_BUFFER_DURATION(buffer) = span; /* the stream's end waits for that of its last frame */
    }
    if (!timed) {
        GST_BUFFER_PTS(buffer) = tempo->next;
        g_mutex_lock(&tempo->lock);
        tempo->made = TRUE;
        g_mutex_unlock(&tempo->lock);
    }
    tempo->next = GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer);
    return buffer;
}

static GstPadProbeReturn look(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    (void)pad;
    CamTempo *tempo = data;
    if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
        info->data = stamp(tempo, GST_PAD_PROBE_INFO_BUFFER(info));
        return GST_PAD_PROBE_OK;
    }
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info);
    if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS)
        read_caps(tempo, event);
    else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT)
        read_segment(tempo, event);
    return GST_PAD_PROBE_OK;
}

static void release(gpointer data)
{
    CamTempo *tempo = data;
    g_mutex_clear(&tempo->lock);
    g_free(tempo);
}

CamTempo *cam_tempo_new(GstPad *pad, gint fps)
{
    CamTempo *tempo = g_new0(CamTempo, 1);
    g_mutex_init(&tempo->lock);
    tempo->wish = fps;
    tempo->fps_n = USUAL_FPS;
    tempo->fps_d = 1;
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, look,
                      tempo, release);
    return tempo;
}

double cam_tempo_rate(CamTempo *tempo)
{
    g_mutex_lock(&tempo->lock);
    double rate = tempo->made ? (double)tempo->fps_n / tempo->fps_d : 0;
    g_mutex_unlock(&tempo->lock);
    return rate;
}
