#include "gstmienfilter.h"

#include <mien/mien.h>

#include "gstmienerror.h"
#include "gstmienfaces.h"
#include "gstmienframe.h"
#include "gstmienprops.h"

#define GST_CAT_DEFAULT gst_mien_debug

/* A DISCONT with a gap up to this is a dropped frame (a leaky queue marks every one), not a
 * break: the picture goes on, and so does the memory of it. */
#define GAP_MAX (GST_SECOND / 2)

struct _GstMien {
    GstVideoFilter parent;

    GMutex lock;         /* guards the pointer `filter`, and refusals */
    mien_filter *filter; /* exchanged only when no data flows */
    GHashTable *refusals; /* property name -> the library's line about a value it did not take */
    gboolean face_meta, face_messages; /* under `lock`, too */

    /* The rest belongs to the thread of the stream. */
    mien_frame shape;      /* of the frames: everything but planes and time */
    GstClockTime last_pts; /* of the last frame that was filtered */
    GThread *caller;       /* the thread inside a library call whose complaints are kept; atomic */
    gchar *complaint;      /* last error line of that call, or NULL */
    gchar *posted;         /* last error on the bus since the start or a success, or NULL */
    mien_face *faces;      /* [MIEN_FACES_MAX], room for those of a frame */
};

G_DEFINE_FINAL_TYPE(GstMien, gst_mien, GST_TYPE_VIDEO_FILTER)

#define MIEN_CAPS                                                                                  \
    "video/x-raw, format=(string){ I420, NV12, YUY2, RGBA, BGRA, RGBx, BGRx }, "                   \
    "width=(int)[ 16, 8192 ], height=(int)[ 16, 8192 ], "                                          \
    "framerate=(fraction)[ 0, 2147483647 ]"

G_STATIC_ASSERT(MIEN_SIZE_MIN == 16 && MIEN_SIZE_MAX == 8192);

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS(MIEN_CAPS));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS(MIEN_CAPS));

static GstDebugLevel find_debug_level(mien_log_level level)
{
    switch (level) {
    case MIEN_LOG_ERROR:
        return GST_LEVEL_ERROR;
    case MIEN_LOG_WARNING:
        return GST_LEVEL_WARNING;
    case MIEN_LOG_INFO:
        return GST_LEVEL_INFO;
    default:
        return GST_LEVEL_DEBUG;
    }
}

/* Runs on whichever thread called the library. Error lines of the stream's own calls are kept
 * for the bus; those of a bad property value are reported where it was set. */
static void write_log(void *opaque, mien_log_level level, const char *line)
{
    GstMien *self = opaque;
    GST_CAT_LEVEL_LOG(gst_mien_debug, find_debug_level(level), self, "%s", line);
    if (level == MIEN_LOG_ERROR && g_atomic_pointer_get(&self->caller) == g_thread_self()) {
        g_free(self->complaint);
        self->complaint = g_strdup(line);
    }
}

static mien_filter *open_filter(GstMien *self)
{
    mien_log log = {.write = write_log, .opaque = self, .level = MIEN_LOG_DEBUG};
    mien_filter *filter;
    if (mien_filter_create(&filter, &log) != MIEN_OK)
        g_error("mien: out of memory"); /* as GLib's own allocations do */
    return filter;
}

static void begin_call(GstMien *self)
{
    g_clear_pointer(&self->complaint, g_free);
    g_atomic_pointer_set(&self->caller, g_thread_self());
}

/* Caps that were refused come again with the next buffer: users read the reason once. */
static void post_error(GstMien *self, int status, const gchar *text)
{
    if (text && g_strcmp0(self->posted, text) == 0)
        return;
    g_free(self->posted);
    self->posted = g_strdup(text);
    gst_mien_post(GST_ELEMENT(self), GST_MESSAGE_ERROR, status, text);
}

