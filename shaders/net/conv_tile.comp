// 3x3 convolution, stride 1 or 2, as a register tile: one invocation makes 4 rows of a column x
// 4*Q channels, all nine taps unrolled. Compile-time variants:
//   Q       output quads an invocation (1..3; more code than that leaves the instruction cache)
//   STRIDE  1 or 2
//   UP      the input is seen through a nearest x2 upsampling (stride 1, pad 1)
//   SUM     a second input of half the size, at c0, is added to the first one, seen through a
//           nearest x2 upsampling (stride 1, pad 1): the joint of a U-Net
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
#include "net/finish.glsl"
layout(constant_id = 1) const int PAD = 0;

// A mirrored border pixel of an upsampled picture is the border pixel of the small one.
const int HALF_PAD = PAD == PAD_REFLECT ? PAD_EDGE : PAD;

#define PIXELS 4
layout(constant_id = 3) const int SUM_RELU = 0; // SUM: a ReLU follows the sum

#ifdef UP
#define ROWS 4
#else
#define ROWS (3 * STRIDE + 3)
#endif
#define VECS (9 * 4 * Q)
#define LOADS ((VECS + 7) / 8)

#ifdef LANES8
#define WEIGHT(s) subgroupShuffle(w[(s) / 8], uint((s) % 8))
#else
#define WEIGHT(s) texelFetch(weights, block + (s))
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

vec4 load(int at)
{
    return texelFetch(arena_vec4, PAD == PAD_ZERO ? max(at, 0) : at);
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y) * PIXELS;
    int co_block = int(gl_WorkGroupID.z);
    int col[3], row[ROWS];
    [[unroll]] for (int i = 0; i < 3; i++) {
#ifdef UP
        int c = source(x + i - 1, 2 * p.iw, PAD);
        col[i] = c == OUTSIDE ? OUTSIDE : c >> 1;
#else
        col[i] = source(x * STRIDE - p.pad_l + i, p.iw, PAD);
#endif
    }
    [[unroll]] for (int i = 0; i < ROWS; i++) {
#ifdef UP
        int r = source(y / 2 - 1 + i, p.ih, HALF_PAD);
#else
        int r = source(y * STRIDE - p.pad_t + i, p.ih, PAD);
#endif
        row[i] = r == OUTSIDE ? OUTSIDE : r * p.iw;
    }
#ifdef SUM
    // y is a multiple of 4: the six rows from y - 1 on lie in the four half rows from y/2 - 1 on
    int half_row[4], half_col[3];
    [[unroll]] for (int j = 0; j < 3; j++) {
        int c = source(x - p.pad_l + j, p.iw, PAD);
        half_col[j] = c == OUTSIDE ? OUTSIDE : c >> 1;
    }
    [[unroll]] for (int i = 0; i < 4; i++) {
        int h = source(y / 2 - 1 + i, p.ih / 2, HALF_PAD);
        half_row[i] = h == OUTSIDE ? OUTSIDE : h * (p.iw / 2);
    }
#endif
    vec4 r[PIXELS][Q];
    [[unroll]] for (int q = 0; q < Q; q++) {
        vec4 b = texelFetch(weights, p.bias + co_block * Q + q);
        [[unroll]] for (int d = 0; d < PIXELS; d++)
            r[d][q] = b;
    }
    int plane = p.iw * p.ih;
    for (int c = 0; c < p.iq; c++) {
        int block = p.weights + (co_block * p.iq + c) * (LOADS * 8);
        int base = p.in0 + c * plane;
        vec4 v[ROWS][3];
        [[unroll]] for (int i = 0; i < ROWS; i++)
            [[unroll]] for (int j = 0; j < 3; j++)
                v[i][j] = load(base + row[i] + col[j]);
#ifdef SUM
        int half_base = p.c0 + c * (plane / 4);
        vec4 s[4][3];
        [[unroll]] for (int i = 0; i < 4; i++)
            [[unroll]] for (int j = 0; j < 3; j++)
                s[i][j] = load(half_base + half_row[i] + half_col[j]);
        [[unroll]] for (int i = 0; i < ROWS; i++)
            [[unroll]] for (int j = 0; j < 3; j++)
                v[i][j] = SUM_RELU == 1 ? max(v[i][j] + s[(i + 1) / 2][j], vec4(0))
                                        : v[i][j] + s[(i + 1) / 2][j];
#endif
#ifdef LANES8
        vec4 w[LOADS];
        [[unroll]] for (int i = 0; i < LOADS; i++)
            w[i] = texelFetch(weights, block + i * 8 + int(gl_SubgroupInvocationID));
#endif
        [[unroll]] for (int q = 0; q < Q; q++)
            [[unroll]] for (int t = 0; t < 9; t++)
                [[unroll]] for (int j = 0; j < 4; j++) {
                    vec4 k = WEIGHT((t * 4 + j) * Q + q);
                    [[unroll]] for (int d = 0; d < PIXELS; d++)
                        r[d][q] += v[seen(d, t / 3)][t % 3][j] * k;
                }
    }
    // Stores are not branched around: what lies outside goes to the arena's waste place.
    [[unroll]] for (int d = 0; d < PIXELS; d++) {
        bool inside = x < p.ow && y + d < p.oh;
#ifdef D2S
        [[unroll]] for (int s = 0; s < 4; s++) {
            int at = ((y + d) * 2 + s / 2) * (p.ow * 2) + x * 2 + s % 2;
            vec4 pixel = vec4(r[d][0][s], r[d][1][s], r[d][2][s], 0);
            arena_store[inside ? p.out0 + at : WASTE] = finish(pixel, 0, at);
        }
#else
        [[unroll]] for (int q = 0; q < Q; q++) {
            int quad = co_block * Q + q;
            int at = (quad * p.oh + y + d) * p.ow + x;
            arena_store[inside && quad < p.oq ? p.out0 + at : WASTE] = finish(r[d][q], min(quad, p.oq - 1), at);
        }
#endif
    }
}
