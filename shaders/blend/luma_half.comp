// One step of the luma pyramid: means of 2x2. FROM_PICTURE 1: the source is a picture (luma in
// its fourth channel) of size coarse_w x coarse_h at `now`; 0: a plane at `now`. Destination:
// plane of floats w x h at `past`.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/blend.glsl"
layout(constant_id = 0) const int FROM_PICTURE = 0;

layout(set = 0, binding = 0) buffer arena_float_block
{
    float arena_store_float[];
};

float luma(int x, int y)
{
    int at = min(y, p.coarse_h - 1) * p.coarse_w + min(x, p.coarse_w - 1);
    return FROM_PICTURE == 1 ? texelFetch(arena_vec4, p.now + at).w
                             : texelFetch(arena_float, p.now + at).x;
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    arena_store_float[p.past + y * p.w + x] =
        0.25 * (luma(2 * x, 2 * y) + luma(2 * x + 1, 2 * y) + luma(2 * x, 2 * y + 1) +
                luma(2 * x + 1, 2 * y + 1));
}
