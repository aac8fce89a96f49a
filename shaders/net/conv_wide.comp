// K x K convolution, K = 5, 7 or 9, stride 1 or 2, as a register tile: one invocation makes ROWS
// pixels of a column x Q quads of channels; a loop over the kernel's rows, their taps unrolled. The
// first and last layers of many networks. Compile-time variants K, STRIDE, Q, ROWS and LANES8.
//
// LANES8 as in conv_tile.comp and window.glsl: a row's taps see what the eight lanes and the eight
// to the right of them loaded, of each of STRIDE columns.
//
// Weights as in conv_tile.comp.
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

#define ROW_VECS (K * 4 * Q)
#define LOADS ((ROW_VECS + 7) / 8)
#ifdef LANES8
#define WEIGHT(s) subgroupShuffle(w[(s) / 8], uint((s) % 8))
#else
#define WEIGHT(s) texelFetch(weights, tap + (s))
#endif

void main()
{
    int x = int(gl_WorkGroupID.y * 8 + gl_LocalInvocationID.x);
    int y = int(gl_WorkGroupID.z * 4 + gl_LocalInvocationID.y) * ROWS;
    if (y >= p.oh) // the same for all 8 lanes
        return;
    int co_block = int(gl_WorkGroupID.x);
#ifdef LANES8
    int column[STRIDE][2];
    [[unroll]] for (int j = 0; j < STRIDE; j++)
        [[unroll]] for (int i = 0; i < 2; i++)
            column[j][i] = column_at(x + i * 8, j);
#else
    int column[K];
    [[unroll]] for (int k = 0; k < K; k++)
        column[k] = column_at(x, k);
#endif
    vec4 r[ROWS][Q];
    [[unroll]] for (int q = 0; q < Q; q++) {
        vec4 b = texelFetch(weights, p.bias + co_block * Q + q);
        [[unroll]] for (int d = 0; d < ROWS; d++)
            r[d][q] = b;
    }
    int plane = p.iw * p.ih;
    int c = 0;
    do {
        int tap = p.weights + (co_block * p.iq + c) * ((K * ROW_VECS + 7) / 8 * 8);
        int base = p.in0 + c * plane;
        int ky = 0;
        do {
#ifdef LANES8
            vec4 w[LOADS];
            [[unroll]] for (int i = 0; i < LOADS; i++)
                w[i] = texelFetch(weights, tap + i * 8 + lane);
            vec4 v[ROWS][STRIDE][2];
#endif
            int row[ROWS];
            [[unroll]] for (int d = 0; d < ROWS; d++) {
                row[d] = base + row_at(y + d, ky);
#ifdef LANES8
                [[unroll]] for (int j = 0; j < STRIDE; j++)
                    [[unroll]] for (int i = 0; i < 2; i++)
                        v[d][j][i] = load(row[d] + column[j][i]);
#endif
            }
            [[unroll]] for (int k = 0; k < K; k++) {
                vec4 s[ROWS];
#ifdef LANES8
                const int by = k / STRIDE, j = k % STRIDE;
#endif
                [[unroll]] for (int d = 0; d < ROWS; d++)
#ifdef LANES8
                    s[d] = by == 0 ? v[d][j][0]
                           : by == 8 ? v[d][j][1]
                                     : beside(v[d][j][0], v[d][j][1], by, 0);
#else
                    s[d] = load(row[d] + column[k]);
#endif
                [[unroll]] for (int q = 0; q < Q; q++)
                    [[unroll]] for (int j = 0; j < CI; j++) {
                        vec4 weight = WEIGHT((k * 4 + j) * Q + q);
                        [[unroll]] for (int d = 0; d < ROWS; d++)
                            [[unroll]] for (int i = 0; i < CO; i++)
                                r[d][q][i] += s[d][j] * weight[i];
                    }
            }
            tap += ROW_VECS;
        } while (++ky < K);
    } while (++c < p.iq);
#ifdef LANES8
    if (STATS == 1)
        [[unroll]] for (int q = 0; q < Q; q++) {
            vec4 column[ROWS];
            [[unroll]] for (int d = 0; d < ROWS; d++)
                column[d] = r[d][q];
            keep_stats(column, co_block * Q + q, x, y);
        }
#endif
    // Stores are not branched around: what lies outside goes to the arena's waste place.
    [[unroll]] for (int d = 0; d < ROWS; d++)
        [[unroll]] for (int q = 0; q < Q; q++) {
            int quad = co_block * Q + q;
            int at = (quad * p.oh + y + d) * p.ow + x;
            store(x < p.ow && y + d < p.oh && quad < p.oq ? p.out0 + at : WASTE,
                  finish(r[d][q], min(quad, p.oq - 1), at));
        }
}
