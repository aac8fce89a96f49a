#include "skin_oracle.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "history_oracle.h"

/* What the shaders say about themselves. */
static const double ERROR_SCALE = 11.0 / 255;
static const double SHOW_LOW = 0.15, SHOW_HIGH = 0.5, WRITE = 0.25, TRUST = 0.5, SURE = 0.5;
static const double CLAMP_SIGMA = 1.1, CLAMP_MORE = 0.8 / 255, GAIN_MORE = 0.01;
static const double COUNT_MAX = 64, SHOWN_LOW = 0.15, SHOWN_HIGH = 0.5;

static double within(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

static int32_t limit(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Between four pixels; (x, y) counts from the middle of the first one. */
static void between(const float *picture, int32_t size, double x, double y, double to[4])
{
    x = within(x, 0, size - 1);
    y = within(y, 0, size - 1);
    for (int k = 0; k < 4; k++)
        to[k] = 0;
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 2; i++) {
            int32_t column = (int32_t)floor(x) + i, row = (int32_t)floor(y) + j;
            double near = (1 - fabs(x - column)) * (1 - fabs(y - row));
            const float *from = picture + ((size_t)limit(row, 0, size - 1) * (size_t)size +
                                           (size_t)limit(column, 0, size - 1)) * 4;
            for (int k = 0; k < 4; k++)
                to[k] += near * (double)from[k];
        }
}

/* Bilinear in the four elements around `cell`, beyond them too, at (x, y), and its slopes there. */
static void in_cell(const float *picture, int32_t size, const double cell[2], double x, double y,
                    double to[4], double right[4], double down[4])
{
    int32_t column = limit((int32_t)floor(cell[0]), 0, size - 2);
    int32_t row = limit((int32_t)floor(cell[1]), 0, size - 2);
    double corner[4][4], fx = x - column, fy = y - row;
    for (int k = 0; k < 4; k++)
        between(picture, size, column + k % 2, row + k / 2, corner[k]);
    for (int k = 0; k < 4; k++) {
        right[k] = (corner[1][k] - corner[0][k]) * (1 - fy) + (corner[3][k] - corner[2][k]) * fy;
        down[k] = (corner[2][k] - corner[0][k]) * (1 - fx) + (corner[3][k] - corner[1][k]) * fx;
        to[k] = corner[0][k] + (corner[1][k] - corner[0][k]) * fx + down[k] * fy;
    }
}

/* Map elements from patch to patch, and to the edge of a patch; limits of shifts. */
enum { PATCH = 8, REACH = 5, SHIFT_STEPS = 2 };
static const double LOOK_NOISE = 8.0 / 255, USUAL = 0.5, STRANGE = 24.0 / 255, MOST = 3;
static const double SLIGHT = 0.1;

static void shift_at(const skin_case *c, const skin_pictures *p, double x, double y, double d[4])
{
    between(p->shift, c->patches, (x + 0.5) / (2 * PATCH) - 0.5, (y + 0.5) / (2 * PATCH) - 0.5, d);
}

static double luma_of(const skin_case *c, const double rgb[3])
{
    return c->kr * rgb[0] + (1 - c->kr - c->kb) * rgb[1] + c->kb * rgb[2];
}

static double smooth_step(double low, double high, double x)
{
    double t = within((x - low) / (high - low), 0, 1);
    return t * t * (3 - 2 * t);
}

static void put(float *to, const double value[4])
{
    for (int k = 0; k < 4; k++)
        to[k] = (float)value[k];
}

/* Luma before, luma now d elements beside it, how surely that is skin; 0. */
static void look(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y,
                 const double d[2], double to[4])
{
    double rgb[4], at[4];
    bool known = true;
    to[0] = to[3] = 0;
    for (int k = 0; k < 4; k++) {
        size_t texel = (size_t)(2 * y + k / 2) * (size_t)c->size + (size_t)(2 * x + k % 2);
        const float *state = p->state + texel * 4;
        to[0] += luma_of(c, (const double[]){(double)state[0], (double)state[1],
                                             (double)state[2]}) / 4;
        known = known && state[3] >= 1;
    }
    between(p->at, c->size / 2, x + d[0], y + d[1], at);
    between(p->crop, c->square, at[0] * c->square - 0.5, at[1] * c->square - 0.5, rgb);
    to[1] = luma_of(c, rgb);
    to[2] = known ? at[2] * at[3] : 0;
}

/* ---- the sway of the whole face ---- */

enum { GLANCE = 4, UNKNOWN = 7, STEPS = 4 };
static const double GLANCE_NOISE = 2.0 / 255, FACE_USUAL = 0.5, FACE_STRANGE = 10.0 / 255;
static const double SETTLED = 0.01, FACE_MOST = 2.5, ALIKE = 0.4, OTHER_LIGHT = 24.0 / 255;

static void glance(const skin_case *c, const skin_pictures *p, int32_t cells)
{
    static const double nowhere[2] = {0};
    for (int32_t y = 0; y < cells; y++)
        for (int32_t x = 0; x < cells; x++) {
            double sum[4] = {0}, one[4];
            for (int k = 0; k < GLANCE * GLANCE; k++) {
                int32_t column = k % GLANCE, row = k / GLANCE;
                if ((column + row) % 2)
                    continue;
                look(c, p, GLANCE * x + column, GLANCE * y + row, nowhere, one);
                for (int i = 0; i < 4; i++)
                    sum[i] += one[i] / (GLANCE * GLANCE / 2);
            }
            put(p->glance + ((size_t)y * (size_t)cells + (size_t)x) * 4, sum);
        }
}

static void glance_at(const skin_pictures *p, int32_t cells, int32_t x, int32_t y, double to[3])
{
    const float *from = p->glance + ((size_t)limit(y, 0, cells - 1) * (size_t)cells +
                                     (size_t)limit(x, 0, cells - 1)) * 4;
    for (int k = 0; k < 3; k++)
        to[k] = (double)from[k];
}

/* Adds a place to the normal equations, a row of [matrix | right side] for each unknown. Returns
 * its weight if it fits. */
static double add_place(const skin_pictures *p, int32_t cells, int32_t x, int32_t y,
                      const double found[UNKNOWN], double sum[UNKNOWN][UNKNOWN + 1])
{
    double here[3], left[3], right[3], above[3], below[3], now[4], middle = 0.5 * (cells - 1);
    double qx = (x - middle) / middle, qy = (y - middle) / middle;
    glance_at(p, cells, x, y, here);
    glance_at(p, cells, x - 1, y, left);
    glance_at(p, cells, x + 1, y, right);
    glance_at(p, cells, x, y - 1, above);
    glance_at(p, cells, x, y + 1, below);
    between(p->glance, cells, x + found[0] + found[2] * qx + found[3] * qy,
            y + found[1] + found[4] * qx + found[5] * qy, now);
    double gx = (right[0] - left[0]) / 2, gy = (below[0] - above[0]) / 2;
    double e = here[0] - now[1] - found[6];
    double w = fmin(fmin(fmin(here[2], now[2]), fmin(left[2], right[2])), fmin(above[2], below[2]));
    double slope[UNKNOWN + 1] = {gx, gy, gx * qx, gx * qy, gy * qx, gy * qy, 1, e};
    double fits = 1 / (1 + e * e / (FACE_STRANGE * FACE_STRANGE));
    for (int a = 0; a < UNKNOWN; a++)
        for (int b = 0; b <= UNKNOWN; b++)
            sum[a][b] += w * fits * slope[a] * slope[b];
    return w;
}

/* Gauss and Jordan's elimination; the matrix is positive definite. */
static void solve(double sum[UNKNOWN][UNKNOWN + 1])
{
    for (int a = 0; a < UNKNOWN; a++)
        for (int row = 0; row < UNKNOWN; row++) {
            double share = row == a ? 0 : sum[row][a] / sum[a][a];
            for (int b = 0; b <= UNKNOWN; b++)
                sum[row][b] -= share * sum[a][b];
        }
    for (int a = 0; a < UNKNOWN; a++)
        sum[a][UNKNOWN] /= sum[a][a];
}

void skin_oracle_sway(const skin_case *c, const skin_pictures *p)
{
    int32_t cells = c->size / (2 * GLANCE);
    double found[UNKNOWN] = {0}, all = 0, alike = 0;
    glance(c, p, cells);
    double moved = INFINITY;
    for (int step = 0; step < STEPS && moved > SETTLED; step++) {
        double sum[UNKNOWN][UNKNOWN + 1] = {{0}};
        all = 0;
        for (int32_t i = 0; i < cells * cells; i++)
            all += add_place(p, cells, i % cells, i / cells, found, sum);
        alike = sum[UNKNOWN - 1][UNKNOWN - 1];
        for (int a = 0; a < UNKNOWN; a++) {
            double usual = a < UNKNOWN - 1 ? FACE_USUAL : 1;
            double prior = GLANCE_NOISE * GLANCE_NOISE / (usual * usual);
            sum[a][a] += prior;
            sum[a][UNKNOWN] -= prior * found[a];
        }
        solve(sum);
        moved = 0;
        for (int a = 0; a < UNKNOWN; a++) {
            found[a] += sum[a][UNKNOWN];
            moved = a < UNKNOWN - 1 ? fmax(moved, fabs(sum[a][UNKNOWN])) : moved;
        }
    }
    double most = fabs(found[0]) + fabs(found[1]);
    for (int a = 2; a < UNKNOWN - 1; a++)
        most = fmax(most, fabs(found[a]));
    bool anew = c->fresh || alike < ALIKE * all || fabs(found[UNKNOWN - 1]) > OTHER_LIGHT;
    double scale = !anew && most <= FACE_MOST ? GLANCE : 0;
    memset(p->anew, 0, 4 * sizeof *p->anew);
    p->anew[0] = anew;
    double middle = 0.25 * c->size - 0.5;
    for (int32_t i = 0; i < c->patches * c->patches; i++) {
        double qx = (PATCH * (i % c->patches) + PATCH / 2 - middle) / middle;
        double qy = (PATCH * (i / c->patches) + PATCH / 2 - middle) / middle;
        for (size_t k = 0; k < 4; k++)
            p->shift[4 * (size_t)i + k] =
                (float)(2 * scale * (k % 2 ? found[1] + found[4] * qx + found[5] * qy
                                           : found[0] + found[2] * qx + found[3] * qy));
    }
}

static bool begins_anew(const skin_pictures *p)
{
    return p->anew[0] > 0;
}

/* ---- the slip of its parts ---- */

static const float *look_at(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y)
{
    int32_t maps = c->size / 2;
    return p->look + ((size_t)limit(y, 0, maps - 1) * (size_t)maps +
                      (size_t)limit(x, 0, maps - 1)) * 4;
}

/* The step of a patch that has slipped so far: least squares of now(t + d) = before(t) + light,
 * each place with its weight. */
static void patch_shift(const skin_case *c, const skin_pictures *p, int32_t x0, int32_t y0,
                        const double slip[2], double d[2])
{
    double w = 0, wg[2] = {0}, we = 0, wgg[2][2] = {{0}}, wge[2] = {0};
    for (int32_t y = y0 - REACH; y <= y0 + REACH; y++)
        for (int32_t x = x0 - REACH; x <= x0 + REACH; x++) {
            const float *here = look_at(c, p, x, y);
            const float *left = look_at(c, p, x - 1, y), *right = look_at(c, p, x + 1, y);
            double e = (double)here[0] - (double)here[1];
            double g[2] = {((double)right[0] - (double)left[0]) / 2,
                           ((double)look_at(c, p, x, y + 1)[0] -
                            (double)look_at(c, p, x, y - 1)[0]) / 2};
            double weight = (double)here[2] * fmin((double)left[2], (double)right[2]);
            weight = fabs(e) < STRANGE ? weight : 0;
            w += weight;
            we += weight * e;
            for (int i = 0; i < 2; i++) {
                wg[i] += weight * g[i];
                wge[i] += weight * g[i] * e;
                for (int j = 0; j < 2; j++)
                    wgg[i][j] += weight * g[i] * g[j];
            }
        }
    d[0] = d[1] = 0;
    if (begins_anew(p) || w <= 0)
        return;
    for (int i = 0; i < 2; i++) {
        wge[i] -= wg[i] * we / w;
        for (int j = 0; j < 2; j++)
            wgg[i][j] -= wg[i] * wg[j] / w;
        wgg[i][i] += LOOK_NOISE * LOOK_NOISE / (USUAL * USUAL);
        wge[i] -= LOOK_NOISE * LOOK_NOISE / (USUAL * USUAL) * slip[i];
    }
    double det = wgg[0][0] * wgg[1][1] - wgg[0][1] * wgg[1][0];
    d[0] = (wgg[1][1] * wge[0] - wgg[0][1] * wge[1]) / det;
    d[1] = (wgg[0][0] * wge[1] - wgg[1][0] * wge[0]) / det;
}

static bool is_settled(int step, const double shift[4])
{
    return step > 0 && hypot(shift[0] - shift[2], shift[1] - shift[3]) / 2 < SLIGHT;
}

static void shift_step(const skin_case *c, const skin_pictures *p, int step)
{
    for (int32_t y = 0; y < c->size / 2; y++)
        for (int32_t x = 0; x < c->size / 2; x++) {
            double d[4], to[4]; /* 4x2 places slip alike */
            shift_at(c, p, 8 * (x / 4) + 3.5, 4 * (y / 2) + 1.5, d);
            if (is_settled(step, d))
                continue;
            look(c, p, x, y, (const double[]){d[0] / 2, d[1] / 2}, to);
            put(p->look + ((size_t)y * (size_t)c->size / 2 + (size_t)x) * 4, to);
        }
    for (int32_t j = 0; j < c->patches; j++)
        for (int32_t i = 0; i < c->patches; i++) {
            float *shift = p->shift + ((size_t)j * (size_t)c->patches + (size_t)i) * 4;
            double d[2], slip[2];
            if (is_settled(step, (const double[]){(double)shift[0], (double)shift[1],
                                                  (double)shift[2], (double)shift[3]}))
                continue;
            for (int k = 0; k < 2; k++)
                slip[k] = ((double)shift[k] - (double)shift[2 + k]) / 2;
            patch_shift(c, p, i * PATCH + PATCH / 2, j * PATCH + PATCH / 2, slip, d);
            for (int k = 0; k < 2; k++)
                d[k] += slip[k];
            double length = hypot(d[0], d[1]), fit = length > MOST ? MOST / length : 1;
            for (int k = 0; k < 2; k++)
                shift[k] = (float)((double)shift[2 + k] + 2 * fit * d[k]);
        }
}

void skin_oracle_shift(const skin_case *c, const skin_pictures *p)
{
    for (int step = 0; step < SHIFT_STEPS; step++)
        shift_step(c, p, step);
}

/* ---- the picture ---- */

enum { SEEN = 4, WINDOW = 3, STEP = 3, SAMPLES = (2 * WINDOW + 1) * (2 * WINDOW + 1) };
static const double CERTAIN = 0.99, KNOWN = 0.5, SAME = 4.0 / 255, OTHER = 8.0 / 255;
static const double LIGHT = 0.8, LIGHT_MAX = 8.0 / 255, FILL_LOW = 0.5, FILL_HIGH = 0.9;

static double sameness(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y)
{
    double known = 0, colour = 0, change = 0, error = 0;
    for (int pass = 0; pass < 2; pass++) {
        double light = known > 0 ? within(LIGHT * change / known, -LIGHT_MAX, LIGHT_MAX) : 0;
        for (int32_t j = -WINDOW; j <= WINDOW; j++)
            for (int32_t i = -WINDOW; i <= WINDOW; i++) {
                const float *view = p->view + ((size_t)limit(y + STEP * j, 0, c->size - 1) *
                                               (size_t)c->size +
                                               (size_t)limit(x + STEP * i, 0, c->size - 1)) * 4;
                double w = view[0] >= 0 ? (double)view[2] : 0;
                if (pass == 1) {
                    error += fabs((double)view[1] - light) / SAMPLES;
                    continue;
                }
                known += w;
                colour += w * (double)view[0];
                change += w * (double)view[1];
            }
    }
    return known < KNOWN * SAMPLES ? 0 : 1 - smooth_step(SAME, OTHER, fmax(error, colour / known));
}

static void find_seen(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->size / SEEN; y++)
        for (int32_t x = 0; x < c->size / SEEN; x++) {
            double at[4], d[4], tx = SEEN * x + 0.5 * (SEEN - 1), ty = SEEN * y + 0.5 * (SEEN - 1);
            shift_at(c, p, tx, ty, d);
            between(p->at, c->size / 2, (tx + d[0] + 0.5) / 2 - 0.5, (ty + d[1] + 0.5) / 2 - 0.5,
                    at);
            double bare = at[3] < CERTAIN ? at[3] : 1;
            if (!begins_anew(p) && bare < CERTAIN)
                bare = fmax(bare, sameness(c, p, SEEN * x + SEEN / 2, SEEN * y + SEEN / 2));
            put(p->seen + ((size_t)y * (size_t)(c->size / SEEN) + (size_t)x) * 4,
                (const double[]){bare, 0, 0, 0});
        }
}

