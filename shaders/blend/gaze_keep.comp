// What gaze_resolve.comp found of each pixel's light becomes its past.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/gaze.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x < p.w && y < p.h)
        store(p.light + y * p.w + x,
              vec4(texelFetch(arena_vec4, p.shown + (p.h + y) * p.w + x).xyz, 0));
}
