/* The turning of eyes on one frame shape: for each face look at the patches of its eyes -> network
 * -> history in the patch -> the frame, changed in place where it lies for the device. Lists are
 * recorded once, one for each of MIEN_FACES_MAX slots, and replayed a frame. */
#ifndef MI_GAZE_CHAIN_H
#define MI_GAZE_CHAIN_H

#include "face_slots.h"

/* What may differ from frame to frame. */
typedef struct mi_gaze_chain_values {
    float wanted;    /* 0..1: how far eyes are turned; 0: nothing is done */
    float yaw, pitch; /* degrees from the camera: where they look then, to the viewer's right, up */
    double learn;    /* seconds for which eyes are known to look at the camera; counted from when
                      * this was 0 last */
    float smooth;    /* 0..1 */
    double dt;       /* seconds since the last frame, > 0 */
    bool reset;      /* this frame has no past */
} mi_gaze_chain_values;

/* Its values are mi_gaze_chain_values. */
extern const mi_slot_calls mi_gaze_chain;

#endif