/* Posts what the call that began with begin_call() complained about. A call that succeeded all
 * the same (a new style that cannot be loaded: the old one plays on) makes a warning of it. */
static gboolean end_call(GstMien *self, int status)
{
    g_atomic_pointer_set(&self->caller, NULL);
    if (status < 0) {
        post_error(self, status, self->complaint);
        return FALSE;
    }
    g_clear_pointer(&self->posted, g_free);
    if (self->complaint)
        gst_mien_post(GST_ELEMENT(self), GST_MESSAGE_WARNING, MIEN_ERR_INVALID, self->complaint);
    return TRUE;
}

static void forget_past(GstMien *self)
{
    mien_filter_reset(self->filter);
    self->last_pts = GST_CLOCK_TIME_NONE;
}

/* A value that the library does not take: a warning on the bus while data flows. Before that
 * there may be no bus yet, so it is kept for start(), which fails with it. */
static void refuse_value(GstMien *self, const char *name, const char *text)
{
    gchar line[512];
    mien_param_check(name, text, line, sizeof line);
    GST_WARNING_OBJECT(self, "%s", line);
    if (GST_STATE(self) >= GST_STATE_PAUSED) {
        gst_mien_post(GST_ELEMENT(self), GST_MESSAGE_WARNING, MIEN_ERR_INVALID, line);
        return;
    }
    g_mutex_lock(&self->lock);
    g_hash_table_replace(self->refusals, g_strdup(name), g_strdup(line));
    g_mutex_unlock(&self->lock);
}

/* What only GStreamer can do is not in the library's table. These ids follow the table's. */
enum { FACE_META = 1, FACE_MESSAGES };

static guint find_own_id(guint id)
{
    size_t rows;
    mien_params(&rows);
    return id > rows ? id - (guint)rows : 0;
}

static gboolean *find_switch(GstMien *self, guint id)
{
    switch (find_own_id(id)) {
    case FACE_META:
        return &self->face_meta;
    case FACE_MESSAGES:
        return &self->face_messages;
    default:
        return NULL;
    }
}

static void install_switches(GObjectClass *klass)
{
    const GParamFlags flags = (GParamFlags)(G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING);
    size_t rows;
    mien_params(&rows);
    g_object_class_install_property(
        klass, (guint)rows + FACE_META,
        g_param_spec_boolean("face-meta", "face-meta",
                             "attach a region of interest with a structure mien-face to the "
                             "buffer for each face",
                             FALSE, flags));
    g_object_class_install_property(
        klass, (guint)rows + FACE_MESSAGES,
        g_param_spec_boolean("face-messages", "face-messages",
                             "post an element message mien-faces with the faces of each frame",
                             FALSE, flags));
}

/* Under the lock. Without an effect faces are looked for only when somebody listens. */
static void apply_switches(GstMien *self)
{
    mien_filter_set_analysis(self->filter, self->face_meta || self->face_messages);
}

static void gst_mien_set_property(GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
    GstMien *self = GST_MIEN(object);
    gboolean *own = find_switch(self, id);
    if (own) {
        g_mutex_lock(&self->lock);
        *own = g_value_get_boolean(value);
        apply_switches(self);
        g_mutex_unlock(&self->lock);
        return;
    }
    gchar *text = gst_mien_props_to_text(value);
    g_mutex_lock(&self->lock);
    int status = mien_filter_set(self->filter, spec->name, text);
    if (status >= 0)
        g_hash_table_remove(self->refusals, spec->name);
    g_mutex_unlock(&self->lock);
    if (status < 0)
        refuse_value(self, spec->name, text);
    g_free(text);
}

static void gst_mien_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    GstMien *self = GST_MIEN(object);
    gboolean *own = find_switch(self, id);
    gchar text[GST_MIEN_TEXT_MAX];
    g_mutex_lock(&self->lock);
    if (own) {
        g_value_set_boolean(value, *own);
        g_mutex_unlock(&self->lock);
        return;
    }
    int status = mien_filter_get(self->filter, spec->name, text, sizeof text);
    g_mutex_unlock(&self->lock);
    if (status >= 0)
        gst_mien_props_from_text(value, text);
}

