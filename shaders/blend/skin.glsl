// What the shaders of a face's history share.
#ifndef SKIN_GLSL
#define SKIN_GLSL
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "slots.glsl"
#include "blend/skin_push.h"
#include "blend/skin_uniform.h"

layout(set = 0, binding = 6) uniform uniform_block
{
    skin_uniform u;
};
layout(push_constant) uniform push_block
{
    skin_push pushed;
};
skin_push p = pushed; // a copy, see net/net.glsl

// Between four elements of a square picture of `size` columns, at a position counted from the
// middle of its first one; the border is repeated.
vec4 between(int picture, int size, vec2 at)
{
    at = clamp(at, vec2(0), vec2(size - 1));
    ivec2 q = min(ivec2(at), ivec2(size - 2));
    vec2 f = at - vec2(q);
    int i = picture + q.y * size + q.x;
    return mix(mix(texelFetch(arena_vec4, i), texelFetch(arena_vec4, i + 1), f.x),
               mix(texelFetch(arena_vec4, i + size), texelFetch(arena_vec4, i + size + 1), f.x),
               f.y);
}

// Map elements from patch to patch.
const int PATCH = 8;

// How far the skin has slipped at a texel.
vec2 shift_at(vec2 texel)
{
    return between(p.shift, p.patches, (texel + 0.5) / float(2 * PATCH) - 0.5).xy;
}

// The texel of an invocation where workgroups are the tiles in use.
ivec2 texel_of_tile()
{
    int tile = int(texelFetch(arena_float, 4 * p.tiles + int(gl_WorkGroupID.x)).x);
    return ivec2(8 * (tile & 1023), 4 * (tile >> 10)) + ivec2(gl_LocalInvocationID.xy);
}

float luma_of(vec3 c)
{
    return p.kr * c.r + (1.0 - p.kr - p.kb) * c.g + p.kb * c.b;
}
#endif
