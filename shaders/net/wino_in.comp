// The first half of a 3x3 convolution as Winograd's F(4x4,3x3): tiles of the input are transformed
// to positions (Lavin and Gray, "Fast algorithms for convolutional neural networks", 2015), which
// wino_out.comp multiplies. An invocation does one tile of one quad. Compile-time variants:
//   UP      the input is seen through a nearest x2 upsampling (pad 1): a tile sees 4x4 pixels, so
//           there are 16 positions instead of 36
//   TILES   tiles in a group, see below
//   LANES8  the 8 lanes are neighbouring tiles of a row and load each pixel once, see window.glsl
//
// The tiles of a band, which is some rows of tiles, are numbered row by row and lie in groups:
// [group][position][ci quad][tile in group], so that wino_out reads on and on.
//   c0 first row of tiles in the band, c1 its rows, c2 tiles in a row
#version 460
#extension GL_GOOGLE_include_directive : require
#ifdef LANES8
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#endif
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/edges.glsl"

#ifdef UP
#define SIZE 4 // pixels that a tile sees in a row, and positions in a row
#define STEP 2 // from tile to tile
const int MODE = HALF_PAD;
#else
#define SIZE 6
#define STEP 4
const int MODE = PAD;
#endif

int row_at(int y, int i)
{
    int r = source(y * STEP - p.pad_t + i, p.ih, MODE);
    return r == OUTSIDE ? OUTSIDE : r * p.iw;
}

int column_at(int x, int i)
{
    return source(x * STEP - p.pad_l + i, p.iw, MODE);
}

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

void load_tile(int x, int y, int base, out vec4 v[SIZE][SIZE])
{
    int column[SIZE];
    [[unroll]] for (int j = 0; j < SIZE; j++)
        column[j] = column_at(x, j);
#ifdef LANES8
    const int NEXT = SIZE - STEP; // columns of a row that only the last lane does not get
    const int NEXT_LOADS = (SIZE * NEXT + 7) / 8;
    vec4 next[NEXT_LOADS];
    [[unroll]] for (int k = 0; k < NEXT_LOADS; k++)
        next[k] = load(base + row_at(y, min((k * 8 + lane) / NEXT, SIZE - 1)) +
                       column_at(x - lane + 8, lane % NEXT));
#endif
    [[unroll]] for (int i = 0; i < SIZE; i++) {
        int row = base + row_at(y, i);
#ifdef LANES8
        [[unroll]] for (int j = 0; j < STEP; j++)
            v[i][j] = load(row + column[j]);
        [[unroll]] for (int j = 0; j < NEXT; j++)
            v[i][STEP + j] = beside(v[i][j], next[i * NEXT / 8], 1, (i * NEXT + j) % 8);
#else
        [[unroll]] for (int j = 0; j < SIZE; j++)
            v[i][j] = load(row + column[j]);
#endif
    }
}

void main()
{
    int x = int(gl_WorkGroupID.x * 8 + gl_LocalInvocationID.x), y = int(gl_WorkGroupID.y);
    int quad = int(gl_WorkGroupID.z * 4 + gl_LocalInvocationID.y);
    if (quad >= p.iq) // the same for all 8 lanes
        return;
    vec4 v[SIZE][SIZE], t[SIZE];
    load_tile(x, p.c0 + y, p.in0 + quad * p.iw * p.ih, v);
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
