/* The camera's pipeline: a V4L2 camera, a PipeWire camera, a video file or a test picture. */
#ifndef CAM_SOURCE_H
#define CAM_SOURCE_H

#include "cam_feed.h"
#include "cam_options.h"
#include "cam_pipe.h"
#include "cam_pipewire.h"
#include "cam_tempo.h"

typedef struct CamSource {
    GstElement *pipe;
    gchar *label; /* for the user: "/dev/video0 (HD Webcam), MJPG 1280x720 at 30" */
    gchar *path;  /* of the device, or NULL */
    gchar *card;  /* the device's name, or NULL */
    gboolean raw; /* a device that gives no JPEG */
    CamTempo *tempo; /* of a file, or NULL; it ends with the pipeline */
    GThread *starter; /* of PipeWire's, too, or NULL */
    CamPulse *pulse; /* of PipeWire, if the camera is one of its, or NULL */
} CamSource;

/* Can there ever be such a camera? If not, a line that says why, which the caller frees. */
gchar *cam_source_check(const CamOptions *options);

/* Finds the camera and starts it; its frames go to `feed`. `card`, or NULL: the name of the one
 * that was there before, which is taken first where any will do. NULL and *trouble, a line which
 * the caller frees, if that cannot be now. */
CamSource *cam_source_open(const CamOptions *options, CamFeed *feed, const gchar *card,
                           const CamPipeEvents *events, gchar **trouble);
void cam_source_close(CamSource *source);

/* A file is at its end: goes on at its start. FALSE: it has to be opened again for that. */
gboolean cam_source_rewind(CamSource *source);

/* What an error of the pipeline means, a line which the caller frees. */
gchar *cam_source_explain(const CamSource *source, GstMessage *error);

#endif
