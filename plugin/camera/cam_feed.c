#include "cam_feed.h"

#include "cam_black.h"
#include "cam_packed.h"

/* Frames whose time is further from the clock than this were stamped by another one. */
#define STRANGE (2 * GST_SECOND)

struct CamFeed {
    GMutex lock; /* guards all of it */
    GstAppSrc *target;
    GstVideoInfo info;
    gboolean known;      /* `info` is set */
    GstBufferPool *pool; /* of buffers for `info` */
    GstClockTime last;   /* clock's time of the last frame that was handed on */
    gboolean gap;        /* the next frame follows on black ones, or they on it */
    guint64 count;
    gint64 seen; /* monotonic time of the last frame, us */
};

CamFeed *cam_feed_new(void)
{
    CamFeed *feed = g_new0(CamFeed, 1);
    g_mutex_init(&feed->lock);
    return feed;
}

void cam_feed_free(CamFeed *feed)
{
    gst_clear_object(&feed->target);
    if (feed->pool)
        gst_buffer_pool_set_active(feed->pool, FALSE);
    gst_clear_object(&feed->pool);
    g_mutex_clear(&feed->lock);
    g_free(feed);
}

/* Under the lock. */
static void keep_info(CamFeed *feed, const GstVideoInfo *info)
{
    feed->info = *info;
    if (feed->info.fps_n <= 0) { /* what does not say passes for a usual camera */
        feed->info.fps_n = 30;
        feed->info.fps_d = 1;
    }
    GstCaps *caps = gst_video_info_to_caps(&feed->info);
    feed->pool = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(feed->pool);
    gst_buffer_pool_config_set_params(config, caps, (guint)feed->info.size, 4, 0);
    gst_buffer_pool_set_config(feed->pool, config);
    gst_buffer_pool_set_active(feed->pool, TRUE);
    gst_caps_unref(caps);
    feed->known = TRUE;
}

static gboolean is_alike(const GstVideoInfo *a, const GstVideoInfo *b)
{
    return GST_VIDEO_INFO_FORMAT(a) == GST_VIDEO_INFO_FORMAT(b) && a->width == b->width &&
           a->height == b->height;
}

/* The time of a frame on the clock that all pipelines share. */
static GstClockTime clock_time(GstSample *sample, GstElement *element, GstClockTime now)
{
    GstClockTime pts = GST_BUFFER_PTS(gst_sample_get_buffer(sample));
    GstClockTime time =
        gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, pts);
    if (!GST_CLOCK_TIME_IS_VALID(time))
        return now;
    time += gst_element_get_base_time(element);
    return time > now + STRANGE || time + STRANGE < now ? now : time;
}

static GstClockTime ask_clock(void)
{
    GstClock *clock = gst_system_clock_obtain();
    GstClockTime now = gst_clock_get_time(clock);
    gst_object_unref(clock);
    return now;
}

/* Under the lock: gives a frame its time in the target's pipeline. */
static void stamp(CamFeed *feed, GstBuffer *buffer, GstClockTime time)
{
    if (time <= feed->last)
        time = feed->last + 1;
    GstClockTime base = gst_element_get_base_time(GST_ELEMENT(feed->target));
    GST_BUFFER_PTS(buffer) = time > base ? time - base : 0;
    GST_BUFFER_DTS(buffer) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_DURATION(buffer) =
        gst_util_uint64_scale(GST_SECOND, (guint64)feed->info.fps_d, (guint64)feed->info.fps_n);
    if (feed->gap)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    feed->gap = FALSE;
    feed->last = time;
}

/* Under the lock. A copy: a camera's own buffers are few, and end with its pipeline. */
static GstBuffer *copy_frame(CamFeed *feed, GstBuffer *from, GstVideoInfo *from_info)
{
    GstBuffer *to = NULL;
    GstVideoFrame a, b;
    if (gst_buffer_pool_acquire_buffer(feed->pool, &to, NULL) != GST_FLOW_OK)
        return NULL;
    if (gst_video_frame_map(&a, from_info, from, GST_MAP_READ)) {
        if (gst_video_frame_map(&b, &feed->info, to, GST_MAP_WRITE)) {
            cam_packed_copy_frame(&b, &a);
            gst_video_frame_unmap(&b);
            gst_video_frame_unmap(&a);
            return to;
        }
        gst_video_frame_unmap(&a);
    }
    gst_buffer_unref(to);
    return NULL;
}

