/* Scalar reference of shaders/compose: frames in, low-resolution pictures out, and back. Written
 * from the definitions, one sample at a time, in double. */
#ifndef MIEN_TEST_PIXEL_ORACLE_H
#define MIEN_TEST_PIXEL_ORACLE_H

#include <mien/mien.h>

/* What a low-resolution picture of w x h shows: a pixel scale x scale of the frame's, the first one
 * those from (x, y) on, both multiples of 8 and of the scale. */
typedef struct pixel_view {
    int32_t scale, w, h, x, y;
} pixel_view;

/* `low`: the view's pixels of R', G', B' and luma, means of the frame's. */
void pixel_oracle_import(const mien_frame *frame, const pixel_view *view, float *low);

/* What steadies the native luma over time; all planes are the caller's. */
typedef struct pixel_steady {
    const float *still; /* of the view: how surely a pixel stands still */
    double alpha;       /* weight of the present there */
    float *past;        /* luma bytes of the frame's pixels, as steadied so far; updated */
} pixel_steady;

/* `model`: the view's b, cb, cr, g: luma = b + g * the frame's luma. Writes the planes of `out`,
 * whose alpha bytes are those of `in`; with `part` only what the view shows. `steady` NULL: the
 * frame's luma is taken as it is. */
void pixel_oracle_export(const mien_frame *in, const mien_frame *out, const pixel_view *view,
                         bool part, const float *model, double strength,
                         const pixel_steady *steady);

/* A picture of size x size models (b, cb, cr, g) that lies as a square in the frame: around (x, y),
 * `side` wide, turned by `angle` clockwise. */
typedef struct pixel_patch {
    const float *model;
    int32_t size;
    double x, y, side, angle;
} pixel_patch;

/* What compose/skin_apply.comp does to the frame: luma += b + g * luma, chroma += cb, cr, where the
 * patch is; 0 outside of its outermost pixels' middles. */
void pixel_oracle_apply(const mien_frame *in, const mien_frame *out, const pixel_patch *patch);

/* The frame's luma as bytes, one a pixel, for `past`. */
void pixel_oracle_luma(const mien_frame *frame, float *luma);

#endif
