/* What stages share: pictures in the arena. A stage reserves its memory with mi_arena_take(), and
 * records its dispatches into a command list whose bound set shows the arena. */
#ifndef MI_STAGE_H
#define MI_STAGE_H

#include "vk/mvk.h"

/* Memory of a chain, laid out before it is allocated. Counted in vec4 (16 bytes); the first one
 * is zero and the second one waste (shaders/slots.glsl). */
enum { MI_ARENA_FIRST = 2 };

typedef struct mi_arena {
    int64_t vec4s;
} mi_arena;

static inline int32_t mi_arena_take(mi_arena *arena, int64_t vec4s)
{
    int64_t at = arena->vec4s > 0 ? arena->vec4s : MI_ARENA_FIRST;
    arena->vec4s = at + vec4s;
    return (int32_t)at; /* whoever allocates checks that the sum fits */
}

/* A picture of vec4 pixels, rows one after the other. */
typedef struct mi_picture {
    int32_t at; /* vec4 */
    int32_t w, h;
} mi_picture;

static inline mi_picture mi_picture_take(mi_arena *arena, int32_t w, int32_t h)
{
    return (mi_picture){.at = mi_arena_take(arena, (int64_t)w * h), .w = w, .h = h};
}

static inline uint32_t mi_groups(int32_t size, int32_t local)
{
    return (uint32_t)((size + local - 1) / local);
}

#endif
