#include "gstmienfaces.h"

#include <math.h>

static GstStructure *describe(const mien_face *face)
{
    GstStructure *made = gst_structure_new(
        "mien-face", "id", G_TYPE_UINT, (guint)face->id, "lost", G_TYPE_BOOLEAN,
        (gboolean)face->lost, "presence", G_TYPE_DOUBLE, (gdouble)face->presence, "x",
        G_TYPE_DOUBLE, (gdouble)face->x, "y", G_TYPE_DOUBLE, (gdouble)face->y, "width",
        G_TYPE_DOUBLE, (gdouble)face->width, "height", G_TYPE_DOUBLE, (gdouble)face->height,
        "yaw", G_TYPE_DOUBLE, (gdouble)face->yaw, "pitch", G_TYPE_DOUBLE, (gdouble)face->pitch,
        "roll", G_TYPE_DOUBLE, (gdouble)face->roll, "pose-confidence", G_TYPE_DOUBLE,
        (gdouble)face->pose_confidence, "gaze-yaw", G_TYPE_DOUBLE, (gdouble)face->gaze_yaw,
        "gaze-pitch", G_TYPE_DOUBLE, (gdouble)face->gaze_pitch, "gaze-confidence", G_TYPE_DOUBLE,
        (gdouble)face->gaze_confidence, "aperture-left", G_TYPE_DOUBLE,
        (gdouble)face->aperture[0], "aperture-right", G_TYPE_DOUBLE, (gdouble)face->aperture[1],
        "glasses", G_TYPE_DOUBLE, (gdouble)face->glasses, NULL);
    for (gint r = 0; r < MIEN_FACE_REGIONS; r++) {
        gchar *field = g_strdup_printf("visible-%s", mien_face_region_name((mien_face_region)r));
        gst_structure_set(made, field, G_TYPE_DOUBLE, (gdouble)face->visible[r], NULL);
        g_free(field);
    }
    return made;
}

static void add_points(GstStructure *to, const mien_face *face)
{
    GBytes *points = g_bytes_new(face->point, sizeof face->point);
    gst_structure_set(to, "points", G_TYPE_BYTES, points, NULL);
    g_bytes_unref(points);
}

/* The part of [from, from + length) inside [0, limit), in whole pixels around it. */
static void clip(gfloat from, gfloat length, gint limit, guint *start, guint *size)
{
    gfloat first = fminf(fmaxf(floorf(from), 0), (gfloat)limit); /* 0 also for what is no number */
    gfloat end = fminf(fmaxf(ceilf(from + length), first), (gfloat)limit);
    *start = (guint)first;
    *size = (guint)(end - first);
}

void gst_mien_faces_attach(GstBuffer *buffer, const mien_face *faces, gsize count, gint width,
                           gint height)
{
    for (gsize i = 0; i < count; i++) {
        guint x, y, w, h;
        clip(faces[i].x, faces[i].width, width, &x, &w);
        clip(faces[i].y, faces[i].height, height, &y, &h);
        if (w == 0 || h == 0)
            continue; /* a lost face that has moved out of the frame */
        GstVideoRegionOfInterestMeta *meta =
            gst_buffer_add_video_region_of_interest_meta(buffer, "face", x, y, w, h);
        GstStructure *structure = describe(&faces[i]);
        add_points(structure, &faces[i]);
        meta->id = (gint)faces[i].id;
        gst_video_region_of_interest_meta_add_param(meta, structure);
    }
}

void gst_mien_faces_post(GstElement *element, const mien_face *faces, gsize count,
                         const GstSegment *segment, GstClockTime pts)
{
    GstClockTime stream = GST_CLOCK_TIME_NONE, running = GST_CLOCK_TIME_NONE;
    GValue list = G_VALUE_INIT, face = G_VALUE_INIT;
    if (segment->format == GST_FORMAT_TIME) {
        stream = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, pts);
        running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, pts);
    }
    gst_value_list_init(&list, (guint)count);
    for (gsize i = 0; i < count; i++) {
        g_value_init(&face, GST_TYPE_STRUCTURE);
        g_value_take_boxed(&face, describe(&faces[i]));
        gst_value_list_append_and_take_value(&list, &face);
    }
    GstStructure *structure =
        gst_structure_new("mien-faces", "timestamp", GST_TYPE_CLOCK_TIME, pts, "stream-time",
                          GST_TYPE_CLOCK_TIME, stream, "running-time", GST_TYPE_CLOCK_TIME,
                          running, NULL);
    gst_structure_take_value(structure, "faces", &list);
    gst_element_post_message(element, gst_message_new_element(GST_OBJECT(element), structure));
}
