#include "arena_floats.h"

#include <math.h>
#include <stdlib.h>

#include "rig_tests.h"

void arena_put(device_rig *rig, const rig_memory *memory, int32_t at, const float *from,
               size_t floats)
{
    rig_write(rig, &memory->arena, (size_t)at * 16, from, floats * sizeof *from);
}

void arena_check(device_rig *rig, const rig_memory *memory, const char *what, int32_t at,
                 const float *want, size_t floats)
{
    float *got = rig_room(floats * sizeof *got);
    rig_read(rig, &memory->arena, (size_t)at * 16, got, floats * sizeof *got);
    for (size_t i = 0; i < floats; i++)
        if (!(fabsf(got[i] - want[i]) < 2e-4f * fmaxf(1, fabsf(want[i]))))
            fail_msg("%s: lane %zu of vec4 %zu is %g, not %g", what, i % 4, i / 4, (double)got[i],
                     (double)want[i]);
    free(got);
}
