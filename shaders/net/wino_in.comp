// The first half of a 3x3 convolution as Winograd's F(4x4,3x3): tiles of the input are transformed
// to positions (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015), which
// wino_out.comp multiplies. An invocation does one tile of one quad. Compile-time variants:
//   UP      the input is seen through a nearest x2 upsampling (pad 1): a tile sees 4x4 pixels, so
//           there are 16 positions instead of 36
//   SUM     a second input of half the size, at c0, is added to the first one, seen through a
//           nearest x2 upsampling (pad 1): the joint of a U-Net
//   TILES   tiles in a group, see below
//   LANES8  the 8 lanes are neighbouring tiles of a row and load each pixel once, see window.glsl
//
// The tiles of a band, which is some rows of tiles, are numbered row by row and lie in groups:
// [group][position][ci quad][tile in group], so that wino_out reads on and on.
//   ys first row of tiles in the band, c1 its rows, c2 tiles in a row
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/edges.glsl"

layout(constant_id = 3) const int SUM_RELU = 0; // SUM: a ReLU follows the sum

// Where row r of a padded picture lies in its plane.
int tile_row(int r, int mode, int width, int height)
{
    int from = source(r - p.pad_t, height, mode);
    return from == OUTSIDE ? OUTSIDE : from * width;
}

#ifdef SUM
#define LOAD_TILE load_half
#define SIZE 4
#define STEP 2
#define MODE HALF_PAD
#define WIDTH (p.iw / 2)
#define HEIGHT (p.ih / 2)
#include "net/wino_tile.glsl"
#undef LOAD_TILE
#undef SIZE
#undef STEP
#undef MODE
#undef WIDTH
#undef HEIGHT
#endif

#define LOAD_TILE load_tile
#ifdef UP
#define SIZE 4 // pixels that a tile sees in a row, and positions in a row
#define STEP 2 // from tile to tile
#define MODE HALF_PAD
#else
#define SIZE 6
#define STEP 4
#define MODE PAD
#endif
#define WIDTH p.iw
#define HEIGHT p.ih
#include "net/wino_tile.glsl"

// The points are 0, 1, -1, 2, -2 and infinity. Seen twice as large, pixels 1, 2 and 3, 4 are the
// same: point -1 gives zero and points 2 and -2 the same but for a factor, which is in the weights.
void transform(vec4 d[SIZE], out vec4 t[SIZE])
{
#ifdef UP
    t[0] = 4.0 * d[0] - 5.0 * d[1] + d[2];
    t[1] = d[2] - 4.0 * d[1];
    t[2] = d[2] - d[1];
    t[3] = 4.0 * d[1] - 5.0 * d[2] + d[3];
#else
    vec4 a = d[4] - 4.0 * d[2], b = d[3] - 4.0 * d[1], c = d[4] - d[2], e = 2.0 * (d[3] - d[1]);
    t[0] = 4.0 * d[0] - 5.0 * d[2] + d[4];
    t[1] = a + b;
    t[2] = a - b;
    t[3] = c + e;
    t[4] = c - e;
    t[5] = 4.0 * d[1] - 5.0 * d[3] + d[5];
#endif
}

#ifdef SUM
// Adds what the tile sees of the half-size picture's plane at `base`: a pixel for four of v.
void add_half(int x, int y, int base, inout vec4 v[SIZE][SIZE])
{
    vec4 h[4][4];
    load_half(x, y, base, h);
    [[unroll]] for (int i = 0; i < SIZE; i++)
        [[unroll]] for (int j = 0; j < SIZE; j++) {
            v[i][j] += h[(i + 1) / 2][(j + 1) / 2];
            if (SUM_RELU == 1)
                v[i][j] = max(v[i][j], vec4(0));
        }
}
#endif

void main()
{
    int x = int(gl_WorkGroupID.x * 8 + gl_LocalInvocationID.x), y = int(gl_WorkGroupID.y);
    int quad = int(gl_WorkGroupID.z * 4 + gl_LocalInvocationID.y);
    if (quad >= p.iq) // the same for all 8 lanes
        return;
    vec4 v[SIZE][SIZE], t[SIZE];
    int plane = p.iw * p.ih;
    load_tile(x, p.ys + y, p.in0 + quad * plane, v);
#ifdef SUM
    add_half(x, p.ys + y, p.c0 + quad * (plane / 4), v);
#endif
    [[unroll]] for (int j = 0; j < SIZE; j++) {
        vec4 d[SIZE];
        [[unroll]] for (int i = 0; i < SIZE; i++)
            d[i] = v[i][j];
        transform(d, t);
        [[unroll]] for (int i = 0; i < SIZE; i++)
            v[i][j] = t[i];
    }
    int tile = y * p.c2 + x;
    int at = p.out0 + (tile / TILES * SIZE * SIZE * p.iq + quad) * TILES + tile % TILES;
    [[unroll]] for (int i = 0; i < SIZE; i++) {
        transform(v[i], t);
        [[unroll]] for (int j = 0; j < SIZE; j++)
            store(x < p.c2 ? at + (i * SIZE + j) * p.iq * TILES : WASTE, t[j]);
    }
}
