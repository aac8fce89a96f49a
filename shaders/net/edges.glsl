// Loads of pixels under a padding mode, and the pixels of neighbouring lanes.
#ifndef EDGES_GLSL
#define EDGES_GLSL
#include "net/net.glsl"
layout(constant_id = 1) const int PAD = 0;

// A mirrored border pixel of an upsampled picture is the border pixel of the small one.
const int HALF_PAD = PAD == PAD_REFLECT ? PAD_EDGE : PAD;

vec4 load(int at)
{
    return texelFetch(arena_vec4, PAD == PAD_ZERO ? max(at, 0) : at);
}

#ifdef LANES8
#define lane int(gl_SubgroupInvocationID)

// `v` of the lane `by` to the right; beyond the last lane `next` goes on with its lane `first`.
vec4 beside(vec4 v, vec4 next, int by, int first)
{
    return mix(subgroupShuffle(v, uint((lane + by) & 7)),
               subgroupShuffle(next, uint((first + lane + by) & 7)), bvec4(lane + by >= 8));
}
#endif
#endif
