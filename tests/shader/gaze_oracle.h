/* Scalar reference of what is done to eyes: shaders/blend/gaze_*.comp and compose/gaze_apply.comp,
 * written from their definitions, one value at a time, in double. */
#ifndef MIEN_TEST_GAZE_ORACLE_H
#define MIEN_TEST_GAZE_ORACLE_H

#include <stdbool.h>

#include "gaze_patch.h"

enum { GAZE_PIXELS = MI_GAZE_W * MI_GAZE_H };

typedef struct gaze_case {
    double turn[2], share; /* asked for */
    bool fresh;
    double alpha, settle, creep, kr, kb;
    double iris[2]; /* column and row of its middle, before the patch slipped */
} gaze_case;

/* vec4 a pixel; state one of them, memory three; look and crop two pictures; top has one float a
 * pixel. */
typedef struct gaze_pictures {
    float *look, *crop, *state, *flow, *blend;
    float *memory, *history, *light; /* updated */
    float *shown, *shown_light, *top;
    float slip[4]; /* of shown */
} gaze_pictures;

/* What the network sees, `crop`; `top`, the luma above which it is a highlight, and the slip in
 * `memory`. */
void gaze_oracle_hold(const gaze_case *c, const gaze_pictures *p);

/* What is to be seen: `shown`, `shown_light`, `slip`. */
void gaze_oracle_blend(const gaze_case *c, gaze_pictures *p);

/* What is to be seen of `shown` and `shown_light` in a frame with the eye at `patch`, which has
 * slipped by `slip` of its pixels, and whose highlights come from slip[2], slip[3] beside. Colours
 * come from no farther than the box `kept` (x0, y0, x1, y1) less two pixels. `out` starts as
 * `in`. */
void gaze_oracle_apply(const mien_frame *in, const mien_frame *out, const mi_eye_patch *patch,
                       const float *shown, const float *shown_light, const float kept[4],
                       const float slip[4]);

#endif
