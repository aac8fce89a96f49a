/* The joint between the camera's pipeline and the filter's: takes frames from an appsink and hands
 * copies to an appsrc, of which only the newest waits. So a camera can go and come while the
 * output goes on, and a slow filter drops frames rather than fall behind. */
#ifndef CAM_FEED_H
#define CAM_FEED_H

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>

typedef struct CamFeed CamFeed;

CamFeed *cam_feed_new(void);
void cam_feed_free(CamFeed *feed); /* after both pipelines are closed */

/* Frames of `sink` go to the feed from now on, on the thread of its pipeline. */
void cam_feed_take_from(CamFeed *feed, GstAppSink *sink);
void cam_feed_leave(GstAppSink *sink); /* no more of them */

/* Where frames go; NULL: nowhere. Takes a reference. */
void cam_feed_give_to(CamFeed *feed, GstAppSrc *target);

/* Format, size and rate of the frames: those of the first one, for good, so that readers of the
 * output see no change. FALSE: there was none yet. */
gboolean cam_feed_info(CamFeed *feed, GstVideoInfo *info);
void cam_feed_set_info(CamFeed *feed, const GstVideoInfo *info);

/* Frames that came from cameras, and the monotonic time of the last one (0: none yet), us. */
guint64 cam_feed_count(CamFeed *feed, gint64 *last);

/* Hands on a black frame in place of a camera that is away. */
void cam_feed_black(CamFeed *feed);

#endif
