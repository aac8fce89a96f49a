/* The filter's pipeline: frames from the feed through `mien` to a v4l2loopback device, a PipeWire
 * camera or nowhere. There is no way around the filter. */
#ifndef CAM_OUTPUT_H
#define CAM_OUTPUT_H

#include "cam_feed.h"
#include "cam_options.h"
#include "cam_pipe.h"
#include "cam_view.h"

/* Behind the filter, over all openings: what went through since the start, and what readers may
 * see of it. */
typedef struct CamTap {
    GMutex lock;
    guint64 done;     /* frames */
    gint64 busy;      /* microseconds of work in the filter */
    gint64 delay;     /* microseconds from the camera's time of the last frame to its output */
    gint64 entered;   /* monotonic time when the frame in work came in */
    gboolean covered; /* every frame is black */
    CamView *view;    /* gets each frame, too, or NULL */
} CamTap;

typedef struct CamOutput CamOutput;

/* Opens the output for frames of `info` with the values of `options`, and connects it to the
 * feed. `where`: NULL, or what cam_output_where() said before, so that the same one is opened
 * again. `tap` stays the caller's. NULL and *trouble, a line which the caller frees, if that
 * cannot be now. */
CamOutput *cam_output_open(const CamOptions *options, const gchar *where, CamFeed *feed,
                           const GstVideoInfo *info, CamTap *tap, const CamPipeEvents *events,
                           gchar **trouble);
void cam_output_close(CamOutput *output, CamFeed *feed);

/* A device file, "pipewire" or "none". */
const gchar *cam_output_where(const CamOutput *output);
gchar *cam_output_label(const CamOutput *output); /* for the user; the caller frees it */

/* The element `mien`, borrowed. */
GstElement *cam_output_filter(CamOutput *output);

/* What an error of the pipeline means, a line which the caller frees. *ours: it is the filter's,
 * so that trying again does not help unless a parameter changes. */
gchar *cam_output_explain(const CamOutput *output, GstMessage *error, gboolean *ours);

#endif
