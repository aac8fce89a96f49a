/* An effect on faces on one frame shape: look at each face's square -> texture of its skin ->
 * generator -> history on the skin -> the frame, changed in place where it lies for the device.
 * Lists are recorded once, one for each of MIEN_FACES_MAX slots, and replayed a frame. */
#ifndef MI_FACE_CHAIN_H
#define MI_FACE_CHAIN_H

#include "face_slots.h"

/* What may differ from frame to frame. */
typedef struct mi_face_chain_values {
    const float *const *bare; /* of each face its MI_POINTS points: mi_faces_bare(); NULL: nothing
                               * covers any */
    float wanted; /* -1..1: the generator's fourth channel; 0: nothing is done */
    float smooth; /* 0..1 */
    double dt;    /* seconds since the last frame, > 0 */
    bool reset;   /* this frame has no past */
} mi_face_chain_values;

/* Its values are mi_face_chain_values. */
extern const mi_slot_calls mi_face_chain;

#endif
