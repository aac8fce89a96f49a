/* An effect on faces end to end below the public API: frames of one shape go to the device, the
 * effect's chain changes them in place, and they come back. Any failure fails the test. */
#ifndef MIEN_TEST_FACE_STAND_H
#define MIEN_TEST_FACE_STAND_H

#include "face_slots.h"
#include "rig_tests.h"
#include "test_frames.h"

enum { STAND_W = 320, STAND_H = 240 };

typedef struct face_effect {
    const char *what; /* how messages call its model */
    const mi_slot_calls *chain;
} face_effect;

typedef struct face_stand {
    const face_effect *effect;
    mi_transfer transfer;
    mi_face_slots *slots;
    test_frame in, out;
} face_stand;

/* With the model at `path`. The effect outlives the stand. */
void face_stand_up(face_stand *stand, device_rig *rig, const face_effect *effect,
                   mien_format format, const char *path);
void face_stand_down(face_stand *stand);

/* What becomes of the frame `in` goes to `out`. `amount` and `values` are the chain's; true: there
 * was a face to change. */
bool face_stand_run(face_stand *stand, const mien_face *face, const float *amount, int32_t count,
                    const void *values);
/* One face that gets all of the effect. */
bool face_stand_run_one(face_stand *stand, const mien_face *face, const void *values);

/* Draws the frame `in` and gives the faces in it, in any places; their ids count up from `id`. */
typedef void face_crowd(void *test, uint32_t id, mien_face face[MIEN_FACES_MAX]);

/* As many faces as there may be, with some of them new in each frame, are changed, and nothing is
 * that is not of the frame. `test` is the crowd's own. */
void face_stand_check_crowd(face_stand *stand, face_crowd *crowd, void *test, const void *values);

/* A lost face is left alone to the bit, and so is one of which `nothing`, other values, ask
 * nothing. */
void face_stand_check_idle(face_stand *stand, const mien_face *face, const void *values,
                           const void *nothing);

/* A model that cannot be used gives no chain, but this status and a line with its path and the
 * words. */
void face_stand_check_refused(device_rig *rig, const face_effect *effect, const char *path,
                              int status, const char *words);
/* So do a file that is not there and one that is no model; writes it into the folder. */
void face_stand_check_no_model(device_rig *rig, const face_effect *effect, const char *folder);

#endif