/* Under the lock: the frame for the target, or NULL. */
static GstBuffer *make_frame(CamFeed *feed, GstAppSink *sink, GstSample *sample)
{
    GstVideoInfo info;
    GstCaps *caps = gst_sample_get_caps(sample);
    if (!caps || !gst_video_info_from_caps(&info, caps))
        return NULL;
    if (!feed->known)
        keep_info(feed, &info);
    feed->count++;
    feed->seen = g_get_monotonic_time();
    if (!feed->target || !is_alike(&info, &feed->info))
        return NULL;
    GstBuffer *frame = copy_frame(feed, gst_sample_get_buffer(sample), &info);
    if (frame)
        stamp(feed, frame, clock_time(sample, GST_ELEMENT(sink), ask_clock()));
    return frame;
}

/* Takes the frame. Pushing is outside the lock; appsrc has one of its own. */
static void push(GstAppSrc *target, GstBuffer *frame)
{
    if (target && frame)
        gst_app_src_push_buffer(target, frame);
    else if (frame)
        gst_buffer_unref(frame);
    g_clear_pointer(&target, gst_object_unref);
}

static GstFlowReturn new_sample(GstAppSink *sink, gpointer data)
{
    CamFeed *feed = data;
    GstSample *sample = gst_app_sink_pull_sample(sink);
    if (!sample)
        return GST_FLOW_EOS;
    g_mutex_lock(&feed->lock);
    GstBuffer *frame = make_frame(feed, sink, sample);
    GstAppSrc *target = feed->target ? gst_object_ref(feed->target) : NULL;
    g_mutex_unlock(&feed->lock);
    push(target, frame);
    gst_sample_unref(sample);
    return GST_FLOW_OK;
}

void cam_feed_take_from(CamFeed *feed, GstAppSink *sink)
{
    GstAppSinkCallbacks callbacks = {.new_sample = new_sample};
    gst_app_sink_set_callbacks(sink, &callbacks, feed, NULL);
}

void cam_feed_leave(GstAppSink *sink)
{
    GstAppSinkCallbacks none = {0};
    gst_app_sink_set_callbacks(sink, &none, NULL, NULL);
}

void cam_feed_give_to(CamFeed *feed, GstAppSrc *target)
{
    g_mutex_lock(&feed->lock);
    gst_clear_object(&feed->target);
    feed->target = target ? gst_object_ref(target) : NULL;
    g_mutex_unlock(&feed->lock);
}

gboolean cam_feed_info(CamFeed *feed, GstVideoInfo *info)
{
    g_mutex_lock(&feed->lock);
    gboolean known = feed->known;
    if (known)
        *info = feed->info;
    g_mutex_unlock(&feed->lock);
    return known;
}

void cam_feed_set_info(CamFeed *feed, const GstVideoInfo *info)
{
    g_mutex_lock(&feed->lock);
    if (!feed->known)
        keep_info(feed, info);
    g_mutex_unlock(&feed->lock);
}

guint64 cam_feed_count(CamFeed *feed, gint64 *last)
{
    g_mutex_lock(&feed->lock);
    guint64 count = feed->count;
    *last = feed->seen;
    g_mutex_unlock(&feed->lock);
    return count;
}

/* Under the lock. NULL: there is no memory for it; the old frame in it is no black one. */
static GstBuffer *make_black(CamFeed *feed)
{
    GstBuffer *frame = NULL;
    if (gst_buffer_pool_acquire_buffer(feed->pool, &frame, NULL) != GST_FLOW_OK)
        return NULL;
    if (!cam_black_fill(frame, &feed->info))
        gst_clear_buffer(&frame);
    return frame;
}

void cam_feed_black(CamFeed *feed)
{
    GstBuffer *frame = NULL;
    g_mutex_lock(&feed->lock);
    GstAppSrc *target = feed->target ? gst_object_ref(feed->target) : NULL;
    if (target && feed->known && (frame = make_black(feed))) {
        feed->gap = TRUE;
        stamp(feed, frame, ask_clock());
        feed->gap = TRUE;
    }
    g_mutex_unlock(&feed->lock);
    push(target, frame);
}
