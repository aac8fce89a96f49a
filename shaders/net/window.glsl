// The part of a quad that one invocation of conv_tile sees: WINDOW rows by 3 columns, for one
// column of ROWS output pixels. Variants as in conv_tile.comp.
//
// LANES8: the 8 lanes lie side by side in a row, so that what they see overlaps: each pixel is
// loaded once and handed on by shuffles. The drivers in question know a lane's number when they
// compile, which makes such a shuffle a single instruction; a load costs about thirty.
#ifndef WINDOW_GLSL
#define WINDOW_GLSL
#include "net/edges.glsl"
// Channels of a quad that there are: less than 4 where the input, or output, has no more.
layout(constant_id = 4) const int CI = 4;
layout(constant_id = 5) const int CO = 4;

#if defined UP || defined SUM
// A picture that is seen upsampled: with UP the input, with SUM the one of half the size that is
// added to it.
#define HALF_WINDOW (ROWS / 2 + 2)

struct half_window
{
    int row[HALF_WINDOW];
#ifdef LANES8
    int column;
#else
    int column[3];
#endif
};

// For a picture of `width` by `height`. y is even: rows from y - 1 on lie in the picture's rows
// from y/2 - 1 on.
half_window half_window_at(int x, int y, int width, int height)
{
    half_window w;
    [[unroll]] for (int i = 0; i < HALF_WINDOW; i++) {
        int r = source(y / 2 - 1 + i, height, HALF_PAD);
        w.row[i] = r == OUTSIDE ? OUTSIDE : r * width;
    }
#ifdef LANES8
    w.column = source((x - lane) / 2 - 1 + lane, width, HALF_PAD);
#else
    [[unroll]] for (int j = 0; j < 3; j++) {
        int c = source(x + j - 1, 2 * width, PAD);
        w.column[j] = c == OUTSIDE ? OUTSIDE : c >> 1;
    }
#endif
    return w;
}

// The window in the plane at `base`.
void half_window_load(half_window w, int base, out vec4 v[HALF_WINDOW][3])
{
    [[unroll]] for (int i = 0; i < HALF_WINDOW; i++) {
#ifdef LANES8
        vec4 seen = load(base + w.row[i] + w.column);
        [[unroll]] for (int j = 0; j < 3; j++)
            v[i][j] = subgroupShuffle(seen, uint((lane + j + 1) / 2));
#else
        [[unroll]] for (int j = 0; j < 3; j++)
            v[i][j] = load(base + w.row[i] + w.column[j]);
#endif
    }
}
#endif

// Where row i of the window lies in a plane; y: the first output row.
int row_at(int y, int i)
{
    int r = source(y * STRIDE - p.pad_t + i, p.ih, PAD);
    return r == OUTSIDE ? OUTSIDE : r * p.iw;
}

// The same of column i; x: the output column.
int column_at(int x, int i)
{
    return source(x * STRIDE - p.pad_l + i, p.iw, PAD);
}

#ifdef UP
#define WINDOW HALF_WINDOW
#define window half_window
#define window_at(x, y) half_window_at(x, y, p.iw, p.ih)
#define window_load half_window_load
#else
#define WINDOW ((ROWS - 1) * STRIDE + 3)
#ifdef LANES8
const int NEXT = 3 - STRIDE; // columns of a row that only the last lanes see
const int NEXT_LOADS = (WINDOW * NEXT + 7) / 8;
#endif

struct window
{
    int row[WINDOW];
#ifdef LANES8
    int column[STRIDE], next[NEXT_LOADS];
#else
    int column[3];
#endif
};

window window_at(int x, int y)
{
    window w;
    [[unroll]] for (int i = 0; i < WINDOW; i++)
        w.row[i] = row_at(y, i);
#ifdef LANES8
    [[unroll]] for (int j = 0; j < STRIDE; j++)
        w.column[j] = column_at(x, j);
    [[unroll]] for (int k = 0; k < NEXT_LOADS; k++)
        w.next[k] = row_at(y, min((k * 8 + lane) / NEXT, WINDOW - 1)) +
                    column_at(x - lane + 8, lane % NEXT);
#else
    [[unroll]] for (int j = 0; j < 3; j++)
        w.column[j] = column_at(x, j);
#endif
    return w;
}

void window_load(window w, int base, out vec4 v[WINDOW][3])
{
#ifdef LANES8
    vec4 next[NEXT_LOADS];
    [[unroll]] for (int k = 0; k < NEXT_LOADS; k++)
        next[k] = load(base + w.next[k]);
    [[unroll]] for (int i = 0; i < WINDOW; i++) {
        [[unroll]] for (int j = 0; j < STRIDE; j++)
            v[i][j] = load(base + w.row[i] + w.column[j]);
        [[unroll]] for (int j = STRIDE; j < 3; j++)
            v[i][j] = beside(v[i][j % STRIDE], next[i * NEXT / 8], j / STRIDE, i * NEXT % 8);
    }
#else
    [[unroll]] for (int i = 0; i < WINDOW; i++)
        [[unroll]] for (int j = 0; j < 3; j++)
            v[i][j] = load(base + w.row[i] + w.column[j]);
#endif
}
#endif
#endif
