/* The turning of eyes on one frame shape: for each face look at the patches of its eyes -> network
 * -> history in the patch -> the frame, changed in place where it lies for the device. Lists are
 * recorded once, one for each of MIEN_FACES_MAX slots, and replayed a frame. */
#ifndef MI_GAZE_CHAIN_H
#define MI_GAZE_CHAIN_H

#include "face_slots.h"

typedef struct mi_gaze_chain mi_gaze_chain;

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

int mi_gaze_chain_create(mi_gaze_chain **chain, mvk_device *device,
                         const mi_face_effect_config *config, mi_log *log);
void mi_gaze_chain_destroy(mi_gaze_chain **chain); /* *chain may be NULL */

/* Turns the eyes of the frame that was put into the transfer, in place; amount[i]: 0..1, how much
 * of the effect face[i] gets. Lost ones are left as they are. *changed: there was one to look at.
 * One submission, one host wait, no allocation; count: up to MIEN_FACES_MAX. */
int mi_gaze_chain_run(mi_gaze_chain *chain, const mien_face *face, const float *amount,
                      int32_t count, const mi_gaze_chain_values *values, bool *changed);

/* Multiply-accumulates of the network in the last frame. */
double mi_gaze_chain_mac(const mi_gaze_chain *chain);

#endif