static double bare_at(const skin_case *c, const skin_pictures *p, double x, double y)
{
    double bare[4];
    between(p->seen, c->size / SEEN, (x + 0.5) / SEEN - 0.5, (y + 0.5) / SEEN - 0.5, bare);
    return bare[0];
}

static void fill(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->size; y++)
        for (int32_t x = 0; x < c->size; x++) {
            size_t here = ((size_t)y * (size_t)c->size + (size_t)x) * 4;
            double bare = bare_at(c, p, x, y);
            double share = smooth_step(FILL_LOW, FILL_HIGH, bare);
            if (bare >= 1)
                continue;
            for (size_t k = 0; k < 3 && !begins_anew(p) && p->view[here] >= 0; k++)
                p->texture[here + k] = (float)((double)p->state[here + k] * (1 - share) +
                                               (double)p->texture[here + k] * share);
            p->view[here + 2] = (float)((double)p->view[here + 2] * bare);
            p->view[here + 3] = (float)smooth_step(SHOWN_LOW, SHOWN_HIGH, bare);
        }
}

void skin_oracle_unwrap(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->size; y++)
        for (int32_t x = 0; x < c->size; x++) {
            size_t here = ((size_t)y * (size_t)c->size + (size_t)x) * 4;
            double at[4], right[4], down[4], picture[4], d[4], maps = c->size / 2;
            shift_at(c, p, x / 2 * 2 + 0.5, y / 2 * 2 + 0.5, d); /* of the map element */
            double place[2] = {within(x / 2 + d[0] / 2, 0, maps - 1),
                               within(y / 2 + d[1] / 2, 0, maps - 1)};
            in_cell(p->at, c->size / 2, place, place[0], place[1], at, right, down);
            for (int k = 0; k < 2; k++)
                at[k] += (x % 2 - 0.5) / 2 * right[k] + (y % 2 - 0.5) / 2 * down[k];
            between(p->crop, c->square, at[0] * c->square - 0.5, at[1] * c->square - 0.5, picture);
            double change[3];
            for (size_t k = 0; k < 3; k++)
                change[k] = picture[k] - (double)p->state[here + k];
            double luma = luma_of(c, change);
            double colour = fmax(fabs(change[0] - luma), fabs(change[2] - luma));
            put(p->texture + here, picture);
            put(p->view + here,
                (const double[]){p->state[here + 3] < 1 ? -1 : colour, luma, at[2], 1});
        }
    find_seen(c, p);
    fill(c, p);
}

