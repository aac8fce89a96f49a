/* The effects on faces on one frame shape: a row in the table of face_effects.c for each. Each one
 * looks at the frame that was put into the transfer as the ones before it left it, and changes it
 * in place where it lies for the device. */
#ifndef MI_FACE_EFFECTS_H
#define MI_FACE_EFFECTS_H

#include "effect_wish.h"
#include "face_slots.h"

#include "face/face.h"

/* Each member but `changed`: of each effect. All zero has nothing loaded. One thread. */
typedef struct mi_face_effects {
    mi_face_slots *chain[MI_EFFECTS];   /* NULL: not loaded */
    const char *file[MI_EFFECTS];       /* of its network; stays when it is closed */
    mi_face_slots *leaving[MI_EFFECTS]; /* made way for `chain`, shows still; NULL: none */
    double arrived[MI_EFFECTS];         /* 0..1: how far `chain` shows in its place */
    const char *refused[MI_EFFECTS];    /* the file that was wanted in its place, in vain */
    bool ran[MI_EFFECTS];               /* in the last frame, */
    double ms[MI_EFFECTS];              /* which took so long */
    bool changed;                       /* by one of them, maybe */
} mi_face_effects;

/* Where effects are loaded to, and from. */
typedef struct mi_effects_place {
    mvk_device *device;
    mi_transfer *transfer;
    const mien_frame *shape;
    const char *models; /* the folder */
} mi_effects_place;

/* Loads one, unless it is there. Where `quality` asks for another network than the one that is
 * there, that one is loaded beside it and takes over gradually; if it cannot be had the old one
 * stays, and it is not tried again while it is wanted. */
int mi_face_effects_add(mi_face_effects *effects, mi_effect effect, mi_quality quality,
                        const mi_effects_place *place, mi_log *log);
bool mi_face_effects_has(const mi_face_effects *effects, mi_effect effect);

/* What was loaded goes; mi_face_effects_reopen() loads the same again. */
void mi_face_effects_close(mi_face_effects *effects);
int mi_face_effects_reopen(mi_face_effects *effects, const mi_effects_place *place, mi_log *log);

/* What may differ from frame to frame. */
typedef struct mi_effect_frame {
    mi_effect_wish wish; /* effects that are not loaded do nothing */
    float smooth;        /* 0..1 */
    double dt;           /* seconds since the last frame, > 0 */
    bool reset;          /* this frame has no past */
    const mi_face_skin *const *skin; /* of each face: mi_faces_skin() */
} mi_effect_frame;

/* One frame; amount[i]: 0..1, how much of the effects face[i] gets. Lost ones are left as they are.
 * For each effect one submission and one host wait, two while a network takes over; no allocation;
 * count: up to MIEN_FACES_MAX. */
int mi_face_effects_run(mi_face_effects *effects, const mien_face *face, const float *amount,
                        int32_t count, const mi_effect_frame *frame);

/* What the last frame's effects took, added to the stages. */
void mi_face_effects_stats(const mi_face_effects *effects, mien_stats *stats);

#endif
