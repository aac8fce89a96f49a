/* An effect on faces on one frame shape: an arena, and a list for each of MIEN_FACES_MAX slots,
 * recorded once and replayed each frame for the face that has the slot. What is done to a face is
 * the chain's, one of gaze_chain.h and face_chain.h. One thread. */
#ifndef MI_FACE_SLOTS_H
#define MI_FACE_SLOTS_H

#include <mien/mien.h>

#include "stage.h"
#include "transfer.h"

typedef struct mi_face_effect_config {
    mi_transfer *transfer; /* made for frames of this shape; outlives the effect */
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

/* A chain. `effect`: what it has of its own; `values`: of the frame, in its own type. */
typedef struct mi_slot_calls {
    size_t bytes; /* of `effect`, which is zeroed first */
    /* Makes its parts, whose places in the arena it takes; there is none yet. The slots outlive it.
     * close() follows, also where it fails. */
    int (*open)(void *effect, const mi_face_slots *slots, const mi_face_effect_config *config,
                mi_arena *arena, mi_log *log);
    void (*close)(void *effect);
    /* Writes what stays as it is into the arena, which is there and else zero. NULL: nothing. */
    int (*fill)(void *effect);
    /* What a slot has of its own. Its uniform then is such that no frame is touched. */
    int (*create)(void *effect, int32_t slot);
    void (*destroy)(void *effect, int32_t slot); /* may be zeroed still, or made in part */
    /* What a face takes, from the transfer's frame in place. */
    void (*record)(void *effect, mvk_commands *commands, int32_t slot);
    /* A frame begins. False: nothing is to be done in it. */
    bool (*begin)(void *effect, const void *values);
    /* Tells the slot's uniform about this frame. */
    void (*prepare)(void *effect, int32_t slot, const mi_slot_face *face, const void *values);
    double (*mac)(const void *effect); /* multiply-accumulates of its networks for a face */
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

/* Opens the chain, compiles what is lacking, records the lists and runs the first one once: some
 * drivers compile then, and that must not happen in a frame. `calls` outlives it. */
int mi_face_slots_create(mi_face_slots **slots, const mi_slot_calls *calls, mvk_device *device,
                         const mi_face_effect_config *config, mi_log *log);
void mi_face_slots_destroy(mi_face_slots **slots); /* *slots may be NULL */

/* Changes the faces of the frame that was put into the transfer, in place; amount[i]: 0..1, how
 * much of the effect face[i] gets. Lost ones are left as they are. *changed: there was one to
 * change. One submission, one host wait, no allocation; count: up to MIEN_FACES_MAX. */
int mi_face_slots_run(mi_face_slots *slots, const mien_face *face, const float *amount,
                      int32_t count, const void *values, bool *changed);

/* Multiply-accumulates of the networks in the last frame. */
double mi_face_slots_mac(const mi_face_slots *slots);

#endif
