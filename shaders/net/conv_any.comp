// Convolution of any kernel, stride, dilation and padding: 2x2 pixels x 8 channels an invocation,
// a loop over taps. Weight layout as in conv_tile.comp with Q = 2: 8 vec4 a tap. Variant LANES8.
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/finish.glsl"
layout(constant_id = 1) const int PAD = 0;

#ifdef LANES8
#define WEIGHT(s) subgroupShuffle(w, uint(s))
#else
#define WEIGHT(s) texelFetch(weights, tap + (s))
#endif

int index_of(int base, int y, int x)
{
    int sy = source(y, p.ih, PAD), sx = source(x, p.iw, PAD);
    return sy == OUTSIDE || sx == OUTSIDE ? 0 : base + sy * p.iw + sx;
}

void main()
{
    int x = int(gl_GlobalInvocationID.x) * 2, y = int(gl_GlobalInvocationID.y) * 2;
    int co_block = int(gl_WorkGroupID.z);
    if (y >= p.oh) // the same for all lanes of a subgroup of 8
        return;
    vec4 r[4][2];
    [[unroll]] for (int q = 0; q < 2; q++)
        [[unroll]] for (int i = 0; i < 4; i++)
            r[i][q] = texelFetch(weights, p.bias + co_block * 2 + q);
    int plane = p.iw * p.ih;
    int c = 0;
    do {
        int tap = p.weights + (co_block * p.iq + c) * p.kh * p.kw * 8;
        int base = p.in0 + c * plane;
        int ky = 0;
        do {
            int kx = 0;
            do {
                vec4 v[4];
                [[unroll]] for (int i = 0; i < 4; i++)
                    v[i] = texelFetch(arena_vec4,
                                      index_of(base, (y + i / 2) * p.sh - p.pad_t + ky * p.dh,
                                               (x + i % 2) * p.sw - p.pad_l + kx * p.dw));
#ifdef LANES8
                vec4 w = texelFetch(weights, tap + int(gl_SubgroupInvocationID));
#endif
                [[unroll]] for (int j = 0; j < 4; j++)
                    [[unroll]] for (int q = 0; q < 2; q++) {
                        vec4 k = WEIGHT(j * 2 + q);
                        [[unroll]] for (int i = 0; i < 4; i++)
                            r[i][q] += v[i][j] * k;
                    }
                tap += 8;
            } while (++kx < p.kw);
        } while (++ky < p.kh);
    } while (++c < p.iq);
    [[unroll]] for (int i = 0; i < 4; i++) {
        int ox = x + i % 2, oy = y + i / 2;
        if (ox >= p.ow || oy >= p.oh)
            continue;
        [[unroll]] for (int q = 0; q < 2; q++) {
            int quad = co_block * 2 + q;
            if (quad >= p.oq)
                continue;
            int at = (quad * p.oh + oy) * p.ow + ox;
            store(p.out0 + at, finish(r[i][q], quad, at));
        }
    }
}
