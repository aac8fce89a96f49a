/* When the eyes of a face are turned, and how much: decided frame by frame from what the network
 * saw in the last one. Pure logic, no pixels.
 *
 * In full while the eyes look within 20 degrees of the camera and the head points within 15, fading
 * to nothing at 30 and 27: a look away is a look away. An eye that is not surely one, or not for
 * long, stays as it is. A blink changes nothing: what was decided before it holds until the eye is
 * open again. Eyes that look at the target are left alone after a while, since what would be done
 * to them is the error of measuring; they are taken up again as soon as they look elsewhere. Most
 * of that error is the person's, the same in every frame: where eyes are known to look at the
 * camera for a while it is learnt, and taken off from then on. Nothing is ever turned on or off in
 * less than 200 ms. What the eyes do themselves needs no decision: the network turns them by what
 * it sees in the same frame.
 */
#ifndef MI_GAZE_MANNERS_H
#define MI_GAZE_MANNERS_H

#include <stdbool.h>

#include <mien/mien.h>

#include "../gaze_patch.h"

/* What the network said of an eye. */
typedef struct mi_eye_state {
    float gaze[2]; /* components of its direction: to the viewer's right, up */
    float trust;   /* 0..1: it is an eye that can be turned */
    float open;    /* 0..1: share of the iris that the lids leave open */
} mi_eye_state;

/* What the network says of both eyes' mean direction when they look at the camera. */
typedef struct mi_gaze_rest {
    float gaze[2];
    double time; /* seconds of it that were seen since it was to be learnt; */
    bool known;  /* before, perhaps */
} mi_gaze_rest;

typedef struct mi_manners_step {
    const mi_eye_state *eye; /* MI_EYES of the last frame, NULL: there is none */
    float target[2];         /* where the eyes shall look, components (right, up) */
    float most;              /* 0..1: of the effect, for outer reasons */
    double dt;               /* seconds since the last frame, > 0 */
    bool fresh;              /* first frame or cut: nothing fades */
    mi_gaze_rest rest;       /* a fresh one begins with this */
    double learn;            /* seconds: until so much was seen, eyes do look at the camera; 0: what
                              * was learnt stays, and may be learnt anew */
} mi_manners_step;

/* All zero has no past. One thread, no allocation. */
typedef struct mi_manners {
    float share[MI_EYES];     /* 0..1: how much of the way to the target the eye is turned */
    float offset[MI_EYES][2]; /* of both eyes' mean direction from that of this one */
    bool met;                 /* the two were seen at once: offset is known */
    mi_gaze_rest rest;
    float eased_offset[MI_EYES][2], eased[2]; /* what is taken off: these follow offset and
                                               * rest.gaze without a jump */
    float off_target;         /* 0..1: have they lately looked elsewhere? */
    float sure[MI_EYES];      /* 0..1: it has been an eye that can be turned for long enough */
    bool judged[MI_EYES];     /* by the network, not only by the face analysis */
    double closed[MI_EYES];   /* seconds since the eye was open */
    float held[MI_EYES];      /* what was wanted then, 0..1 */
} mi_manners;

void mi_manners_take(mi_manners *manners, const mien_face *face, const mi_manners_step *step);

/* What the network is asked for in this frame, in the axes of the eye's patch: it turns the eye by
 * turn - share * (the gaze that it sees). */
void mi_manners_ask(const mi_manners *manners, int eye, const float target[2], float turn[2],
                    float *share);

#endif
