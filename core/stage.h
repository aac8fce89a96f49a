/* What stages share: pictures in the arena. A stage reserves its memory with mi_arena_take(), and
 * records its dispatches into a command list whose bound set shows the arena. */
#ifndef MI_STAGE_H
#define MI_STAGE_H

#include "net/kernels.h"

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

/* A shader in two forms: for any device, and for MI_FAMILY_LANES8, where numbers are stored in
 * pairs (shaders/slots.glsl). */
typedef struct mi_shader_pair {
    mvk_shader plain, lanes8;
} mi_shader_pair;

#define MI_SHADER(name) {#name, mi_spv_##name, sizeof mi_spv_##name}
#define MI_SHADER_PAIR(name) {MI_SHADER(name), MI_SHADER(name##_lanes8)}

static inline const mvk_shader *mi_shader_for(const mvk_device *device, const mi_shader_pair *pair)
{
    return mi_kernel_family(device) == MI_FAMILY_LANES8 ? &pair->lanes8 : &pair->plain;
}

#endif
