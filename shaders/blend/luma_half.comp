// One step of the luma pyramid: means of 4x4, weighted 1 3 3 1 each way. Means of 2x2 would keep
// more than a picture of half the size can hold, which moves by whole pixels only and pulls the
// motion found there towards them. FROM_PICTURE 1: the source is a picture (luma in its fourth
// channel) of size coarse_w x coarse_h at `now`; 0: a plane at `now`. Destination: plane of floats
// w x h at `past`.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/blend.glsl"
layout(constant_id = 0) const int FROM_PICTURE = 0;
const int ACROSS = 2, DOWN = 4;

layout(set = 0, binding = 0) buffer arena_float_block
{
    float arena_store_float[];
};

float luma(int x, int y)
{
    int at = clamp(y, 0, p.coarse_h - 1) * p.coarse_w + clamp(x, 0, p.coarse_w - 1);
    return texelFetch(arena_float, FROM_PICTURE == 1 ? 4 * (p.now + at) + 3 : p.now + at).x;
}

// ACROSS x DOWN pixels, which share what they look at.
void main()
{
    int x = ACROSS * int(gl_GlobalInvocationID.x), y = DOWN * int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    float row[2 * DOWN + 2][ACROSS];
    [[unroll]] for (int k = 0; k < 2 * DOWN + 2; k++) {
        float v[2 * ACROSS + 2];
        [[unroll]] for (int i = 0; i < 2 * ACROSS + 2; i++)
            v[i] = luma(2 * x + i - 1, 2 * y + k - 1);
        [[unroll]] for (int i = 0; i < ACROSS; i++)
            row[k][i] = v[2 * i] + v[2 * i + 3] + 3.0 * (v[2 * i + 1] + v[2 * i + 2]);
    }
    [[unroll]] for (int k = 0; k < DOWN; k++)
        [[unroll]] for (int i = 0; i < ACROSS; i++)
            if (x + i < p.w && y + k < p.h)
                arena_store_float[p.past + (y + k) * p.w + x + i] =
                    (row[2 * k][i] + row[2 * k + 3][i] +
                     3.0 * (row[2 * k + 1][i] + row[2 * k + 2][i])) / 64.0;
}