/* YCoCg and the gain. */
static void opponent(const double v[4], double c[4])
{
    history_ycocg(v, c);
    c[3] = v[3];
}

static void back(const double c[4], double v[4])
{
    history_rgb(c, v);
    v[3] = c[3];
}

typedef struct around {
    double mean[4], sigma[4], confidence;
} around;

static around look_around(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y)
{
    around a = {{0}};
    double square[4] = {0}, error[9];
    for (int k = 0; k < 9; k++) {
        size_t at = history_place(k, x, y, c->size, c->size);
        double v[4], o[4];
        for (int i = 0; i < 4; i++)
            v[i] = (double)p->result[at + (size_t)i];
        opponent(v, o);
        for (int i = 0; i < 4; i++) {
            a.mean[i] += o[i] / 9;
            square[i] += o[i] * o[i] / 9;
        }
        error[k] = (double)p->view[at + 1];
    }
    double e = history_error(error) / ERROR_SCALE;
    for (int i = 0; i < 4; i++)
        a.sigma[i] = sqrt(fmax(square[i] - a.mean[i] * a.mean[i], 0));
    a.confidence = exp(-e * e);
    return a;
}

static void allowed(const around *a, const double past[4], double to[4])
{
    double o[4];
    opponent(past, o);
    for (int i = 0; i < 4; i++) {
        double reach = CLAMP_SIGMA * a->sigma[i] + (i == 3 ? GAIN_MORE : CLAMP_MORE);
        o[i] = within(o[i], a->mean[i] - reach, a->mean[i] + reach);
    }
    back(o, to);
}

