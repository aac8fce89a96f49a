#include "cam_node.h"

#include <errno.h>
#include <pipewire/pipewire.h>
#include <spa/param/video/format-utils.h>

#include "cam_packed.h"
#include "cam_pipewire.h"

#pragma GCC diagnostic ignored "-Wpedantic" /* PipeWire's macros are GNU C */

enum { BUFFERS = 4, BUFFERS_MIN = 2, BUFFERS_MAX = 16, POD_BYTES = 1024 };

struct CamNode {
    GstVideoInfo info;
    struct pw_thread_loop *loop; /* its lock guards the rest */
    struct pw_context *context;
    struct pw_core *core;
    struct pw_stream *stream;
    struct spa_hook listener;
    gboolean lost;
    guint64 count; /* frames given */
};

static enum spa_video_format find_format(const GstVideoInfo *info)
{
    switch (cam_packed_format(info)) {
    case MIEN_FORMAT_YUY2:
        return SPA_VIDEO_FORMAT_YUY2;
    case MIEN_FORMAT_I420:
        return SPA_VIDEO_FORMAT_I420;
    default:
        return SPA_VIDEO_FORMAT_NV12;
    }
}

static void state_changed(void *data, enum pw_stream_state old, enum pw_stream_state now,
                          const char *error)
{
    (void)old;
    (void)error;
    CamNode *node = data;
    node->lost |= now == PW_STREAM_STATE_ERROR || now == PW_STREAM_STATE_UNCONNECTED;
}

/* A reader has agreed on the format, or has gone (no format): how its buffers are. */
static void param_changed(void *data, uint32_t id, const struct spa_pod *param)
{
    CamNode *node = data;
    guint8 bytes[POD_BYTES];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(bytes, sizeof bytes);
    const struct spa_pod *params[2];
    if (!param || id != SPA_PARAM_Format)
        return;
    params[0] = spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_ParamBuffers, SPA_PARAM_Buffers, SPA_PARAM_BUFFERS_buffers,
        SPA_POD_CHOICE_RANGE_Int(BUFFERS, BUFFERS_MIN, BUFFERS_MAX), SPA_PARAM_BUFFERS_blocks,
        SPA_POD_Int(1), SPA_PARAM_BUFFERS_size, SPA_POD_Int((gint)cam_packed_size(&node->info)),
        SPA_PARAM_BUFFERS_stride, SPA_POD_Int((gint)cam_packed_stride(&node->info)),
        SPA_PARAM_BUFFERS_dataType,
        SPA_POD_CHOICE_FLAGS_Int(1 << SPA_DATA_MemFd | 1 << SPA_DATA_MemPtr));
    params[1] = spa_pod_builder_add_object(
        &builder, SPA_TYPE_OBJECT_ParamMeta, SPA_PARAM_Meta, SPA_PARAM_META_type,
        SPA_POD_Id(SPA_META_Header), SPA_PARAM_META_size,
        SPA_POD_Int(sizeof(struct spa_meta_header)));
    pw_stream_update_params(node->stream, params, G_N_ELEMENTS(params));
}

static const struct pw_stream_events EVENTS = {
    PW_VERSION_STREAM_EVENTS,
    .state_changed = state_changed,
    .param_changed = param_changed,
};

/* What browsers and portals look for in a camera. */
static struct pw_stream *make_stream(struct pw_core *core, const gchar *name)
{
    return pw_stream_new(core, name,
                         pw_properties_new(PW_KEY_MEDIA_CLASS, "Video/Source", PW_KEY_MEDIA_ROLE,
                                           "Camera", PW_KEY_NODE_NAME, CAM_PIPEWIRE_NODE,
                                           PW_KEY_NODE_DESCRIPTION, name, NULL));
}

