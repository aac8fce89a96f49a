/* The effects on faces on one frame shape: a row in the table of face_effects.c for each. Each one
 * looks at the frame that was put into the transfer as the ones before it left it, and changes it
 * in place where it lies for the device. */
#ifndef MI_FACE_EFFECTS_H
#define MI_FACE_EFFECTS_H

#include "effect_wish.h"
#include "face_slots.h"

/* All zero has nothing loaded. One thread. */
typedef struct mi_face_effects {
    mi_face_slots *chain[MI_EFFECTS]; /* NULL: not loaded */
    bool had[MI_EFFECTS];    /* it was when they were closed */
    bool ran[MI_EFFECTS];    /* in the last frame, */
    double ms[MI_EFFECTS];   /* which took so long */
    bool changed;            /* by one of them, maybe */
} mi_face_effects;

/* Loads one from the folder `models`, unless it is there. */
int mi_face_effects_add(mi_face_effects *effects, mi_effect effect, mvk_device *device,
                        mi_transfer *transfer, const mien_frame *shape, const char *models,
                        mi_log *log);

/* What was loaded goes; mi_face_effects_reopen() loads it again. */
void mi_face_effects_close(mi_face_effects *effects);
int mi_face_effects_reopen(mi_face_effects *effects, mvk_device *device, mi_transfer *transfer,
                           const mien_frame *shape, const char *models, mi_log *log);

/* What may differ from frame to frame. */
typedef struct mi_effect_frame {
    mi_effect_wish wish; /* effects that are not loaded do nothing */
    float smooth;        /* 0..1 */
    double dt;           /* seconds since the last frame, > 0 */
    bool reset;          /* this frame has no past */
    const float *const *bare; /* of each face its points: mi_faces_bare() */
} mi_effect_frame;

/* One frame; amount[i]: 0..1, how much of the effects face[i] gets. Lost ones are left as they are.
 * For each effect one submission and one host wait; no allocation; count: up to MIEN_FACES_MAX. */
int mi_face_effects_run(mi_face_effects *effects, const mien_face *face, const float *amount,
                        int32_t count, const mi_effect_frame *frame);

/* What the last frame's effects took, added to the stages. */
void mi_face_effects_stats(const mi_face_effects *effects, mien_stats *stats);

#endif
