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
vec4 slip_at(vec2 texel)
{
    return between(p.shift, p.patches, (texel + 0.5) / float(2 * PATCH) - 0.5);
}

vec2 shift_at(vec2 texel)
{
    return slip_at(texel).xy;
}

// Parts that have slipped less than this, map elements, are found in one step.
const float SLIGHT = 0.1;

bool is_settled(vec4 shift)
{
    vec2 slip = 0.5 * (shift.xy - shift.zw);
    return p.step > 0 && dot(slip, slip) < SLIGHT * SLIGHT;
}

// Map elements of a coarse look, each way.
const int GLANCE = 4;

// There is no history, or it is another face's.
bool begins_anew()
{
    return texelFetch(arena_vec4, p.anew).x > 0.0;
}

// Texels of what says how surely nothing covers them, each way.
const int SEEN = 4;

float bare_at(vec2 texel)
{
    return between(p.seen, p.size / SEEN, (texel + 0.5) / float(SEEN) - 0.5).x;
}

// Where a shader goes by the tiles in use, 8x4 texels each, with so many invocations for each: the
// first texel of the one that this invocation is for; x < 0: it has none.
const int GROUP = 32;

int invocation()
{
    return GROUP * int(gl_WorkGroupID.x) + int(gl_LocalInvocationIndex);
}

ivec2 tile_of(int invocations)
{
    int tile = int(texelFetch(arena_float, 4 * p.tiles + invocation() / invocations).x);
    return tile < 0 ? ivec2(-1) : ivec2(8 * (tile & 1023), 4 * (tile >> 10));
}

float luma_of(vec3 c)
{
    return p.kr * c.r + (1.0 - p.kr - p.kb) * c.g + p.kb * c.b;
}

// Of a place of the maps that lies `at` there: what the history took for its luma; luma of the
// picture; how surely that is the skin. A texel without history has nothing to compare.
vec3 look_at(int x, int y, vec4 at)
{
    int texel = p.state + 2 * y * p.size + 2 * x;
    vec4 a = texelFetch(arena_vec4, texel), b = texelFetch(arena_vec4, texel + 1);
    vec4 c = texelFetch(arena_vec4, texel + p.size), d = texelFetch(arena_vec4, texel + p.size + 1);
    float now = luma_of(between(p.crop, p.square, at.xy * float(p.square) - 0.5).rgb);
    bool known = min(min(a.w, b.w), min(c.w, d.w)) >= 1.0;
    return vec3(luma_of(0.25 * (a + b + c + d).rgb), now, known ? at.z * at.w : 0.0);
}
#endif
