#include "skin_oracle.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "history_oracle.h"

/* What the shaders say about themselves. */
static const double ERROR_SCALE = 11.0 / 255;
static const double SHOW_LOW = 0.15, SHOW_HIGH = 0.5, WRITE = 0.25, TRUST = 0.5, SEEN = 0.5;
static const double CLAMP_SIGMA = 1.1, CLAMP_MORE = 0.8 / 255, GAIN_MORE = 0.01;
static const double COUNT_MAX = 64;

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

/* Map elements from patch to patch, and to the edge of a patch; limits of shifts. */
enum { PATCH = 8, REACH = 7 };
static const double LOOK_NOISE = 1.5 / 255, USUAL = 0.5, STRANGE = 24.0 / 255, MOST = 1.5;

static void shift_at(const skin_case *c, const skin_pictures *p, double x, double y, double d[4])
{
    between(p->shift, c->patches, (x + 0.5) / (2 * PATCH) - 0.5, (y + 0.5) / (2 * PATCH) - 0.5, d);
}

static double luma_of(const skin_case *c, const double rgb[3])
{
    return c->kr * rgb[0] + (1 - c->kr - c->kb) * rgb[1] + c->kb * rgb[2];
}

static void put(float *to, const double value[4])
{
    for (int k = 0; k < 4; k++)
        to[k] = (float)value[k];
}

static void look(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->size / 2; y++)
        for (int32_t x = 0; x < c->size / 2; x++) {
            const float *at = p->at + ((size_t)y * (size_t)c->size / 2 + (size_t)x) * 4;
            double rgb[4], to[4] = {0};
            bool known = at[3] > 0;
            for (int k = 0; k < 4; k++) {
                size_t texel = (size_t)(2 * y + k / 2) * (size_t)c->size + (size_t)(2 * x + k % 2);
                to[0] += (double)p->state[texel * 4] / 4;
                known = known && p->state[texel * 4 + 1] > 0;
            }
            between(p->crop, c->square, (double)at[0] * c->square - 0.5,
                    (double)at[1] * c->square - 0.5, rgb);
            to[1] = luma_of(c, rgb);
            to[2] = known ? (double)at[2] : 0;
            put(p->look + ((size_t)y * (size_t)c->size / 2 + (size_t)x) * 4, to);
        }
}

static const float *look_at(const skin_case *c, const skin_pictures *p, int32_t x, int32_t y)
{
    int32_t maps = c->size / 2;
    return p->look + ((size_t)limit(y, 0, maps - 1) * (size_t)maps +
                      (size_t)limit(x, 0, maps - 1)) * 4;
}

/* Least squares of now(t + d) = before(t) + light over a patch, each place with its weight. */
static void patch_shift(const skin_case *c, const skin_pictures *p, int32_t x0, int32_t y0,
                        double d[2])
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
    if (c->fresh || w <= 0)
        return;
    for (int i = 0; i < 2; i++) {
        wge[i] -= wg[i] * we / w;
        for (int j = 0; j < 2; j++)
            wgg[i][j] -= wg[i] * wg[j] / w;
        wgg[i][i] += LOOK_NOISE * LOOK_NOISE / (USUAL * USUAL);
    }
    double det = wgg[0][0] * wgg[1][1] - wgg[0][1] * wgg[1][0];
    double found[2] = {(wgg[1][1] * wge[0] - wgg[0][1] * wge[1]) / det,
                       (wgg[0][0] * wge[1] - wgg[1][0] * wge[0]) / det};
    if (hypot(found[0], found[1]) <= MOST)
        memcpy(d, found, sizeof found);
}

void skin_oracle_shift(const skin_case *c, const skin_pictures *p)
{
    look(c, p);
    for (int32_t j = 0; j < c->patches; j++)
        for (int32_t i = 0; i < c->patches; i++) {
            double d[2];
            patch_shift(c, p, i * PATCH + PATCH / 2, j * PATCH + PATCH / 2, d);
            put(p->shift + ((size_t)j * (size_t)c->patches + (size_t)i) * 4,
                (const double[]){2 * d[0], 2 * d[1], 0, 0});
        }
}

void skin_oracle_unwrap(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->size; y++)
        for (int32_t x = 0; x < c->size; x++) {
            size_t here = ((size_t)y * (size_t)c->size + (size_t)x) * 4;
            double at[4], picture[4], d[4];
            shift_at(c, p, x, y, d);
            between(p->at, c->size / 2, (x + d[0] + 0.5) / 2 - 0.5, (y + d[1] + 0.5) / 2 - 0.5,
                    at);
            between(p->crop, c->square, at[0] * c->square - 0.5, at[1] * c->square - 0.5, picture);
            double luma = luma_of(c, picture);
            put(p->texture + here, picture);
            put(p->view + here,
                (const double[]){luma, luma - (double)p->state[here], at[2], at[3]});
        }
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
    if (view[3] <= 0)
        return;
    bool seen = (double)view[2] >= SEEN;
    double present[4], past[4], shown[4], state[4] = {(double)view[0], seen, 0, 0};
    around a = look_around(c, p, x, y);
    bool sure = seen && a.confidence >= WRITE;
    double impatience = seen && !sure ? (double)before[2] + c->haste : 0;
    bool anew = c->fresh || impatience >= 1 || before[1] == 0;
    double weight = fmax(c->alpha, 1 / ((double)before[1] + 1));
    double t = within((a.confidence - SHOW_LOW) / (SHOW_HIGH - SHOW_LOW), 0, 1);
    for (int i = 0; i < 4; i++) {
        present[i] = (double)p->result[here + (size_t)i];
        past[i] = (double)p->history[here + (size_t)i] * c->carry;
        past[i] = anew ? present[i] : sure ? past[i] + weight * (present[i] - past[i]) : past[i];
        shown[i] = present[i];
    }
    if (!anew) {
        bool trusted = seen && a.confidence > TRUST;
        state[0] = (double)before[0] +
                   (trusted ? c->settle * ((double)view[0] - (double)before[0]) : 0);
        state[1] = fmin((double)before[1] + 1, COUNT_MAX);
        state[2] = impatience;
        allowed(&a, past, shown);
        double trust = t * t * (3 - 2 * t) * fmin((double)view[2] / SEEN, 1);
        for (int i = 0; i < 4; i++)
            shown[i] = present[i] + trust * (shown[i] - present[i]);
    }
    for (int i = 0; i < 4; i++)
        shown[i] *= (double)view[3];
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

void skin_oracle_model(const skin_case *c, const skin_pictures *p)
{
    for (int32_t y = 0; y < c->square; y++)
        for (int32_t x = 0; x < c->square; x++) {
            size_t here = ((size_t)y * (size_t)c->square + (size_t)x) * 4;
            double uv[4], r[4], model[4] = {0}, maps = c->size / 2;
            between(p->uv, c->size / 2, (x + 0.5) * maps / c->square - 0.5,
                    (y + 0.5) * maps / c->square - 0.5, uv);
            if (uv[2] > 0) {
                double rgb[3], share = uv[2] * c->amount;
                double x_texel = uv[0] * c->size - 0.5, y_texel = uv[1] * c->size - 0.5, d[4];
                shift_at(c, p, x_texel, y_texel, d);
                between(p->shown, c->size, x_texel - d[0], y_texel - d[1], r);
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
}