static void resolve_texel(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y)
{
    size_t here = ((size_t)y * (size_t)c->size + (size_t)x) * 4;
    const float *view = p->view + here, *before = p->state + here;
    double share = (double)p->share[(size_t)(y / 2) * (size_t)(c->size / 2) + (size_t)(x / 2)];
    if (share <= 0)
        return;
    bool seen = (double)view[2] >= SURE;
    const float *picture = p->texture + here;
    double frames = floor((double)before[3]), impatience = (double)before[3] - frames;
    double present[4], past[4], shown[4];
    double state[4] = {(double)picture[0], (double)picture[1], (double)picture[2], seen};
    around a = look_around(c, p, x, y);
    bool sure = seen && a.confidence >= WRITE;
    impatience = seen && !sure ? impatience + c->haste : 0;
    bool anew = begins_anew(p) || impatience >= 1 || frames == 0;
    double weight = fmax(c->alpha, 1 / (frames + 1));
    double t = within((a.confidence - SHOW_LOW) / (SHOW_HIGH - SHOW_LOW), 0, 1);
    for (int i = 0; i < 4; i++) {
        present[i] = (double)p->result[here + (size_t)i];
        past[i] = (double)p->history[here + (size_t)i] * c->carry;
        past[i] = anew ? present[i] : sure ? past[i] + weight * (present[i] - past[i]) : past[i];
        shown[i] = present[i];
    }
    if (!anew) {
        bool trusted = seen && a.confidence > TRUST;
        for (int i = 0; i < 3; i++)
            state[i] = (double)before[i] +
                       (trusted ? c->settle * ((double)picture[i] - (double)before[i]) : 0);
        state[3] = fmin(frames + 1, COUNT_MAX) + impatience;
        allowed(&a, past, shown);
        double trust = t * t * (3 - 2 * t) * fmin((double)view[2] / SURE, 1);
        for (int i = 0; i < 4; i++)
            shown[i] = present[i] + trust * (shown[i] - present[i]);
    }
    for (int i = 0; i < 4; i++)
        shown[i] *= share * (double)view[3];
    put(p->history + here, past);
    put(p->state + here, state);
    put(p->shown + here, shown);
}

