/* What the oracles of temporal blends share: shaders/blend/history.glsl in double. */
#ifndef MIEN_TEST_HISTORY_ORACLE_H
#define MIEN_TEST_HISTORY_ORACLE_H

#include <stddef.h>
#include <stdint.h>

/* Place k of the 3x3 around (x, y) in a picture of w x h, of which the border is repeated: where
 * its vec4 begins, in floats. */
size_t history_place(int k, int32_t x, int32_t y, int32_t w, int32_t h);

/* Mean of what is left of the differences of luma in the 3x3 places, 0..1, without what a change of
 * light explains. */
double history_error(const double difference[9]);

void history_ycocg(const double rgb[3], double c[3]);
void history_rgb(const double ycocg[3], double rgb[3]);

#endif