static gboolean gst_mien_start(GstBaseTransform *base)
{
    GstMien *self = GST_MIEN(base);
    GHashTableIter all;
    gpointer line = NULL;
    g_mutex_lock(&self->lock);
    g_hash_table_iter_init(&all, self->refusals);
    gboolean refused = g_hash_table_iter_next(&all, NULL, &line);
    gchar *text = g_strdup(line);
    g_mutex_unlock(&self->lock);
    if (refused)
        gst_mien_post(GST_ELEMENT(self), GST_MESSAGE_ERROR, MIEN_ERR_INVALID, text);
    g_free(text);
    forget_past(self);
    g_clear_pointer(&self->posted, g_free);
    return !refused;
}

/* The library reads no environment: the folder that the user's environment names is for the
 * element to tell, unless the property does. */
static void choose_cache(mien_filter *filter)
{
    gchar text[GST_MIEN_TEXT_MAX];
    if (mien_filter_get(filter, "cache", text, sizeof text) < 0 || text[0])
        return;
    gchar *folder = g_build_filename(g_get_user_cache_dir(), "mien", NULL);
    mien_filter_set(filter, "cache", folder);
    g_free(folder);
}

/* Slow and failing work is done here rather than at the first frame. */
static gboolean gst_mien_set_info(GstVideoFilter *video, GstCaps *in_caps, GstVideoInfo *in,
                                  GstCaps *out_caps, GstVideoInfo *out)
{
    (void)in_caps;
    (void)out_caps;
    (void)out;
    GstMien *self = GST_MIEN(video);
    if (!gst_mien_frame_describe(&self->shape, in))
        return FALSE; /* cannot be: the pad templates have no such format */
    choose_cache(self->filter);
    begin_call(self);
    return end_call(self, mien_filter_prepare(self->filter, &self->shape));
}

static gboolean gst_mien_sink_event(GstBaseTransform *base, GstEvent *event)
{
    GstMien *self = GST_MIEN(base);
    const GstSegment *segment;
    if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) {
        forget_past(self);
    } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
        gst_event_parse_segment(event, &segment);
        if (!gst_segment_is_equal(segment, &base->segment))
            forget_past(self);
    }
    return GST_BASE_TRANSFORM_CLASS(gst_mien_parent_class)->sink_event(base, event);
}

