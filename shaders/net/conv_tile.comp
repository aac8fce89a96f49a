// 3x3 convolution, stride 1 or 2, as a register tile: one invocation makes 2x2 pixels x 4*Q
// channels, all nine taps unrolled. Compile-time variants:
//   Q       output quads an invocation (1..4)
//   STRIDE  1 or 2
//   UP      the input is seen through a nearest x2 upsampling (stride 1, pad 1)
//   D2S     Q = 3: the 12 channels are stored as 2x2 pixels of 3 channels (depth to space, CRD)
//   LANES8  weights are loaded by the 8 lanes of a subgroup and shared by constant shuffles
// Why this form is fast, on lavapipe: a load costs as much as 10-40 multiply-adds, so inputs are
// reused in registers; one load brings eight weights to a subgroup and a shuffle with a constant
// is a single instruction; loops are unrolled here because the driver does not.
//
// Weights: block (co block, ci quad) of vec4(4 co) in the order [tap][ci in quad][q], each block
// padded to a multiple of 8 vec4.
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/net.glsl"
layout(constant_id = 1) const int PAD = 0;
layout(constant_id = 2) const int RESIDUAL = 0; // 1: in1 is added before the activation, 2: after

#ifdef UP
#define ROWS 3
#else
#define ROWS (STRIDE + 3)
#endif
#define VECS (9 * 4 * Q)
#define LOADS ((VECS + 7) / 8)

#ifdef LANES8
#define WEIGHT(s) subgroupShuffle(w[(s) / 8], uint((s) % 8))
#else
#define WEIGHT(s) texelFetch(weights, block + (s))
#endif

// Row or column of v[][] that output d (0, 1) sees through tap t.
int seen(int d, int t)
{
#ifdef UP
    return (d + t + 1) / 2;
#else
    return d * STRIDE + t;
#endif
}

vec4 finish(vec4 r, int at)
{
    if (RESIDUAL == 1)
        r += texelFetch(arena_vec4, p.in1 + at);
    r = activate(r);
    if (RESIDUAL == 2)
        r += texelFetch(arena_vec4, p.in1 + at);
    return r;
}

void main()
{
    int x = int(gl_GlobalInvocationID.x) * 2, y = int(gl_GlobalInvocationID.y) * 2;
    int co_block = int(gl_WorkGroupID.z);
    int col[ROWS], row[ROWS];
    [[unroll]] for (int i = 0; i < ROWS; i++) {
#ifdef UP
        col[i] = source(x / 2 - 1 + i, p.iw, PAD);
        row[i] = source(y / 2 - 1 + i, p.ih, PAD);
#else
        col[i] = source(x * STRIDE - p.pad_l + i, p.iw, PAD);
        row[i] = source(y * STRIDE - p.pad_t + i, p.ih, PAD);
#endif
        row[i] = row[i] == OUTSIDE ? OUTSIDE : row[i] * p.iw;
    }
    vec4 r[2][2][Q];
    [[unroll]] for (int q = 0; q < Q; q++) {
        vec4 b = texelFetch(weights, p.bias + co_block * Q + q);
        r[0][0][q] = b;
        r[0][1][q] = b;
        r[1][0][q] = b;
        r[1][1][q] = b;
    }
    int plane = p.iw * p.ih;
    for (int c = 0; c < p.iq; c++) {
        int block = p.weights + (co_block * p.iq + c) * (LOADS * 8);
        int base = p.in0 + c * plane;
        vec4 v[ROWS][ROWS];
        [[unroll]] for (int i = 0; i < ROWS; i++)
            [[unroll]] for (int j = 0; j < ROWS; j++) {
                int at = base + row[i] + col[j];
                v[i][j] = texelFetch(arena_vec4, PAD == PAD_ZERO ? max(at, 0) : at);
            }
#ifdef LANES8
        vec4 w[LOADS];
        [[unroll]] for (int i = 0; i < LOADS; i++)
            w[i] = texelFetch(weights, block + i * 8 + int(gl_SubgroupInvocationID));
#endif
        [[unroll]] for (int q = 0; q < Q; q++)
            [[unroll]] for (int t = 0; t < 9; t++)
                [[unroll]] for (int j = 0; j < 4; j++) {
                    vec4 k = WEIGHT((t * 4 + j) * Q + q);
                    r[0][0][q] += v[seen(0, t / 3)][seen(0, t % 3)][j] * k;
                    r[0][1][q] += v[seen(0, t / 3)][seen(1, t % 3)][j] * k;
                    r[1][0][q] += v[seen(1, t / 3)][seen(0, t % 3)][j] * k;
                    r[1][1][q] += v[seen(1, t / 3)][seen(1, t % 3)][j] * k;
                }
    }
    [[unroll]] for (int dy = 0; dy < 2; dy++)
        [[unroll]] for (int dx = 0; dx < 2; dx++) {
            if (x + dx >= p.ow || y + dy >= p.oh)
                continue;
#ifdef D2S
            [[unroll]] for (int s = 0; s < 4; s++) {
                int at = ((y + dy) * 2 + s / 2) * (p.ow * 2) + (x + dx) * 2 + s % 2;
                vec4 pixel = vec4(r[dy][dx][0][s], r[dy][dx][1][s], r[dy][dx][2][s], 0);
                arena_store[p.out0 + at] = finish(pixel, at);
            }
#else
            [[unroll]] for (int q = 0; q < Q; q++) {
                int quad = co_block * Q + q;
                if (quad < p.oq) {
                    int at = (quad * p.oh + y + dy) * p.ow + x + dx;
                    arena_store[p.out0 + at] = finish(r[dy][dx][q], at);
                }
            }
#endif
        }
}
