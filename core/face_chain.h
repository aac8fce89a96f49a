/* An effect on faces on one frame shape: look at each face's square -> texture of its skin ->
 * generator -> history on the skin -> the frame, changed in place where it lies for the device.
 * Lists are recorded once, one for each of MIEN_FACES_MAX slots, and replayed a frame. */
#ifndef MI_FACE_CHAIN_H
#define MI_FACE_CHAIN_H

#include "face_slots.h"

#include "face/face.h"

/* What may differ from frame to frame. */
typedef struct mi_face_chain_values {
    const mi_face_skin *const *skin; /* of each face: mi_faces_skin(); NULL: its points are those
                                      * of mien_face, and nothing covers any */
    float wanted; /* -1..1: the generator's fourth channel; 0: nothing is done */
    float smooth; /* 0..1 */
    double dt;    /* seconds since the last frame, > 0 */
    bool reset;   /* this frame has no past */
} mi_face_chain_values;

/* Its values are mi_face_chain_values. */
extern const mi_slot_calls mi_face_chain;

#endif
