// 1x1 convolution, stride 1: 4 pixels x 4*Q channels an invocation, pixels in memory order.
// Variants Q and LANES8 and the weight layout as in conv_tile.comp with one tap.
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/finish.glsl"

#define VECS (4 * Q)
#define LOADS ((VECS + 7) / 8)
#ifdef LANES8
#define WEIGHT(s) subgroupShuffle(w[(s) / 8], uint((s) % 8))
#else
#define WEIGHT(s) texelFetch(weights, block + (s))
#endif

void main()
{
    int plane = p.iw * p.ih;
    int first = (int(gl_WorkGroupID.x) * 4 + int(gl_LocalInvocationID.y)) * 32 +
                int(gl_LocalInvocationID.x);
    if (first - int(gl_LocalInvocationID.x) >= plane) // the whole subgroup is beyond the end
        return;
    int co_block = int(gl_WorkGroupID.z);
    int at[4];
    [[unroll]] for (int i = 0; i < 4; i++)
        at[i] = min(first + i * 8, plane - 1);
    vec4 r[4][Q];
    [[unroll]] for (int q = 0; q < Q; q++) {
        vec4 b = texelFetch(weights, p.bias + co_block * Q + q);
        [[unroll]] for (int i = 0; i < 4; i++)
            r[i][q] = b;
    }
    for (int c = 0; c < p.iq; c++) {
        int block = p.weights + (co_block * p.iq + c) * (LOADS * 8);
        vec4 v[4];
        [[unroll]] for (int i = 0; i < 4; i++)
            v[i] = texelFetch(arena_vec4, p.in0 + c * plane + at[i]);
#ifdef LANES8
        vec4 w[LOADS];
        [[unroll]] for (int i = 0; i < LOADS; i++)
            w[i] = texelFetch(weights, block + i * 8 + int(gl_SubgroupInvocationID));
#endif
        [[unroll]] for (int q = 0; q < Q; q++)
            [[unroll]] for (int j = 0; j < 4; j++) {
                vec4 k = WEIGHT(j * Q + q);
                [[unroll]] for (int i = 0; i < 4; i++)
                    r[i][q] += v[i][j] * k;
            }
    }
    [[unroll]] for (int i = 0; i < 4; i++) {
        if (first + i * 8 >= plane)
            continue;
        [[unroll]] for (int q = 0; q < Q; q++) {
            int quad = co_block * Q + q;
            if (quad >= p.oq)
                continue;
            int to = quad * plane + at[i];
            store(p.out0 + to, finish(r[i][q], quad, to));
        }
    }
}