void skin_oracle_resolve(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->size; y++)
        for (int32_t x = 0; x < c->size; x++)
            resolve_texel(c, p, x, y);
}

/* The texel whose shift leads to a place, nearly; shifts go on from those around `near`. */
static void texel_of(const skin_case *c, const skin_pictures *p, const double near[2],
                     const double place[2], double texel[2])
{
    double cell[2], at[2], d[4] = {0}, right[4], down[4];
    for (int k = 0; k < 2; k++) {
        cell[k] = within((near[k] + 0.5) / (2 * PATCH) - 0.5, 0, c->patches - 1);
        at[k] = within((place[k] + 0.5) / (2 * PATCH) - 0.5, 0, c->patches - 1);
        texel[k] = place[k];
    }
    for (int step = 0; step < 2; step++) {
        in_cell(p->shift, c->patches, cell, at[0] - d[0] / (2 * PATCH), at[1] - d[1] / (2 * PATCH),
                d, right, down);
        for (int k = 0; k < 2; k++)
            texel[k] = place[k] - d[k];
    }
}

/* The mean of four places of the texture, half a pixel of the square apart. */
static void shown_around(const skin_case *c, const skin_pictures *p, const double texel[2],
                         const double right[2], const double down[2], double to[4])
{
    double reach[2], one[4];
    for (int k = 0; k < 2; k++)
        reach[k] = fmin((fabs(right[k]) + fabs(down[k])) / 4, 0.5);
    for (int i = 0; i < 4; i++)
        to[i] = 0;
    for (int k = 0; k < 4; k++) {
        between(p->shown, c->size, texel[0] + (k % 2 ? reach[0] : -reach[0]),
                texel[1] + (k / 2 ? reach[1] : -reach[1]), one);
        for (int i = 0; i < 4; i++)
            to[i] += one[i] / 4;
    }
}