/* Called for every buffer, in passthrough too: that is how a controller ends it. */
static void gst_mien_before_transform(GstBaseTransform *base, GstBuffer *buffer)
{
    GstMien *self = GST_MIEN(base);
    GstClockTime time = GST_CLOCK_TIME_NONE;
    if (base->segment.format == GST_FORMAT_TIME && GST_BUFFER_PTS_IS_VALID(buffer))
        time = gst_segment_to_stream_time(&base->segment, GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
    if (GST_CLOCK_TIME_IS_VALID(time))
        gst_object_sync_values(GST_OBJECT(self), time);
    gst_base_transform_set_passthrough(base, mien_filter_is_bypass(self->filter));
}

static gboolean is_break(GstMien *self, GstBuffer *buffer)
{
    GstClockTime pts = GST_BUFFER_PTS(buffer);
    if (!GST_BUFFER_IS_DISCONT(buffer))
        return FALSE;
    if (!GST_CLOCK_TIME_IS_VALID(pts) || !GST_CLOCK_TIME_IS_VALID(self->last_pts))
        return TRUE;
    return pts < self->last_pts || pts - self->last_pts > GAP_MAX;
}

/* Hands the faces of the frame in `buffer` to whoever asked for them. */
static void report_faces(GstMien *self, GstBuffer *buffer)
{
    g_mutex_lock(&self->lock);
    gboolean meta = self->face_meta, messages = self->face_messages;
    g_mutex_unlock(&self->lock);
    size_t count;
    if (!(meta || messages) ||
        mien_filter_faces(self->filter, self->faces, MIEN_FACES_MAX, &count) < 0)
        return;
    if (meta)
        gst_mien_faces_attach(buffer, self->faces, count, self->shape.width, self->shape.height);
    if (messages)
        gst_mien_faces_post(GST_ELEMENT(self), self->faces, count,
                            &GST_BASE_TRANSFORM(self)->segment, GST_BUFFER_PTS(buffer));
}

static GstFlowReturn gst_mien_transform_frame_ip(GstVideoFilter *video, GstVideoFrame *picture)
{
    GstMien *self = GST_MIEN(video);
    mien_frame frame = self->shape;
    gst_mien_frame_fill(&frame, picture);
    if (is_break(self, picture->buffer))
        forget_past(self);
    self->last_pts = GST_BUFFER_PTS(picture->buffer);
    begin_call(self);
    if (!end_call(self, mien_filter_process(self->filter, &frame, &frame)))
        return GST_FLOW_ERROR;
    report_faces(self, picture->buffer);
    return GST_FLOW_OK;
}

/* An element in NULL holds no device and no memory of it: a fresh filter, which is cheap, takes
 * over the parameters. */
static GstStateChangeReturn gst_mien_change_state(GstElement *element, GstStateChange change)
{
    GstMien *self = GST_MIEN(element);
    GstStateChangeReturn result =
        GST_ELEMENT_CLASS(gst_mien_parent_class)->change_state(element, change);
    if (change == GST_STATE_CHANGE_READY_TO_NULL) {
        g_mutex_lock(&self->lock);
        mien_filter *old = self->filter;
        self->filter = open_filter(self);
        gst_mien_props_copy(self->filter, old);
        apply_switches(self);
        g_mutex_unlock(&self->lock);
        mien_filter_destroy(&old);
    }
    return result;
}

static void gst_mien_init(GstMien *self)
{
    g_mutex_init(&self->lock);
    self->refusals = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->filter = open_filter(self);
    self->faces = g_new(mien_face, MIEN_FACES_MAX);
    self->last_pts = GST_CLOCK_TIME_NONE;
}

static void gst_mien_finalize(GObject *object)
{
    GstMien *self = GST_MIEN(object);
    mien_filter_destroy(&self->filter);
    g_hash_table_unref(self->refusals);
    g_free(self->complaint);
    g_free(self->posted);
    g_free(self->faces);
    g_mutex_clear(&self->lock);
    G_OBJECT_CLASS(gst_mien_parent_class)->finalize(object);
}

static void gst_mien_class_init(GstMienClass *klass)
{
    GObjectClass *object = G_OBJECT_CLASS(klass);
    GstElementClass *element = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *base = GST_BASE_TRANSFORM_CLASS(klass);
    GstVideoFilterClass *video = GST_VIDEO_FILTER_CLASS(klass);

    object->set_property = gst_mien_set_property;
    object->get_property = gst_mien_get_property;
    object->finalize = gst_mien_finalize;
    gst_mien_props_install(object);
    install_switches(object);

    gst_element_class_add_static_pad_template(element, &sink_template);
    gst_element_class_add_static_pad_template(element, &src_template);
    gst_element_class_set_static_metadata(
        element, "mien video filter", "Filter/Effect/Video",
        "Runs generator networks on every frame of live or recorded video (Vulkan compute)",
        "The mien authors");
    element->change_state = gst_mien_change_state;

    base->start = gst_mien_start;
    base->sink_event = gst_mien_sink_event;
    base->before_transform = gst_mien_before_transform;
    base->transform_ip_on_passthrough = FALSE;
    video->set_info = gst_mien_set_info;
    video->transform_frame_ip = gst_mien_transform_frame_ip;
}
