// The second half of a 3x3 convolution as Winograd's F(4x4,3x3): products of positions and
// transformed weights are summed over the input channels and transformed to 4x4 pixels a tile.
// Nothing is stored between the two: stores are what costs on a CPU driver. An invocation does
// PARTS tiles x a block of output channels. Compile-time variants:
//   Q       output quads a block
//   PARTS   tiles an invocation
//   UP      of an upsampled picture: 5x5 products of 4x4 positions, see wino_in.comp
//   D2S     the 12 output channels [y][x][colour] are stored as 2x2 pixels of 3 channels (depth to
//           space); a "quad" is such a pixel (Q = 4)
//   LANES8  weights are loaded by the 8 lanes of a subgroup and shared by constant shuffles
//
// Weights: for each block, product (row by row) and input quad, floats in the order
// [ci in quad][co in block], padded to a multiple of 32. The positions: see wino_in.comp.
//   ys first row of tiles in the band, qs tiles in the band
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
#ifdef LANES8
layout(local_size_x = 8) in; // one subgroup is work enough, and small shares keep all cores busy
#else
layout(local_size_x = 8, local_size_y = 4) in;
#endif
#include "net/finish.glsl"

#ifdef UP
#define SIZE 4
#define PRODUCTS 5
#else
#define SIZE 6
#define PRODUCTS 6
#endif
#define TILES (8 * PARTS)
#ifdef D2S
#define QUAD vec3
#define CHANNELS 3 // of a quad
#else
#define QUAD vec4
#define CHANNELS 4
#endif
#define LOADS ((4 * CHANNELS * Q + 31) / 32)

// Float i of the present block's weights.
#ifdef LANES8
#define WEIGHT(i) subgroupShuffle(w[(i) / 32][(i) % 4], uint((i) / 4 % 8))
#else
#define WEIGHT(i) texelFetch(weights, block + (i) / 4)[(i) % 4]
#endif

// What product i of a line adds to its four pixels: powers of its point, of which the last is
// infinite.
vec4 powers(int i)
{
#ifdef UP
    float s = i == 0 ? 0.0 : i == 1 ? 1.0 : i == 2 ? 2.0 : -2.0;
#else
    float s = i == 0 ? 0.0 : (i > 2 ? 2.0 : 1.0) * (i % 2 == 1 ? 1.0 : -1.0);
#endif
    return i == PRODUCTS - 1 ? vec4(0, 0, 0, 1) : vec4(1, s, s * s, s * s * s);
}

// Position that product row i reads.
int position(int i)
{
#ifdef UP
    return i > 2 ? i - 1 : i;
#else
    return i;
#endif
}

// Product j of row i, summed over the input channels; `at`: the first position.
void multiply(int i, int j, int at, int block, out QUAD m[PARTS][Q])
{
    at += (position(i) * SIZE + position(j)) * p.iq * TILES;
    block += (i * PRODUCTS + j) * p.iq * LOADS * 8;
    [[unroll]] for (int k = 0; k < PARTS; k++)
        [[unroll]] for (int q = 0; q < Q; q++)
            m[k][q] = QUAD(0);
    int c = 0;
    do {
        vec4 v[PARTS];
        [[unroll]] for (int k = 0; k < PARTS; k++)
            v[k] = texelFetch(arena_vec4, at + k * 8);
#ifdef LANES8
        vec4 w[LOADS];
        [[unroll]] for (int n = 0; n < LOADS; n++)
            w[n] = texelFetch(weights, block + n * 8 + int(gl_SubgroupInvocationID));
#endif
        [[unroll]] for (int q = 0; q < Q; q++)
            [[unroll]] for (int l = 0; l < CHANNELS; l++) {
                vec4 u;
                [[unroll]] for (int n = 0; n < 4; n++)
                    u[n] = WEIGHT((n * Q + q) * CHANNELS + l);
                [[unroll]] for (int k = 0; k < PARTS; k++)
                    [[unroll]] for (int n = 0; n < 4; n++)
                        m[k][q][l] += v[k][n] * u[n];
            }
        at += TILES;
        block += LOADS * 8;
    } while (++c < p.iq);
}

void main()
{
    int blocks = (p.oq + Q - 1) / Q;
    int both = int(gl_WorkGroupID.x * gl_WorkGroupSize.y + gl_LocalInvocationID.y);
    int group = both / blocks, co_block = both % blocks;
    int first = group * TILES + int(gl_LocalInvocationID.x);
    if (group * TILES >= p.qs) // the same for all 8 lanes
        return;
    int at = p.in0 + group * (SIZE * SIZE * p.iq * TILES) + int(gl_LocalInvocationID.x);
    int block = p.weights + co_block * (PRODUCTS * PRODUCTS * p.iq * LOADS * 8);

    QUAD r[PARTS * 4][Q][4]; // the tiles' rows one below the other
    [[unroll]] for (int d = 0; d < PARTS * 4; d++)
        [[unroll]] for (int q = 0; q < Q; q++)
            [[unroll]] for (int e = 0; e < 4; e++)
                r[d][q][e] = QUAD(0);
    int i = 0;
    do {
        QUAD m[PARTS][Q], row[PARTS][Q][4];
#define EACH(what) \
    [[unroll]] for (int k = 0; k < PARTS; k++) \
        [[unroll]] for (int q = 0; q < Q; q++) \
            [[unroll]] for (int e = 0; e < 4; e++) { what; }
        EACH(row[k][q][e] = QUAD(0))
        int j = 0;
        do {
            multiply(i, j, at, block, m);
            vec4 f = powers(j);
            EACH(row[k][q][e] += f[e] * m[k][q])
        } while (++j < PRODUCTS);
        vec4 f = powers(i);
        [[unroll]] for (int d = 0; d < 4; d++)
            EACH(r[k * 4 + d][q][e] += f[d] * row[k][q][e])
    } while (++i < PRODUCTS);
    QUAD b[Q];
    [[unroll]] for (int q = 0; q < Q; q++)
        b[q] = QUAD(texelFetch(weights, p.bias + co_block * Q + q));
    // A loop that moves the rows up, and not an index that varies: that would be a gather.
    int d = 0;
    do {
        int tile = first + d / 4 * 8, across = (p.ow + 3) / 4;
        int y = (p.ys + tile / across) * 4 + d % 4, x = tile % across * 4;
        [[unroll]] for (int q = 0; q < Q; q++)
            [[unroll]] for (int e = 0; e < 4; e++) {
                bool inside = tile < p.qs && x + e < p.ow && y < p.oh;
#ifdef D2S
                int here = (y * 2 + q / 2) * (p.ow * 2) + (x + e) * 2 + q % 2;
                store(inside ? p.out0 + here : WASTE,
                      finish(vec4(r[0][q][e] + b[q], 0), 0, inside ? here : 0));
#else
                int quad = co_block * Q + q, here = (quad * p.oh + y) * p.ow + x + e;
                inside = inside && quad < p.oq;
                store(inside ? p.out0 + here : WASTE,
                      finish(r[0][q][e] + b[q], min(quad, p.oq - 1), inside ? here : 0));
#endif
            }
        [[unroll]] for (int k = 0; k + 1 < PARTS * 4; k++)
            r[k] = r[k + 1];
    } while (++d < PARTS * 4);
}
