/* Scalar reference of shaders/blend: the luma pyramid, what a displacement leaves as error, and
 * the temporal blend. */
#ifndef MIEN_TEST_BLEND_ORACLE_H
#define MIEN_TEST_BLEND_ORACLE_H

#include <stdbool.h>
#include <stdint.h>

/* A picture of `lanes` floats a pixel. */
typedef struct oracle_plane {
    const float *at;
    int32_t w, h, lanes, lane;
} oracle_plane;

/* Means of 4x4, weighted 1 3 3 1 each way; w, h: of the half picture. */
void blend_oracle_half(const oracle_plane *from, int32_t w, int32_t h, float *to);

/* from(x, y) between 4x4 samples, or all but the four in the corners; the border is repeated. */
double blend_oracle_sample(const oracle_plane *from, double x, double y, bool corners);

/* Does a pixel of the field, as in blend_push.h, move? */
bool blend_oracle_moves(const float warp[4]);

typedef struct resolve_input {
    int32_t w, h;
    double kr, kb, alpha;
    bool fresh, plain; /* plain: without motion; warp is not looked at */
    /* vec4 a pixel, as in shaders/blend/blend_push.h */
    const float *now, *warp, *styled, *history;
    const float *luma, *carried; /* what the history belongs to; the same where the pixels were */
    const float *age;            /* frames that the history is made of */
} resolve_input;

typedef struct resolve_output {
    float *history, *model; /* vec4 a pixel */
    float *still, *luma, *age;
} resolve_output;

void blend_oracle_resolve(const resolve_input *in, const resolve_output *out);

/* A history, and where its pixel n was before: n * step + (x, y), along both axes. */
typedef struct reframe_input {
    int32_t w, h;
    double x, y, step;
    const float *history; /* vec4 a pixel */
    const float *luma, *age;
} reframe_input;

/* What is there then, a mean over what a pixel covers; age 0: it was not in the picture. */
void blend_oracle_reframe(const reframe_input *in, float *history, float *luma, float *age);

#endif
