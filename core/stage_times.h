/* The list of stages in mien_stats. */
#ifndef MI_STAGE_TIMES_H
#define MI_STAGE_TIMES_H

#include <mien/mien.h>

/* Adds one, if there is room: `name` is constant text, `gflop` the arithmetic of its network. */
static inline void mi_add_stage(mien_stats *stats, const char *name, double ms, double gflop)
{
    if (stats->stages < sizeof stats->stage / sizeof stats->stage[0])
        stats->stage[stats->stages++] =
            (mien_stage_time){.name = name, .ms = ms, .gflop = gflop};
}

#endif