/* Pixel (x, y), where `texel` is to be seen; right, down: texels from pixel to pixel. */
static void model_pixel(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y,
                        const double uv[4], const double texel[2], const double right[2],
                        const double down[2])
{
    size_t here = ((size_t)y * (size_t)c->square + (size_t)x) * 4;
    double r[4], model[4] = {0};
    if (uv[2] > 0) {
        double rgb[3], share = uv[2] * c->amount;
        shown_around(c, p, texel, right, down, r);
        for (int i = 0; i < 3; i++)
            rgb[i] = (double)p->crop[here + (size_t)i];
        double l = luma_of(c, r) * share;
        model[0] = l - r[3] * share * luma_of(c, rgb);
        model[1] = (r[2] * share - l) / (2 - 2 * c->kb);
        model[2] = (r[0] * share - l) / (2 - 2 * c->kr);
        model[3] = r[3] * share;
    }
    put(p->model + here, model);
}

/* 2x2 pixels have the slopes and the shifts around them in common. */
static void model_pixels(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y)
{
    double step = c->size / 2.0 / c->square, uv[4][4], place[4][2], right[2], down[2];
    double near[2] = {0}, seen = 0;
    for (int k = 0; k < 4; k++) {
        between(p->uv, c->size / 2, step * (x + k % 2 + 0.5) - 0.5, step * (y + k / 2 + 0.5) - 0.5,
                uv[k]);
        for (int i = 0; i < 2; i++)
            place[k][i] = uv[k][i] * c->size - 0.5;
        seen += uv[k][2];
    }
    for (int i = 0; i < 2; i++) {
        right[i] = place[1][i] - place[0][i];
        down[i] = place[2][i] - place[0][i];
        for (int k = 0; k < 4; k++)
            near[i] += uv[k][2] * uv[k][i] / fmax(seen, 1e-6) * c->size;
        near[i] -= 0.5;
    }
    for (int k = 0; k < 4; k++) {
        double texel[2];
        texel_of(c, p, near, place[k], texel);
        model_pixel(c, p, x + k % 2, y + k / 2, uv[k], texel, right, down);
    }
}

void skin_oracle_model(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->square; y += 2)
        for (int32_t x = 0; x < c->square; x += 2)
            model_pixels(c, p, x, y);
}
