/* What effects on faces share: an arena, and a list for each of MIEN_FACES_MAX slots, recorded once
 * and replayed each frame for the face that has the slot. */
#ifndef MI_FACE_SLOTS_H
#define MI_FACE_SLOTS_H

#include <mien/mien.h>

#include "transfer.h"

/* Of the chain that such an effect is. */
typedef struct mi_face_effect_config {
    mi_transfer *transfer; /* made for frames of this shape; outlives the chain */
    mien_frame shape;      /* format, size and colour; planes are not looked at */
    const char *path;      /* of the network's file */
    const char *what;      /* how messages call it: "age model" */
} mi_face_effect_config;

/* A face of this frame, and what is known of it. */
typedef struct mi_slot_face {
    const mien_face *face;
    int32_t number;  /* which of the frame's it is */
    float amount;    /* > 0: how much of the effect it gets */
    bool known;      /* the slot was this face's already, */
    bool last_frame; /* and was used in the last frame */
} mi_slot_face;

typedef struct mi_face_slots mi_face_slots;

/* The effect's part. `effect`: as given below; `values`: of the frame. */
typedef struct mi_slot_calls {
    /* What a slot has of its own, the effect's arena being there. Its uniform then is such that no
     * frame is touched. */
    int (*create)(void *effect, int32_t slot);
    void (*destroy)(void *effect, int32_t slot); /* may be zeroed still, or made in part */
    /* What a face takes, from the transfer's frame in place. */
    void (*record)(void *effect, mvk_commands *commands, int32_t slot);
    /* Tells the slot's uniform about this frame. */
    void (*prepare)(void *effect, int32_t slot, const mi_slot_face *face, const void *values);
} mi_slot_calls;

struct mi_face_slots {
    mvk_device *device;
    mi_transfer *transfer;
    void *effect;
    const mi_slot_calls *calls;
    mvk_buffer arena;
    uint32_t id[MIEN_FACES_MAX];   /* of the face; 0: none */
    uint64_t used[MIEN_FACES_MAX]; /* the frame in which it was, last */
    uint64_t frame;
    int32_t faces; /* in it */
    mvk_commands list[MIEN_FACES_MAX];
};

/* MIEN_OK if frames in place are not too large for the device. */
int mi_face_slots_check(mvk_device *device, const mi_face_effect_config *config, mi_log *log);

/* Of `slots` whose first four members are set: makes the arena, cleared, as is the history of what
 * was never shown. */
int mi_face_slots_open(mi_face_slots *slots, int64_t vec4s);

/* After that: creates the slots, compiles what is lacking, records the lists and runs the first one
 * once: some drivers compile then, and that must not happen in a frame. */
int mi_face_slots_make(mi_face_slots *slots);
void mi_face_slots_destroy(mi_face_slots *slots); /* zeroed; may be zero already */

/* One frame, put into the transfer: the faces that are not lost and have an amount[i] > 0 (0..1).
 * *changed: there was one. One submission, one host wait, no allocation; count: up to
 * MIEN_FACES_MAX. */
int mi_face_slots_run(mi_face_slots *slots, const mien_face *face, const float *amount,
                      int32_t count, const void *values, bool *changed);

#endif
