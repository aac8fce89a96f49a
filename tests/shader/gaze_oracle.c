#include "gaze_oracle.h"

#include <math.h>

#include "history_oracle.h"

static double limit(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

static double soft(double low, double high, double v)
{
    double t = limit((v - low) / (high - low), 0, 1);
    return t * t * (3 - 2 * t);
}

static double mix(double a, double b, double t)
{
    return a + t * (b - a);
}

static double luma(const gaze_case *c, const float *rgb)
{
    return c->kr * (double)rgb[0] + (1 - c->kr - c->kb) * (double)rgb[1] + c->kb * (double)rgb[2];
}

/* ---- hold ---- */

static double past_at(const gaze_pictures *p, int x, int y)
{
    return (double)p->light[4 * (y * MI_GAZE_W + x) + 1];
}

/* The shift d for which past(t) - look(t) is nearest to gradient(t) . d + light, in the sense of
 * least squares over what is no eye. */
static void find_slip(const gaze_case *c, const gaze_pictures *p, double d[2])
{
    double s[6] = {0}, b[2] = {0}, e_sum = 0, n = 0;
    for (int y = 3; y < MI_GAZE_H - 3; y++)
        for (int x = 3; x < MI_GAZE_W - 3; x++) {
            int at = 4 * (y * MI_GAZE_W + x);
            double e = past_at(p, x, y) - luma(c, p->look + at);
            if (p->history[at + 2] >= 0.02f || fabs(e) >= 24.0 / 255)
                continue;
            double gx = (past_at(p, x + 1, y) - past_at(p, x - 1, y)) / 2;
            double gy = (past_at(p, x, y + 1) - past_at(p, x, y - 1)) / 2;
            const double term[6] = {gx * gx, gx * gy, gy * gy, gx, gy, 0};
            for (int k = 0; k < 5; k++)
                s[k] += term[k];
            b[0] += gx * e;
            b[1] += gy * e;
            e_sum += e;
            n += 1;
        }
    d[0] = d[1] = 0;
    if (c->fresh || n <= 0)
        return;
    double stiff = pow(1.5 / 255 / 0.5, 2);
    double a0 = s[0] - s[3] * s[3] / n + stiff, a1 = s[1] - s[3] * s[4] / n;
    double a2 = s[2] - s[4] * s[4] / n + stiff;
    double b0 = b[0] - s[3] * e_sum / n, b1 = b[1] - s[4] * e_sum / n;
    double x = (a2 * b0 - a1 * b1) / (a0 * a2 - a1 * a1);
    double y = (a0 * b1 - a1 * b0) / (a0 * a2 - a1 * a1);
    if (x * x + y * y <= 4) {
        d[0] = x * (1 - c->creep);
        d[1] = y * (1 - c->creep);
    }
}

/* Keys (1981), a = -1/2. */
static double cubic(double t)
{
    t = fabs(t);
    return t < 1 ? 1 + t * t * (1.5 * t - 2.5) : t < 2 ? 2 - t * (4 - t * (2.5 - 0.5 * t)) : 0;
}

static double held(const float *look, int channel, double x, double y)
{
    double sum = 0;
    for (int j = (int)floor(y) - 1; j < (int)floor(y) + 3; j++)
        for (int i = (int)floor(x) - 1; i < (int)floor(x) + 3; i++) {
            int u = (int)limit(i, 0, MI_GAZE_W - 1), v = (int)limit(j, 0, MI_GAZE_H - 1);
            sum += cubic(x - i) * cubic(y - j) * (double)look[4 * (v * MI_GAZE_W + u) + channel];
        }
    return sum;
}

/* What is left at x, y of a picture of one float a pixel: the least, or else the most, of those
 * within a disc. */
static float extreme(const float *from, int x, int y, bool least)
{
    float found = least ? 9 : -9;
    for (int v = y - 4; v <= y + 4; v++)
        for (int u = x - 4; u <= x + 4; u++) {
            float f = from[(int)limit(v, 0, MI_GAZE_H - 1) * MI_GAZE_W +
                           (int)limit(u, 0, MI_GAZE_W - 1)];
            if (hypot(u - x, v - y) < 4.2)
                found = least ? fminf(found, f) : fmaxf(found, f);
        }
    return found;
}

static double soft_luma(const gaze_case *c, const gaze_pictures *p, int x, int y)
{
    static const double weight[3] = {0.25, 0.5, 0.25};
    double sum = 0;
    for (int k = 0; k < 9; k++) {
        int u = (int)limit(x + k % 3 - 1, 0, MI_GAZE_W - 1);
        int v = (int)limit(y + k / 3 - 1, 0, MI_GAZE_H - 1);
        sum += weight[k % 3] * weight[k / 3] * luma(c, p->crop + 4 * (v * MI_GAZE_W + u));
    }
    return sum;
}

/* What is bright and narrow stands out of the opening of the luma: highlights, near the iris. */
static void take_highlights(const gaze_case *c, const gaze_pictures *p, const double slip[2])
{
    static float soft_one[GAZE_PIXELS], low[GAZE_PIXELS];
    for (int i = 0; i < GAZE_PIXELS; i++)
        soft_one[i] = (float)soft_luma(c, p, i % MI_GAZE_W, i / MI_GAZE_W);
    for (int i = 0; i < GAZE_PIXELS; i++)
        low[i] = extreme(soft_one, i % MI_GAZE_W, i / MI_GAZE_W, true);
    for (int i = 0; i < GAZE_PIXELS; i++) {
        int x = i % MI_GAZE_W, y = i / MI_GAZE_W;
        double off = hypot(x + 0.5 - (c->iris[0] - slip[0]), y + 0.5 - (c->iris[1] - slip[1]));
        double opened = fmin((double)extreme(low, x, y, false) + 0.06, 1);
        double top = mix(opened, 1, soft(8.5, 12, off));
        double more = fmax(luma(c, p->crop + 4 * i) - top, 0);
        for (int k = 0; k < 3 && more > 0; k++)
            p->crop[4 * i + k] = (float)fmax((double)p->crop[4 * i + k] - more, 0);
        p->top[i] = (float)top;
    }
}

void gaze_oracle_hold(const gaze_case *c, const gaze_pictures *p)
{
    double d[2];
    find_slip(c, p, d);
    for (int i = 0; i < 4 * GAZE_PIXELS; i++) {
        int at = i / 4, k = i % 4;
        double v = held(p->look, k, at % MI_GAZE_W + d[0], at / MI_GAZE_W + d[1]);
        p->crop[i] = (float)(k < 3 ? limit(v, 0, 1) : v);
        p->crop[4 * GAZE_PIXELS + i] = p->look[4 * GAZE_PIXELS + i];
    }
    p->memory[8] = (float)d[0];
    p->memory[9] = (float)d[1];
    p->memory[10] = p->memory[11] = 0;
    take_highlights(c, p, d);
}

/* ---- blend ---- */

/* Steady gaze, and how far the eye has moved. */
static double steady(const gaze_case *c, const gaze_pictures *p)
{
    double now[4], before[4], moved = 1, count = 1, usual = 0.008;
    for (int k = 0; k < 4; k++) {
        now[k] = (double)p->state[k];
        before[k] = (double)p->memory[k];
    }
    double gaze[2] = {now[0], now[1]};
    if (!c->fresh && before[3] > 0) {
        double way = hypot(now[0] - before[0], now[1] - before[1]);
        usual = (double)p->memory[5];
        double still = limit(2.2 * usual, 0.014, 0.04);
        moved = fmax(soft(still, still + 0.03, way), soft(0.08, 0.2, fabs(now[3] - before[2])));
        double weight = fmax(moved, fmax(c->alpha, 1 / (before[3] + 1)));
        for (int k = 0; k < 2; k++)
            gaze[k] = mix(before[k], now[k], weight);
        usual = mix(usual, fmin(way, 0.04), 0.1 * (1 - moved));
        count = 1 + (1 - moved) * fmin(before[3], 63);
    }
    const double after[4] = {gaze[0], gaze[1], now[3], count};
    for (int k = 0; k < 4; k++)
        p->memory[k] = (float)after[k];
    p->memory[4] = (float)moved;
    p->memory[5] = (float)usual;
    p->memory[6] = p->memory[7] = 0;
    return moved;
}

/* Of the luma around a pixel: that the picture there is what it was. */
static double confidence(const gaze_case *c, const gaze_pictures *p, const float *before, int x,
                         int y)
{
    double error[9];
    for (int k = 0; k < 9; k++) {
        size_t at = history_place(k, x, y, MI_GAZE_W, MI_GAZE_H);
        error[k] = luma(c, p->crop + at) - (double)before[at + 1];
    }
    double e = history_error(error) / (11.0 / 255);
    return exp(-e * e);
}

static void blend_pixel(const gaze_case *c, const gaze_pictures *p, double moved, int x, int y)
{
    int at = 4 * (y * MI_GAZE_W + x);
    double ball = 0.118 * 176, now = luma(c, p->crop + at), stiff[2][2];
    for (int k = 0; k < 2; k++) {
        const float *gaze = k == 0 ? p->state : p->memory;
        stiff[k][0] = -ball * (c->turn[0] - c->share * (double)gaze[0]);
        stiff[k][1] = ball * (c->turn[1] - c->share * (double)gaze[1]);
    }
    double shown[4] = {(double)p->flow[at] - stiff[0][0], (double)p->flow[at + 1] - stiff[0][1],
                       (double)p->blend[at], 2 * (double)p->blend[at + 1]};
    double light = (double)p->blend[at + 2] - 0.5, kept = now, count = 1;
    const float *before = p->light + at;
    if (!c->fresh && before[2] > 0) {
        double trust = soft(0.15, 0.5, confidence(c, p, p->light, x, y)) * (1 - moved);
        double weight = mix(1, fmax(c->alpha, 1 / ((double)before[2] + 1)), trust);
        for (int k = 0; k < 4; k++)
            shown[k] = mix((double)p->history[at + k], shown[k], weight);
        light = mix((double)before[0], light, weight);
        kept = mix(now, mix((double)before[1], now, c->settle), trust);
        count = 1 + trust * fmin((double)before[2], 63);
    }
    double open = soft(0.08, 0.25, (double)p->state[3]);
    double sure = c->fresh ? soft(0.4, 0.7, (double)p->state[2]) : 1;
    double edge = fmin(fmin(x, MI_GAZE_W - 1 - x), fmin(y, MI_GAZE_H - 1 - y));
    for (int k = 0; k < 4; k++)
        p->history[at + k] = (float)shown[k];
    p->shown[at] = (float)((shown[0] + stiff[1][0]) * open);
    p->shown[at + 1] = (float)((shown[1] + stiff[1][1]) * open);
    p->shown[at + 2] = (float)(shown[2] * open * sure * soft(0, 4, edge));
    p->shown[at + 3] = (float)shown[3];
    p->shown_light[at] = (float)light;
    p->shown_light[at + 1] = (float)kept;
    p->shown_light[at + 2] = (float)count;
    p->shown_light[at + 3] = p->top[at / 4];
}

void gaze_oracle_blend(const gaze_case *c, gaze_pictures *p)
{
    double moved = steady(c, p), open = soft(0.08, 0.25, (double)p->state[3]);
    for (int i = 0; i < GAZE_PIXELS; i++)
        blend_pixel(c, p, moved, i % MI_GAZE_W, i / MI_GAZE_W);
    for (int i = 0; i < 4 * GAZE_PIXELS; i++)
        p->light[i] = i % 4 < 3 ? p->shown_light[i] : 0;
    for (int k = 0; k < 2; k++) { /* a mirror image moves 0.54 times as far as the iris */
        double turn = c->turn[k] - c->share * (double)p->memory[k];
        p->slip[k] = p->memory[8 + k];
        p->slip[2 + k] = (float)(0.54 * open * (k == 0 ? -1 : 1) * 0.118 * 176 * turn);
    }
}

/* ---- apply ---- */

typedef struct change {
    double x, y, matte, gain, light; /* from where, position in the frame */
    double top;                      /* the luma above which that is a highlight */
    double glint_x, glint_y, glint_top; /* the same of the highlight that is added, */
    double own_top;                     /* and of the one that was there */
} change;

typedef struct turned {
    const mien_frame *in;
    const mi_eye_patch *patch;
    const float *shown, *light, *kept, *slip;
} turned;

/* Between the samples of one channel. */
static double between(const float *picture, int channel, double x, double y)
{
    int i = (int)fmin(floor(x), MI_GAZE_W - 2), j = (int)fmin(floor(y), MI_GAZE_H - 2);
    const float *a = picture + 4 * (j * MI_GAZE_W + i) + channel, *b = a + 4 * MI_GAZE_W;
    return mix(mix((double)a[0], (double)a[4], x - i), mix((double)b[0], (double)b[4], x - i),
               y - j);
}

static double within(const float *picture, int channel, double x, double y)
{
    return between(picture, channel, limit(x, 0, MI_GAZE_W - 1), limit(y, 0, MI_GAZE_H - 1));
}

static change change_of(const turned *t, double x, double y)
{
    double ax = (double)t->patch->across[0], ay = (double)t->patch->across[1];
    double dx = (double)t->patch->down[0], dy = (double)t->patch->down[1], area = ax * dy - ay * dx;
    double px = x - (double)t->patch->middle[0], py = y - (double)t->patch->middle[1];
    double u = ((px * dy - py * dx) / area + 0.5) * MI_GAZE_W - 0.5 - (double)t->slip[0];
    double v = ((ax * py - ay * px) / area + 0.5) * MI_GAZE_H - 0.5 - (double)t->slip[1];
    change c = {x, y, 0, 1, 0, 1, x, y, 1, 1};
    if (u <= 0 || v <= 0 || u >= MI_GAZE_W - 1 || v >= MI_GAZE_H - 1)
        return c;
    double fu = between(t->shown, 0, u, v) / MI_GAZE_W, fv = between(t->shown, 1, u, v) / MI_GAZE_H;
    c.x = limit(x + fu * ax + fv * dx, (double)t->kept[0] + 2, (double)t->kept[2] - 2);
    c.y = limit(y + fu * ay + fv * dy, (double)t->kept[1] + 2, (double)t->kept[3] - 2);
    c.matte = between(t->shown, 2, u, v);
    c.gain = between(t->shown, 3, u, v);
    c.light = between(t->light, 0, u, v);
    c.top = within(t->light, 3, u + fu * MI_GAZE_W, v + fv * MI_GAZE_H);
    double su = (double)t->slip[2], sv = (double)t->slip[3];
    c.glint_x = limit(x + su / MI_GAZE_W * ax + sv / MI_GAZE_H * dx, (double)t->kept[0] + 2,
                      (double)t->kept[2] - 2);
    c.glint_y = limit(y + su / MI_GAZE_W * ay + sv / MI_GAZE_H * dy, (double)t->kept[1] + 2,
                      (double)t->kept[3] - 2);
    c.glint_top = within(t->light, 3, u + su, v + sv);
    c.own_top = within(t->light, 3, u, v);
    return c;
}

/* A grid of samples within a plane: sample i, j lies at i * step_x + first_x, ... */
typedef struct grid {
    int plane, offset, every; /* byte of sample i of a row: every * i + offset */
    int32_t w, h;
    double step_x, step_y, first_x, first_y;
} grid;

/* Grids that luma is made of, with weights; value = (byte - zero) / whole. */
typedef struct bright {
    grid grid[3];
    double weight[3], zero, whole;
    int grids;
} bright;

static uint8_t *sample(const mien_frame *f, const grid *g, int32_t i, int32_t j)
{
    i = i < 0 ? 0 : i > g->w - 1 ? g->w - 1 : i;
    j = j < 0 ? 0 : j > g->h - 1 ? g->h - 1 : j;
    return f->data[g->plane] + j * f->stride[g->plane] + g->every * i + g->offset;
}

/* The bytes at a position of the frame, between the samples. */
static double read_grid(const turned *t, const grid *g, double x, double y, bool smooth)
{
    double v = 0;
    x = (x - g->first_x) / g->step_x;
    y = (y - g->first_y) / g->step_y;
    int32_t x0 = (int32_t)floor(x), y0 = (int32_t)floor(y);
    for (int k = 0; k < 16; k++) {
        int32_t u = x0 + k % 4 - 1, w = y0 + k / 4 - 1;
        v += (smooth ? cubic(x - u) * cubic(y - w)
                     : fmax(1 - fabs(x - u), 0) * fmax(1 - fabs(y - w), 0)) *
             *sample(t->in, g, u, w);
    }
    return v;
}

/* How far the luma at a position is above `top`, 0..1: grids[0] alone, or three with weights. */
static double highlight(const turned *t, const bright *b, double x, double y, double top)
{
    double v = 0;
    for (int k = 0; k < b->grids; k++)
        v += b->weight[k] * (read_grid(t, &b->grid[k], x, y, true) - b->zero) / b->whole;
    return fmax(v - top, 0);
}

static double added_highlight(const turned *t, const bright *b, double x, double y, const change *c)
{
    double share = fmin(1.6 * c->matte, 1);
    double comes = c->glint_top < 1 ? highlight(t, b, c->glint_x, c->glint_y, c->glint_top) : 0;
    double own = c->own_top < 1 ? highlight(t, b, x, y, c->own_top) : 0;
    return share * comes - (share - c->matte) * own;
}

/* value = (byte - zero) / whole; kept within 0..1, with highlights and light, where `b`. */
static void move_grid(const turned *t, const mien_frame *out, const grid *g, double zero,
                      double whole, const bright *b)
{
    for (int32_t j = 0; j < g->h; j++)
        for (int32_t i = 0; i < g->w; i++) {
            double x = i * g->step_x + g->first_x, y = j * g->step_y + g->first_y;
            change c = change_of(t, x, y);
            if (c.matte == 0)
                continue;
            double v = (read_grid(t, g, c.x, c.y, b) - zero) / whole;
            if (b && c.top < 1) {
                v -= highlight(t, b, c.x, c.y, c.top);
                v = b->grids > 1 ? fmax(v, 0) : v;
            }
            v *= c.gain;
            double was = (*sample(t->in, g, i, j) - zero) / whole;
            if (b)
                v = limit(v + c.light, 0, 1);
            v = mix(was, v, c.matte);
            if (b)
                v = fmin(v + added_highlight(t, b, x, y, &c), fmax(was, 1));
            *sample(out, g, i, j) = (uint8_t)(limit(v * whole + zero, 0, 255) + 0.5);
        }
}

/* Rec. 709, of the first three bytes of a pixel. */
static void luma_of_bytes(const mien_frame *f, double weight[3])
{
    bool reversed = f->format == MIEN_FORMAT_BGRA || f->format == MIEN_FORMAT_BGRX;
    weight[reversed ? 2 : 0] = 0.2126;
    weight[reversed ? 0 : 2] = 0.0722;
    weight[1] = 1 - weight[0] - weight[2];
}

void gaze_oracle_apply(const mien_frame *in, const mien_frame *out, const mi_eye_patch *patch,
                       const float *shown, const float *shown_light, const float kept[4],
                       const float slip[4])
{
    turned t = {in, patch, shown, shown_light, kept, slip};
    int32_t w = in->width, h = in->height;
    bool full = in->range == MIEN_RANGE_FULL;
    double site_x = in->siting == MIEN_SITING_CENTER ? 0.5 : 0;
    double site_y = in->siting == MIEN_SITING_TOPLEFT ? 0 : 0.5;
    if (in->format > MIEN_FORMAT_YUY2) {
        bright rgb = {.grids = 3, .whole = 255};
        luma_of_bytes(in, rgb.weight);
        for (int k = 0; k < 3; k++)
            rgb.grid[k] = (grid){0, k, 4, w, h, 1, 1, 0.5, 0.5};
        for (int k = 0; k < 3; k++)
            move_grid(&t, out, &rgb.grid[k], 0, 255, &rgb);
        return;
    }
    bool packed = in->format == MIEN_FORMAT_YUY2, pairs = in->format == MIEN_FORMAT_NV12;
    bright luma_only = {.grid = {{0, 0, packed ? 2 : 1, w, h, 1, 1, 0.5, 0.5}}, .weight = {1},
                        .grids = 1, .zero = full ? 0 : 16, .whole = full ? 255 : 219};
    move_grid(&t, out, luma_only.grid, luma_only.zero, luma_only.whole, &luma_only);
    for (int k = 0; k < 2; k++) {
        grid g = {.w = (w + 1) / 2, .h = packed ? h : (h + 1) / 2, .step_x = 2,
                  .step_y = packed ? 1 : 2, .first_x = site_x + 0.5,
                  .first_y = (packed ? 0 : site_y) + 0.5};
        g.plane = packed ? 0 : pairs ? 1 : 1 + k;
        g.offset = packed ? 1 + 2 * k : pairs ? k : 0;
        g.every = packed ? 4 : pairs ? 2 : 1;
        move_grid(&t, out, &g, 128, full ? 255 : 224, NULL);
    }
}
