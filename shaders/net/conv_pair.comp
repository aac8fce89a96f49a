// A depthwise 3x3 convolution and the 1x1 convolution that alone reads it, as one: what lies
// between them stays in registers. One invocation makes ROWS pixels of a column x Q quads of
// channels; each block of channels does the depthwise part again. Compile-time variants Q, ROWS,
// STRIDE (of the depthwise convolution) and LANES8, as in conv_tile.comp.
//
// Weights: for each block and input quad vec4s: the depthwise taps, the depthwise bias, then
// [ci in quad][quad in block]; padded to a multiple of 8.
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/finish.glsl"
#include "net/window.glsl"

#define TAPS 9
#define LOADS ((TAPS + 1 + 4 * Q + 7) / 8)
#ifdef LANES8
#define WEIGHT(s) subgroupShuffle(w[(s) / 8], uint((s) % 8))
#else
#define WEIGHT(s) texelFetch(weights, block + (s))
#endif

void main()
{
    int x = int(gl_WorkGroupID.y * 8 + gl_LocalInvocationID.x);
    int y = int(gl_WorkGroupID.z * 4 + gl_LocalInvocationID.y) * ROWS;
    if (y >= p.oh) // the same for all 8 lanes
        return;
    int co_block = int(gl_WorkGroupID.x);
    window in0 = window_at(x, y);
    vec4 r[ROWS][Q];
    [[unroll]] for (int q = 0; q < Q; q++) {
        vec4 b = texelFetch(weights, p.bias + co_block * Q + q);
        [[unroll]] for (int d = 0; d < ROWS; d++)
            r[d][q] = b;
    }
    int plane = p.iw * p.ih;
    for (int c = 0; c < p.iq; c++) {
        int block = p.weights + (co_block * p.iq + c) * (LOADS * 8);
        vec4 v[WINDOW][3];
        window_load(in0, p.in0 + c * plane, v);
#ifdef LANES8
        vec4 w[LOADS];
        [[unroll]] for (int i = 0; i < LOADS; i++)
            w[i] = texelFetch(weights, block + i * 8 + lane);
#endif
        vec4 s[ROWS];
        [[unroll]] for (int d = 0; d < ROWS; d++)
            s[d] = WEIGHT(TAPS);
        [[unroll]] for (int t = 0; t < TAPS; t++) {
            vec4 k = WEIGHT(t);
            [[unroll]] for (int d = 0; d < ROWS; d++)
                s[d] += v[d * STRIDE + t / 3][t % 3] * k;
        }
        [[unroll]] for (int q = 0; q < Q; q++)
            [[unroll]] for (int j = 0; j < 4; j++) {
                vec4 k = WEIGHT(TAPS + 1 + j * Q + q);
                [[unroll]] for (int d = 0; d < ROWS; d++)
                    r[d][q] += s[d][j] * k;
            }
    }
    // Stores are not branched around: what lies outside goes to the arena's waste place.
    [[unroll]] for (int d = 0; d < ROWS; d++)
        [[unroll]] for (int q = 0; q < Q; q++) {
            int quad = co_block * Q + q;
            int at = (quad * p.oh + y + d) * p.ow + x;
            store(x < p.ow && y + d < p.oh && quad < p.oq ? p.out0 + at : WASTE,
                  finish(r[d][q], min(quad, p.oq - 1), at));
        }
}