/* Under the loop's lock. An errno. */
static gint connect_stream(CamNode *node, const gchar *name)
{
    guint8 bytes[POD_BYTES];
    struct spa_pod_builder builder = SPA_POD_BUILDER_INIT(bytes, sizeof bytes);
    struct spa_video_info_raw format = {
        .format = find_format(&node->info),
        .size = SPA_RECTANGLE((guint32)node->info.width, (guint32)node->info.height),
        .framerate = SPA_FRACTION((guint32)node->info.fps_n, (guint32)node->info.fps_d)};
    const struct spa_pod *params[] = {
        spa_format_video_raw_build(&builder, SPA_PARAM_EnumFormat, &format)};
    node->core = pw_context_connect(
        node->context, pw_properties_new(PW_KEY_APP_NAME, "mien-cam", NULL), 0);
    if (!node->core)
        return errno;
    node->stream = make_stream(node->core, name);
    if (!node->stream)
        return errno;
    pw_stream_add_listener(node->stream, &node->listener, &EVENTS, node);
    /* It drives the graph: a frame goes out when it is there. */
    return -pw_stream_connect(node->stream, PW_DIRECTION_OUTPUT, PW_ID_ANY,
                              PW_STREAM_FLAG_DRIVER | PW_STREAM_FLAG_MAP_BUFFERS, params,
                              G_N_ELEMENTS(params));
}

static gint start(CamNode *node, const gchar *name)
{
    node->loop = pw_thread_loop_new("mien-cam", NULL);
    if (!node->loop)
        return errno;
    node->context = pw_context_new(pw_thread_loop_get_loop(node->loop), NULL, 0);
    if (!node->context || pw_thread_loop_start(node->loop) < 0)
        return errno;
    pw_thread_loop_lock(node->loop);
    gint fault = connect_stream(node, name);
    pw_thread_loop_unlock(node->loop);
    return fault;
}

CamNode *cam_node_open(const gchar *name, const GstVideoInfo *info, gchar **trouble)
{
    CamNode *node = g_new0(CamNode, 1);
    node->info = *info;
    pw_init(NULL, NULL);
    gint fault = start(node, name);
    if (!fault)
        return node;
    *trouble = cam_pipewire_is_there()
                   ? g_strdup_printf("PipeWire: %s; trying on", g_strerror(fault))
                   : g_strdup("PipeWire does not run: waiting for it");
    cam_node_close(node);
    return NULL;
}

void cam_node_close(CamNode *node)
{
    if (node->loop)
        pw_thread_loop_stop(node->loop);
    if (node->stream) {
        spa_hook_remove(&node->listener);
        pw_stream_destroy(node->stream);
    }
    g_clear_pointer(&node->core, pw_core_disconnect);
    g_clear_pointer(&node->context, pw_context_destroy);
    g_clear_pointer(&node->loop, pw_thread_loop_destroy);
    pw_deinit();
    g_free(node);
}

static void fill(CamNode *node, struct pw_buffer *to, const GstVideoFrame *frame)
{
    struct spa_data *data = &to->buffer->datas[0];
    struct spa_meta_header *header = spa_buffer_find_meta_data(
        to->buffer, SPA_META_Header, sizeof(struct spa_meta_header));
    gboolean good = data->data && cam_packed_copy(frame, data->data, data->maxsize);
    data->chunk->offset = 0;
    data->chunk->stride = (gint32)cam_packed_stride(&node->info);
    data->chunk->size = good ? (guint32)cam_packed_size(&node->info) : 0;
    data->chunk->flags = good ? 0 : SPA_CHUNK_FLAG_CORRUPTED;
    if (header) {
        header->flags = 0;
        header->offset = 0;
        /* Of the clock, not of our stream; and now rather than the camera's, for readers that keep
         * to the clock drop what is late, and would drop what the filter takes its time for. */
        header->pts = g_get_monotonic_time() * 1000;
        header->dts_offset = 0;
        header->seq = node->count;
    }
    node->count++;
}

/* Under the lock. Where all buffers are on their way, the frame is dropped; but the graph is set
 * going, for that brings them back. */
static void give(CamNode *node, const GstVideoFrame *frame)
{
    if (pw_stream_get_state(node->stream, NULL) != PW_STREAM_STATE_STREAMING)
        return;
    struct pw_buffer *to = pw_stream_dequeue_buffer(node->stream);
    if (to) {
        fill(node, to, frame);
        pw_stream_queue_buffer(node->stream, to);
    }
    pw_stream_trigger_process(node->stream);
}

gint cam_node_write(CamNode *node, GstBuffer *buffer)
{
    GstVideoFrame frame;
    if (!gst_video_frame_map(&frame, &node->info, buffer, GST_MAP_READ))
        return EINVAL;
    pw_thread_loop_lock(node->loop);
    gboolean lost = node->lost;
    if (!lost)
        give(node, &frame);
    pw_thread_loop_unlock(node->loop);
    gst_video_frame_unmap(&frame);
    return lost ? EPIPE : 0;
}
