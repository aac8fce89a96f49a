/* What becomes of a changed face, frame by frame: how much of the effect it gets, and what covers
 * it while it is lost. Never a flash of the bare face. Pure logic, no pixels.
 *
 * A face that comes into view fades in over 200 ms; at the first frame and after a cut effects are
 * full at once. A face that was changed (amount > 0) and is lost is covered as `on_lost` says, in
 * the very frame in which it is lost, where it would be now and with a margin that grows with its
 * speed; found again, the cover fades into the effect over 200 ms, and the bare face does not show
 * in between. When the tracker gives a lost face up, its cover goes; from then on until a cut a
 * face that comes into view may be that one, so it starts like one that is found again, under a
 * cover that fades.
 *
 * The tracker may take a face that comes back for a new one, and set it right later; then ids
 * change places. So a face that comes to light where a changed one was goes on with the effect that
 * was there: that may pop, but shows nobody. And where a new face is found in the very frame in
 * which one is lost, in its place (another take of the same scene), the lost one is not covered:
 * what covers it would show over the new face. Nor does a cover go over another face that is seen
 * whole: whoever walks past in front of somebody hides them anyway. */
#ifndef MI_GUARD_H
#define MI_GUARD_H

#include "../params.h"

/* What covers a changed face while it is lost. MI_LOST_PASS: nothing, and the effect fades out
 * over 150 ms. */
typedef enum mi_on_lost { MI_LOST_PASS = 0, MI_LOST_HOLD, MI_LOST_BLUR, MI_LOST_BLACK } mi_on_lost;

/* What one face gets in this frame. */
typedef struct mi_guarded {
    const mien_face *face; /* one of those given; its points outline the face */
    float amount;  /* 0..1: of the effect */
    float cover;   /* 0..1: of the cover, over the effect */
    float margin;  /* the cover's outline grows by this factor, 1..1.6 */
    bool in_front; /* seen whole, with all of the effect: no other face's cover goes over it */
    float move_x, move_y; /* pixels: a lost face is now thought to be that far from its points,
                           * where the tracker did not move it on by itself; effect and cover go
                           * there. 0 for a face that is seen */
} mi_guarded;

typedef struct mi_guard_memory {
    uint32_t id;
    bool lost;              /* in the last frame */
    bool replaced;          /* since it was lost another face is in its place */
    int32_t sightings;      /* 0..2, how many positions the speed rests on */
    float amount, cover, margin;
    float x, y;             /* middle, pixels, when last seen */
    float size;             /* the shorter side, pixels, when last seen; > 0 */
    float speed_x, speed_y; /* pixels a second, when last seen */
    double lost_seconds;    /* since last seen */
    float shown_x, shown_y; /* middle of where effect and cover were in the last frame, pixels */
} mi_guard_memory;

/* No allocation; one thread. All zero is a guard without a past. */
typedef struct mi_guard {
    int32_t count;
    bool gave_up; /* a face that was covered is not looked for any more */
    mi_guard_memory memory[MIEN_FACES_MAX];
} mi_guard;

/* Forgets every face. */
void mi_guard_reset(mi_guard *guard);

/* Did the last frame have a cover? */
bool mi_guard_covers(const mi_guard *guard);

/* One frame. `faces[count]`: those of mi_track_end(), lost ones too; beyond MIEN_FACES_MAX they
 * are left out. `changing`: a face effect is on (or fading out). `dt`: seconds since the last
 * frame. `fresh`: first frame or cut. Writes out[i] for faces[i] and returns how many. */
int32_t mi_guard_step(mi_guard *guard, const mien_face *faces, int32_t count, bool changing,
                      mi_on_lost on_lost, double dt, bool fresh, mi_guarded out[MIEN_FACES_MAX]);

#endif
