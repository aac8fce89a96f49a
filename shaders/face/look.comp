// The coarse picture of a face: means of the cells of the picture at `from`, which has 12 pixels a
// cell each way.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8) in;
#include "face/face.glsl"

const int CELL = 12;

void main()
{
    int i = int(gl_GlobalInvocationID.x);
    if (i >= p.size * p.size)
        return;
    int w = p.size * CELL, at = p.from + i / p.size * CELL * w + i % p.size * CELL;
    vec4 sum = vec4(0);
    for (int y = 0; y < CELL; y++)
        for (int x = 0; x < CELL; x++)
            sum += texelFetch(arena_vec4, at + y * w + x);
    arena_store[p.to + i] = sum / float(CELL * CELL);
}
