/* Repeatable random numbers for tests: the same seed gives the same run on every machine. */
#ifndef MIEN_TEST_DICE_H
#define MIEN_TEST_DICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct dice {
    uint64_t state;
} dice;

static inline uint32_t dice_next(dice *d)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(d->state >> 32);
}

static inline dice dice_of(uint64_t seed)
{
    dice d = {seed * 0x9e3779b97f4a7c15u + 1};
    dice_next(&d);
    return d;
}

/* low..high, both included */
static inline int32_t dice_int(dice *d, int32_t low, int32_t high)
{
    return low + (int32_t)(dice_next(d) % (uint32_t)(high - low + 1));
}

static inline bool dice_flip(dice *d)
{
    return dice_next(d) >> 31 & 1;
}

static inline float dice_float(dice *d, float low, float high)
{
    return low + (high - low) * (float)(dice_next(d) >> 8) / 16777216.0f;
}

/* About normal: mean 0, deviation 1. */
static inline float dice_normal(dice *d)
{
    float sum = 0;
    for (int i = 0; i < 12; i++)
        sum += dice_float(d, 0, 1);
    return sum - 6;
}

static inline void dice_fill(dice *d, float *to, size_t count, float low, float high)
{
    for (size_t i = 0; i < count; i++)
        to[i] = dice_float(d, low, high);
}

static inline void dice_bytes(dice *d, uint8_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(dice_next(d) >> 13);
}

#endif
