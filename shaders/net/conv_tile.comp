// 3x3 convolution, stride 1 or 2, as a register tile: one invocation makes ROWS pixels of a column
// x a block of output channels, all nine taps unrolled. Compile-time variants:
//   ROWS    output rows an invocation
//   Q       output quads a block (more code than ROWS * Q = 10 leaves a CPU's instruction cache)
//   STRIDE  1 or 2
//   UP      the input is seen through a nearest x2 upsampling (stride 1, pad 1, ROWS even)
//   SUM     a second input of half the size, at c0, is added to the first one, seen through a
//           nearest x2 upsampling (stride 1, pad 1, ROWS even): the joint of a U-Net
//   D2S     the 12 output channels [y][x][colour] are stored as 2x2 pixels of 3 channels (depth to
//           space); a block is the two pixels of one y
//   LANES8  weights are loaded by the 8 lanes of a subgroup and shared by constant shuffles
// Why this form is fast, on lavapipe: a load costs as much as 10-40 multiply-adds, so inputs are
// reused in registers; one load brings 32 weights to a subgroup and a shuffle with a constant is
// an instruction or two; loops are unrolled here because the driver does not.
//
// Weights: for each block and input quad, floats in the order [tap][ci in quad][co in block],
// padded to a multiple of 32.
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/finish.glsl"
#include "net/window.glsl"
#include "net/tile_stats.glsl"

layout(constant_id = 3) const int SUM_RELU = 0; // SUM: a ReLU follows the sum

// A block is PARTS parts: quads of channels, or pixels.
#ifdef D2S
#define PARTS 2
#define PART vec3
#define PART_SIZE 3
#else
#define PARTS Q
#define PART vec4
#define PART_SIZE 4
#endif
#define LOADS ((9 * 4 * PARTS * PART_SIZE + 31) / 32)

// Float i of the present block's weights.
#ifdef LANES8
#define WEIGHT(i) subgroupShuffle(w[(i) / 32][(i) % 4], uint((i) / 4 % 8))
#else
#define WEIGHT(i) texelFetch(weights, block + (i) / 4)[(i) % 4]
#endif

// Row of v[][] that output row d sees through tap row t.
int seen(int d, int t)
{
#ifdef UP
    return (d + t + 1) / 2;
#else
    return d * STRIDE + t;
#endif
}

void main()
{
    int x = int(gl_WorkGroupID.y * 8 + gl_LocalInvocationID.x);
    int y = int(gl_WorkGroupID.z * 4 + gl_LocalInvocationID.y) * ROWS;
    if (y >= p.oh) // the same for all 8 lanes
        return;
    int co_block = int(gl_WorkGroupID.x);
    window in0 = window_at(x, y);
#ifdef SUM
    half_window in2 = half_window_at(x, y, p.iw / 2, p.ih / 2);
#endif
    PART r[ROWS][PARTS];
    [[unroll]] for (int q = 0; q < PARTS; q++) {
        PART b = PART(texelFetch(weights, p.bias + co_block * PARTS + q));
        [[unroll]] for (int d = 0; d < ROWS; d++)
            r[d][q] = b;
    }
    int plane = p.iw * p.ih;
    int c = 0;
    do {
        int block = p.weights + (co_block * p.iq + c) * (LOADS * 8);
        vec4 v[WINDOW][3];
        window_load(in0, p.in0 + c * plane, v);
#ifdef SUM
        vec4 s[HALF_WINDOW][3];
        half_window_load(in2, p.c0 + c * (plane / 4), s);
        [[unroll]] for (int i = 0; i < WINDOW; i++)
            [[unroll]] for (int j = 0; j < 3; j++)
                v[i][j] = SUM_RELU == 1 ? max(v[i][j] + s[(i + 1) / 2][j], vec4(0))
                                        : v[i][j] + s[(i + 1) / 2][j];
#endif
#ifdef LANES8
        vec4 w[LOADS];
        [[unroll]] for (int i = 0; i < LOADS; i++)
            w[i] = texelFetch(weights, block + i * 8 + int(gl_SubgroupInvocationID));
#endif
        [[unroll]] for (int q = 0; q < PARTS; q++)
            [[unroll]] for (int t = 0; t < 9; t++)
                [[unroll]] for (int j = 0; j < CI; j++) {
                    PART k;
                    [[unroll]] for (int i = 0; i < PART_SIZE; i++)
                        k[i] = WEIGHT(((t * 4 + j) * PARTS + q) * PART_SIZE + i);
                    [[unroll]] for (int d = 0; d < ROWS; d++) {
                        float value = v[seen(d, t / 3)][t % 3][j];
                        if (CO >= PART_SIZE) // whole vectors: a fifth less to compile
                            r[d][q] += value * k;
                        else
                            [[unroll]] for (int i = 0; i < min(CO, PART_SIZE); i++)
                                r[d][q][i] += value * k[i];
                    }
                }
    } while (++c < p.iq);
#if defined LANES8 && !defined D2S
    if (STATS == 1)
        [[unroll]] for (int q = 0; q < Q; q++) {
            vec4 column[ROWS];
            [[unroll]] for (int d = 0; d < ROWS; d++)
                column[d] = r[d][q];
            keep_stats(column, co_block * Q + q, x, y);
        }
#endif
    // Stores are not branched around: what lies outside goes to the arena's waste place.
    [[unroll]] for (int d = 0; d < ROWS; d++) {
        bool inside = x < p.ow && y + d < p.oh;
        [[unroll]] for (int q = 0; q < PARTS; q++) {
#ifdef D2S
            int at = ((y + d) * 2 + co_block) * (p.ow * 2) + x * 2 + q;
            store(inside ? p.out0 + at : WASTE, finish(vec4(r[d][q], 0), 0, at));
#else
            int quad = co_block * Q + q;
            int at = (quad * p.oh + y + d) * p.ow + x;
            store(inside && quad < p.oq ? p.out0 + at : WASTE,
                  finish(r[d][q], min(quad, p.oq - 1), at));
#endif
        }
    }
}
