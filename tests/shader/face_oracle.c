#include "face_oracle.h"

#include <math.h>

enum { FEATURE = 48 };

/* Positions in float are good to about this, pixels. */
static const double NEAR = 2e-4;

static int32_t limit(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

static double limit1(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static bool is_yuv(const mien_frame *f)
{
    return f->format <= MIEN_FORMAT_YUY2;
}

static uint8_t byte(const mien_frame *f, int plane, int32_t row, int32_t at)
{
    return f->data[plane][row * f->stride[plane] + at];
}

/* The chroma sample that is nearest to a luma column or row of `count` samples, of which the first
 * lies at `site`; of two that are as near the later one. */
static int32_t chroma_index(int32_t luma, double site, int32_t count)
{
    int32_t best = 0;
    for (int32_t i = 1; i < count; i++)
        if (fabs(2 * i + site - luma) <= fabs(2 * best + site - luma))
            best = i;
    return best;
}

/* Chroma sample (x, y) of its own grid; k 0: Cb, 1: Cr. */
static double chroma_sample(const mien_frame *f, int32_t x, int32_t y, int k)
{
    int32_t rows = f->format == MIEN_FORMAT_YUY2 ? f->height : (f->height + 1) / 2;
    x = limit(x, 0, (f->width + 1) / 2 - 1);
    y = limit(y, 0, rows - 1);
    return f->format == MIEN_FORMAT_YUY2   ? byte(f, 0, y, 4 * x + 1 + 2 * k)
           : f->format == MIEN_FORMAT_NV12 ? byte(f, 1, y, 2 * x + k)
                                           : byte(f, 1 + k, y, x);
}

/* One pixel of the frame that is there: Y, Cb, Cr bytes or R, G, B bytes. */
static void pixel(const mien_frame *f, int32_t x, int32_t y, double v[3])
{
    double site_x = f->siting == MIEN_SITING_CENTER ? 0.5 : 0;
    double site_y = f->siting == MIEN_SITING_TOPLEFT ? 0 : 0.5;
    if (!is_yuv(f)) {
        bool reversed = f->format == MIEN_FORMAT_BGRA || f->format == MIEN_FORMAT_BGRX;
        for (int k = 0; k < 3; k++)
            v[k] = byte(f, 0, y, 4 * x + (reversed ? 2 - k : k));
        return;
    }
    int32_t cx = chroma_index(x, site_x, (f->width + 1) / 2);
    int32_t cy = chroma_index(y, site_y, (f->height + 1) / 2);
    v[0] = byte(f, 0, y, f->format == MIEN_FORMAT_YUY2 ? 2 * x : x);
    for (int k = 0; k < 2; k++)
        v[1 + k] = chroma_sample(f, cx, f->format == MIEN_FORMAT_YUY2 ? y : cy, k);
}

/* One pixel of the plane that the frame lies in. */
static void pixel_at(const mien_frame *f, int32_t x, int32_t y, bool black, double v[3])
{
    if (black && (x < 0 || y < 0 || x >= f->width || y >= f->height)) {
        v[0] = is_yuv(f) && f->range != MIEN_RANGE_FULL ? 16 : 0;
        v[1] = v[2] = is_yuv(f) ? 128 : 0;
        return;
    }
    pixel(f, limit(x, 0, f->width - 1), limit(y, 0, f->height - 1), v);
}

/* Where a place u, v (-0.5..0.5) of the crop lies in the frame. */
static void place_of(const oracle_crop *o, double u, double v, double *x, double *y)
{
    double c = cos((double)o->roi.angle), s = sin((double)o->roi.angle);
    double side = (double)o->roi.side;
    u = (o->mirror ? -u : u) + o->shear * v;
    v *= o->stretch;
    *x = (double)o->roi.x + side * (u * c - v * s);
    *y = (double)o->roi.y + side * (u * s + v * c);
}

static void add_linear(const mien_frame *f, double x, double y, bool black, double share,
                       double sum[3])
{
    int32_t x0 = (int32_t)floor(x - 0.5), y0 = (int32_t)floor(y - 0.5);
    for (int32_t j = y0; j <= y0 + 1; j++)
        for (int32_t i = x0; i <= x0 + 1; i++) {
            double v[3], weight = (1 - fabs(x - 0.5 - i)) * (1 - fabs(y - 0.5 - j)) * share;
            pixel_at(f, i, j, black, v);
            for (int k = 0; k < 3; k++)
                sum[k] += weight * v[k];
        }
}

/* Chroma at the middle of pixel (x, y) of the crop, between four samples, into v[1] and v[2]. */
static void chroma_between(const mien_frame *f, const oracle_crop *o, int32_t x, int32_t y,
                           double v[3])
{
    double px, py;
    place_of(o, (x + 0.5) / o->w - 0.5, (y + 0.5) / o->h - 0.5, &px, &py);
    px = (px - 0.5 - (f->siting == MIEN_SITING_CENTER ? 0.5 : 0)) / 2;
    py -= 0.5;
    if (f->format != MIEN_FORMAT_YUY2)
        py = (py - (f->siting == MIEN_SITING_TOPLEFT ? 0 : 0.5)) / 2;
    int32_t x0 = (int32_t)floor(px), y0 = (int32_t)floor(py);
    for (int k = 0; k < 2; k++) {
        v[1 + k] = 0;
        for (int32_t j = y0; j <= y0 + 1; j++)
            for (int32_t i = x0; i <= x0 + 1; i++)
                v[1 + k] += (1 - fabs(px - i)) * (1 - fabs(py - j)) * chroma_sample(f, i, j, k);
    }
}

static bool near_line(double v)
{
    return fabs(v - floor(v + 0.5)) < NEAR;
}

static void colour_of(const mien_frame *f, const double v[3], double rgb[3])
{
    bool bt709 = f->matrix == MIEN_MATRIX_BT709 ||
                 (f->matrix == MIEN_MATRIX_AUTO && f->height >= 720);
    bool full = f->range == MIEN_RANGE_FULL;
    double kr = bt709 ? 0.2126 : 0.299, kb = bt709 ? 0.0722 : 0.114;
    double y = full ? v[0] / 255 : (v[0] - 16) / 219;
    double cb = (v[1] - 128) / (full ? 255 : 224), cr = (v[2] - 128) / (full ? 255 : 224);
    if (!is_yuv(f)) {
        for (int k = 0; k < 3; k++)
            rgb[k] = v[k] / 255;
        return;
    }
    double r = y + 2 * (1 - kr) * cr, b = y + 2 * (1 - kb) * cb;
    rgb[0] = limit1(r);
    rgb[1] = limit1((y - kr * r - kb * b) / (1 - kr - kb));
    rgb[2] = limit1(b);
}

void face_oracle_crop(const mien_frame *f, const oracle_crop *o, double *rgb, bool *sure)
{
    int32_t n = o->taps;
    for (int32_t y = 0; y < o->h; y++)
        for (int32_t x = 0; x < o->w; x++) {
            double sum[3] = {0}, *to = rgb + 3 * (y * o->w + x);
            bool *safe = &sure[y * o->w + x];
            *safe = true;
            for (int32_t k = 0; k < n * n; k++) {
                double u = (x + (k % n + 0.5) / n) / o->w - 0.5, v[3];
                double w = (y + (k / n + 0.5) / n) / o->h - 0.5, px, py;
                place_of(o, u, w, &px, &py);
                if (n == 1 || o->smooth) {
                    add_linear(f, px, py, o->black, 1.0 / (n * n), sum);
                    continue;
                }
                pixel_at(f, (int32_t)floor(px), (int32_t)floor(py), o->black, v);
                for (int i = 0; i < 3; i++)
                    sum[i] += v[i] / (n * n);
                *safe = *safe && !near_line(px) && !near_line(py);
            }
            if (o->smooth && is_yuv(f))
                chroma_between(f, o, x, y, sum);
            colour_of(f, sum, to);
            for (int i = 0; i < 3; i++)
                to[i] = to[i] * o->scale + o->shift;
        }
}

void face_oracle_cells(const float *from, int32_t size, int32_t k, double *to)
{
    for (int32_t i = 0; i < size * size * 4; i++)
        to[i] = 0;
    for (int32_t y = 0; y < size * k; y++)
        for (int32_t x = 0; x < size * k; x++)
            for (int32_t lane = 0; lane < 4; lane++)
                to[4 * (y / k * size + x / k) + lane] +=
                    (double)from[4 * (y * size * k + x) + lane] / (k * k);
}

/* In axes turned so that left to right is level, the box around the subset gives the middle and
 * the two lengths of a rectangle that the grid covers. */
oracle_map face_oracle_place(const float *mesh, const uint16_t *subset, int32_t count,
                             int32_t left, int32_t right, int32_t size)
{
    double dx = (double)mesh[3 * right] - mesh[3 * left];
    double dy = (double)mesh[3 * right + 1] - mesh[3 * left + 1], length = hypot(dx, dy);
    double axis[2][2] = {{dx / length, dy / length}, {-dy / length, dx / length}};
    double low[2] = {1e30, 1e30}, high[2] = {-1e30, -1e30};
    for (int32_t i = 0; i < count; i++)
        for (int k = 0; k < 2; k++) {
            const float *p = mesh + 3 * subset[i];
            double along = ((double)p[0] * axis[k][0] + (double)p[1] * axis[k][1]) / 4;
            low[k] = fmin(low[k], along);
            high[k] = fmax(high[k], along);
        }
    oracle_map map;
    for (int row = 0; row < 2; row++) {
        map.m[row][2] = 0;
        for (int k = 0; k < 2; k++) {
            map.m[row][k] = axis[k][row] * (high[k] - low[k]) * 1.5 / size;
            map.m[row][2] += axis[k][row] * (low[k] + high[k]) / 2 - map.m[row][k] * size / 2;
        }
    }
    return map;
}

void face_oracle_branch(const float *features, int32_t quads, int32_t size, const oracle_map *map,
                        double *to, bool *sure)
{
    for (int32_t i = 0; i < size * size; i++) {
        double gx = i % size + 0.5, gy = i / size + 0.5, at[2];
        sure[i] = true;
        bool inside = true;
        for (int k = 0; k < 2; k++) {
            at[k] = map->m[k][0] * gx + map->m[k][1] * gy + map->m[k][2] - 0.5;
            inside = inside && at[k] >= 0 && at[k] <= FEATURE - 1;
            sure[i] = sure[i] && fabs(at[k]) > NEAR && fabs(at[k] - (FEATURE - 1)) > NEAR;
        }
        for (int32_t lane = 0; lane < 4 * quads; lane++) {
            double sum = 0;
            int32_t x0 = (int32_t)floor(at[0]), y0 = (int32_t)floor(at[1]);
            for (int32_t y = y0; inside && y <= y0 + 1 && y < FEATURE; y++)
                for (int32_t x = x0; x <= x0 + 1 && x < FEATURE; x++)
                    sum += (1 - fabs(at[0] - x)) * (1 - fabs(at[1] - y)) *
                           (double)features[((lane / 4 * FEATURE + y) * FEATURE + x) * 4 +
                                            lane % 4];
            to[(lane / 4 * size * size + i) * 4 + lane % 4] = sum;
        }
    }
}
