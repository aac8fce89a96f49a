#include "face_cut.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELLS = MI_CUT_ROWS * MI_CUT_COLUMNS,
    SAMPLES = 4,     /* across and down a cell */
    SHIFT_ROWS = 5,  /* farthest motion looked for, cells a frame: a third of the picture */
    SHIFT_COLUMNS = 10
};

/* So that camera shake, pans, zooms, a hand before the lens and steps of exposure are no cuts, and
 * nearly all cuts between unlike pictures are found: tests/unit/test_face_cut.c makes such frames
 * and prints how many. A cut between two people in the same place before the same background is not
 * found: telling them apart is the tracker's task. */
static const float SAME_CORRELATION = 0.70f;
static const float SAME_SHARE = 0.64f;
static const float CELL_TOLERANCE = 8; /* levels of 255: noise, compression */
/* Mean deviation from the median, levels, below which a picture has no structure to compare. */
static const float FLAT = 2;

typedef struct statistics {
    float middle;    /* median */
    float deviation; /* mean distance from it */
} statistics;

static int32_t sample(const mien_frame *frame, int32_t x, int32_t y)
{
    const uint8_t *row = frame->data[0] + y * frame->stride[0];
    if (frame->format == MIEN_FORMAT_I420 || frame->format == MIEN_FORMAT_NV12)
        return row[x];
    if (frame->format == MIEN_FORMAT_YUY2)
        return row[2 * (size_t)x];
    const uint8_t *pixel = row + 4 * (size_t)x; /* red and blue weigh the same: either order */
    return (pixel[0] + 2 * pixel[1] + pixel[2] + 2) / 4;
}

static void fill_grid(uint8_t cell[CELLS], const mien_frame *frame)
{
    int32_t sum[CELLS] = {0};
    for (int32_t j = 0; j < MI_CUT_ROWS * SAMPLES; j++) {
        int32_t y = (2 * j + 1) * frame->height / (2 * MI_CUT_ROWS * SAMPLES);
        int32_t *row = sum + j / SAMPLES * MI_CUT_COLUMNS;
        for (int32_t i = 0; i < MI_CUT_COLUMNS * SAMPLES; i++)
            row[i / SAMPLES] +=
                sample(frame, (2 * i + 1) * frame->width / (2 * MI_CUT_COLUMNS * SAMPLES), y);
    }
    for (int i = 0; i < CELLS; i++)
        cell[i] = (uint8_t)((sum[i] + SAMPLES * SAMPLES / 2) / (SAMPLES * SAMPLES));
}

static statistics measure(const uint8_t cell[CELLS])
{
    int32_t count[256] = {0}, below = 0, middle = 0, sum = 0;
    for (int i = 0; i < CELLS; i++)
        count[cell[i]]++;
    while ((below += count[middle]) < CELLS / 2)
        middle++;
    for (int i = 0; i < CELLS; i++)
        sum += abs(cell[i] - middle);
    return (statistics){(float)middle, (float)sum / CELLS};
}

/* Of the part that both pictures show when the second has moved by so many cells. */
static float correlation(const uint8_t *a, const uint8_t *b, int32_t down, int32_t right)
{
    int32_t rows = MI_CUT_ROWS - abs(down), columns = MI_CUT_COLUMNS - abs(right);
    const uint8_t *from = a + (down < 0 ? -down * MI_CUT_COLUMNS : 0) + (right < 0 ? -right : 0);
    const uint8_t *to = b + (down > 0 ? down * MI_CUT_COLUMNS : 0) + (right > 0 ? right : 0);
    int32_t sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
    for (int32_t y = 0; y < rows; y++)
        for (int32_t x = 0; x < columns; x++) {
            int32_t p = from[y * MI_CUT_COLUMNS + x], q = to[y * MI_CUT_COLUMNS + x];
            sa += p;
            sb += q;
            saa += p * p;
            sbb += q * q;
            sab += p * q;
        }
    float n = (float)(rows * columns), ma = (float)sa / n, mb = (float)sb / n;
    /* + 1: a variance of one level squared, so that rounding in flat parts counts for little */
    float va = (float)saa / n - ma * ma + 1, vb = (float)sbb / n - mb * mb + 1;
    return ((float)sab / n - ma * mb) / sqrtf(fmaxf(va * vb, 1));
}

static float best_correlation(const uint8_t *a, const uint8_t *b)
{
    float best = -1;
    for (int32_t down = -SHIFT_ROWS; down <= SHIFT_ROWS; down++)
        for (int32_t right = -SHIFT_COLUMNS; right <= SHIFT_COLUMNS; right++)
            best = fmaxf(best, correlation(a, b, down, right));
    return best;
}

/* Least distance of a cell from the other picture's cells around the same place, in levels: as
 * they are, and after taking a gain and an offset out. */
static void cell_distance(const uint8_t *a, const statistics *sa, float value,
                          const statistics *sb, int32_t x, int32_t y, float distance[2])
{
    float less = fminf(sa->deviation, sb->deviation) + 1;
    distance[0] = distance[1] = INFINITY;
    for (int32_t j = y > 0 ? y - 1 : 0; j <= y + 1 && j < MI_CUT_ROWS; j++)
        for (int32_t i = x > 0 ? x - 1 : 0; i <= x + 1 && i < MI_CUT_COLUMNS; i++) {
            float other = a[j * MI_CUT_COLUMNS + i];
            float mine = (value - sb->middle) / (sb->deviation + 1);
            float its = (other - sa->middle) / (sa->deviation + 1);
            distance[0] = fminf(distance[0], fabsf(value - other));
            distance[1] = fminf(distance[1], fabsf(mine - its) * less);
        }
}

/* Share of cells that stayed. */
static float same_share(const uint8_t *a, const statistics *sa, const uint8_t *b,
                        const statistics *sb)
{
    int32_t same[2] = {0};
    for (int32_t i = 0; i < CELLS; i++) {
        float distance[2];
        cell_distance(a, sa, b[i], sb, i % MI_CUT_COLUMNS, i / MI_CUT_COLUMNS, distance);
        same[0] += distance[0] < CELL_TOLERANCE;
        same[1] += distance[1] < CELL_TOLERANCE;
    }
    return (float)(same[0] > same[1] ? same[0] : same[1]) / CELLS;
}

/* The cheap question first: it settles nearly every frame. */
static bool differ(const uint8_t *a, const uint8_t *b, const statistics *of_b)
{
    if (correlation(a, b, 0, 0) >= SAME_CORRELATION)
        return false;
    statistics of_a = measure(a);
    return same_share(a, &of_a, b, of_b) < SAME_SHARE && best_correlation(a, b) < SAME_CORRELATION;
}

bool mi_cut_step(mi_cut *cut, const mien_frame *frame)
{
    uint8_t cell[CELLS];
    fill_grid(cell, frame);
    statistics now = measure(cell);
    /* A flash, a covered lens or a dip to black say nothing: what comes after is compared with
     * what was before. */
    if (now.deviation < FLAT)
        return false;
    bool is_cut = cut->started && differ(cut->cell, cell, &now);
    memcpy(cut->cell, cell, sizeof cell);
    cut->started = true;
    return is_cut;
}

void mi_cut_reset(mi_cut *cut)
{
    cut->started = false;
}
