/* An effect on faces on one frame shape: look at each face's square -> texture of its skin ->
 * generator -> history on the skin -> the frame, changed in place where it lies for the device.
 * Lists are recorded once, one for each of MIEN_FACES_MAX slots, and replayed a frame. */
#ifndef MI_FACE_CHAIN_H
#define MI_FACE_CHAIN_H

#include "face_slots.h"

typedef struct mi_face_chain mi_face_chain;

/* What may differ from frame to frame. */
typedef struct mi_face_chain_values {
    const float *const *bare; /* of each face its MI_POINTS points: mi_faces_bare(); NULL: nothing
                               * covers any */
    float wanted; /* -1..1: the generator's fourth channel; 0: nothing is done */
    float smooth; /* 0..1 */
    double dt;    /* seconds since the last frame, > 0 */
    bool reset;   /* this frame has no past */
} mi_face_chain_values;

int mi_face_chain_create(mi_face_chain **chain, mvk_device *device,
                         const mi_face_effect_config *config, mi_log *log);
void mi_face_chain_destroy(mi_face_chain **chain); /* *chain may be NULL */

/* Changes the faces of the frame that was put into the transfer, in place; amount[i]: 0..1, how
 * much of the effect face[i] gets. Lost ones are left as they are. *changed: there was one to
 * change. One submission, one host wait, no allocation; count: up to MIEN_FACES_MAX. */
int mi_face_chain_run(mi_face_chain *chain, const mien_face *face, const float *amount,
                      int32_t count, const mi_face_chain_values *values, bool *changed);

/* Multiply-accumulates of the network in the last frame. */
double mi_face_chain_mac(const mi_face_chain *chain);

#endif
