/* What a filter knows from frame to frame. */
#ifndef MI_FILTER_STATE_H
#define MI_FILTER_STATE_H

#include <pthread.h>

#include "stream.h"

struct mien_filter {
    mi_log log;
    char error[MI_ERROR_TEXT]; /* what mien_filter_error() last handed out */
    pthread_mutex_t lock;      /* guards wanted, analysis, showing and passed */
    mi_params wanted;          /* as set, from any thread */
    bool analysis;             /* faces are wanted for their own sake */
    bool showing;              /* the last output had some of an effect */
    bool passed;               /* the host was told that frames may pass: the stream runs */

    /* The rest belongs to the thread that processes. */
    mi_params now; /* wanted, latched at the start of a frame */
    bool analysis_now;
    mvk_device *device;
    char device_selector[MI_TEXT_MAX]; /* what `device` was opened with */
    uint32_t wrong_devices; /* bit i: device i of the loader computes wrongly */
    bool recovered;         /* a lost device was opened again for this stream */
    mi_stream *stream;      /* for frames of one shape */
    mi_params style_params; /* that the stream's style was made with */
    double strength;       /* share of the style in the last output, ramped */
    double smooth;         /* ramped */
    mi_effect_wish effects; /* on faces, in the last output, ramped */
    mi_area_shares shares; /* where the style is, ramped */
    bool fresh;            /* the next frame has no past: no ramp, no history */
    bool idle;             /* nothing was done to the last frame */
    bool timing;
    int64_t last_pts;
    uint64_t frames;
};

#endif
