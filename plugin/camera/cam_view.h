/* The picture for whoever looks on: memory that is shared with other programs, into which frames
 * are written while somebody looks. Nobody is waited for: a program that looks on takes the newest
 * frame when it likes, and one that hangs or crashes is no trouble.
 *
 * The answer to "watch" is `picture=CAPS` (GStreamer's) and a file descriptor of that memory, which
 * holds a CamViewHead and then its slots, each a frame as GStreamer lays it out for these caps. */
#ifndef CAM_VIEW_H
#define CAM_VIEW_H

#include <gst/video/video.h>
#include <stdatomic.h>
#include <stdint.h>

enum { CAM_VIEW_SLOTS = 3 };
#define CAM_VIEW_MAGIC UINT32_C(0x3177656d) /* "mew1" */

typedef struct CamViewHead {
    uint32_t magic, slots;
    uint64_t start, size; /* bytes to the first slot; bytes of each */
    /* Frame n, counted from 1, lies in slot n % slots. `begun` goes up before that slot is written,
     * `done` after it: a frame n is whole if, after it was read, begun < n + slots. */
    _Atomic uint64_t begun, done;
} CamViewHead;

typedef struct CamView CamView;

/* Room for frames of `info`. NULL and *trouble, a line which the caller frees. */
CamView *cam_view_new(const GstVideoInfo *info, gchar **trouble);
void cam_view_free(CamView *view);

gint cam_view_fd(const CamView *view);             /* borrowed */
gchar *cam_view_caps(const CamView *view);         /* the caller frees it */
void cam_view_watch(CamView *view, gint watchers); /* so many more look on, or fewer */

/* One thread at a time. Does nothing while nobody looks on. */
void cam_view_write(CamView *view, GstBuffer *frame);

/* The other side. */
typedef struct CamSight CamSight;

/* Takes the descriptor. NULL and *trouble, a line which the caller frees, if this is no view. */
CamSight *cam_sight_new(gint fd, const gchar *caps, gchar **trouble);
void cam_sight_free(CamSight *sight);

/* Width and height of the frames. */
const GstVideoInfo *cam_sight_info(const CamSight *sight);

/* The newest frame as opaque BGRA, rows of 4 * width bytes, which the caller frees with g_free().
 * NULL: there is none that was not taken yet, or it was written over meanwhile. */
guint8 *cam_sight_take(CamSight *sight);

#endif
