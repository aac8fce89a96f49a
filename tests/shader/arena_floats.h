/* Floats of a test in the arena: `at` is a vec4 of it. */
#ifndef MIEN_TEST_ARENA_FLOATS_H
#define MIEN_TEST_ARENA_FLOATS_H

#include "device_rig.h"

void arena_put(device_rig *rig, const rig_memory *memory, int32_t at, const float *from,
               size_t floats);

/* What lies there has to be `want` but for rounding, or the test fails; `what` names it. */
void arena_check(device_rig *rig, const rig_memory *memory, const char *what, int32_t at,
                 const float *want, size_t floats);

#endif
