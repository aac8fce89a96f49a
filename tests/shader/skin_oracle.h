/* Scalar reference of a face's history: shaders/blend/skin_*.comp, compose/skin_model.comp. */
#ifndef MIEN_TEST_SKIN_ORACLE_H
#define MIEN_TEST_SKIN_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/* Sizes and what changes from frame to frame, as in skin_push.h and skin_uniform.h. */
typedef struct skin_case {
    int32_t size, square, patches;
    double kr, kb;
    bool fresh;
    double alpha, settle, carry, haste, amount;
} skin_case;

/* vec4 a texel or pixel; maps have half the atlas' columns and rows. `share` has a number a map
 * element, `anew` one vec4 altogether. */
typedef struct skin_pictures {
    float *at, *share, *uv, *crop, *texture, *result, *glance, *anew, *look, *shift, *view, *seen;
    float *history, *state, *shown, *model;
} skin_pictures;

void skin_oracle_sway(const skin_case *c, const skin_pictures *p);    /* -> glance, anew, shift */
void skin_oracle_shift(const skin_case *c, const skin_pictures *p);   /* -> look, shift */
void skin_oracle_unwrap(const skin_case *c, const skin_pictures *p);  /* -> texture, view, seen */
void skin_oracle_resolve(const skin_case *c, const skin_pictures *p); /* -> history, state, shown */
void skin_oracle_model(const skin_case *c, const skin_pictures *p);   /* -> model */

#endif
