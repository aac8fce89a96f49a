// Means of 2x2 pixels: the picture at `from` with twice the size -> `to`.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "face/face.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.size || y >= p.size)
        return;
    int w = 2 * p.size, at = p.from + 2 * y * w + 2 * x;
    arena_store[p.to + y * p.size + x] =
        0.25 * (texelFetch(arena_vec4, at) + texelFetch(arena_vec4, at + 1) +
                texelFetch(arena_vec4, at + w) + texelFetch(arena_vec4, at + w + 1));
}
