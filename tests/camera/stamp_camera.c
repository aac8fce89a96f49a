/* A camera of PipeWire's, node `upstream`, whose frames have the time burnt in as delay_stamp.py
 * reads it.
 *
 *   stamp_camera WIDTH HEIGHT RATE
 *
 * The memory of the frames is pipewiresink's own, as videotestsrc takes it: others make that one
 * crash. */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 16, BITS = 40, BLACK = 0x10, WHITE = 0xeb };

/* The luma of a square of YUY2, for each bit from the lowest on, row by row. */
static void burn(guint8 *bytes, gint width, gint64 time)
{
    gint columns = width / SIDE;
    for (gint bit = 0; bit < BITS; bit++)
        for (gint y = 0; y < SIDE; y++) {
            guint8 *row = bytes + ((bit / columns * SIDE + y) * width + bit % columns * SIDE) * 2;
            for (gint x = 0; x < SIDE; x++)
                row[2 * x] = time >> bit & 1 ? WHITE : BLACK;
        }
}

static GstPadProbeReturn stamp(GstPad *pad, GstPadProbeInfo *probe, gpointer data)
{
    (void)pad;
    GstMapInfo map;
    if (gst_buffer_map(GST_PAD_PROBE_INFO_BUFFER(probe), &map, GST_MAP_WRITE)) {
        burn(map.data, *(gint *)data, g_get_monotonic_time());
        gst_buffer_unmap(GST_PAD_PROBE_INFO_BUFFER(probe), &map);
    }
    return GST_PAD_PROBE_OK;
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    if (argc != 4) {
        fprintf(stderr, "stamp_camera: WIDTH HEIGHT RATE are needed\n");
        return 2;
    }
    gint width = atoi(argv[1]);
    gchar *words = g_strdup_printf(
        "videotestsrc name=source is-live=true pattern=black ! "
        "video/x-raw,format=YUY2,width=%s,height=%s,framerate=%s/1 ! pipewiresink mode=provide "
        "sync=false stream-properties=p,media.class=Video/Source,media.role=Camera,"
        "node.name=upstream,node.description=Upstream", argv[1], argv[2], argv[3]);
    GError *error = NULL;
    GstElement *pipe = gst_parse_launch(words, &error);
    if (error) {
        fprintf(stderr, "stamp_camera: %s\n", error->message);
        return 1;
    }
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipe), "source");
    GstPad *pad = gst_element_get_static_pad(source, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, stamp, &width, NULL);
    gst_element_set_state(pipe, GST_STATE_PLAYING);
    GstBus *bus = gst_element_get_bus(pipe);
    GstMessage *message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_ERROR);
    gst_message_parse_error(message, &error, NULL);
    fprintf(stderr, "stamp_camera: %s\n", error->message);
    return 1;
}
