#include "blend_oracle.h"

#include <math.h>
#include <stddef.h>

#include "history_oracle.h"

/* What shaders/blend/resolve.comp says about itself. */
static const double ERROR = 8.0 / 255, ERROR_SHARE = 0.35;
static const double CONFIDENCE_LOW = 0.15, CONFIDENCE_HIGH = 0.5;
static const double CLAMP_SIGMA = 1.36 * 1.1, CLAMP_MORE = 0.8 / 255;
static const double GAIN_NOISE = (4.0 / 255) * (4.0 / 255);
static const double GAIN_MAX = 1.25;
static const double AGE_MAX = 256;

static int32_t limit(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

static double within(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

static double value(const oracle_plane *p, int32_t x, int32_t y)
{
    size_t pixel = (size_t)limit(y, 0, p->h - 1) * (size_t)p->w + (size_t)limit(x, 0, p->w - 1);
    return p->at[pixel * (size_t)p->lanes + (size_t)p->lane];
}

static float half_pixel(const oracle_plane *from, int32_t x, int32_t y)
{
    static const double weight[] = {1, 3, 3, 1};
    double sum = 0;
    for (int32_t j = 0; j < 4; j++)
        for (int32_t i = 0; i < 4; i++)
            sum += weight[i] * weight[j] * value(from, x + i - 1, y + j - 1);
    return (float)(sum / 64);
}

void blend_oracle_half(const oracle_plane *from, int32_t w, int32_t h, float *to)
{
    for (int32_t y = 0; y < h; y++)
        for (int32_t x = 0; x < w; x++)
            to[(size_t)y * (size_t)w + (size_t)x] = half_pixel(from, 2 * x, 2 * y);
}

/* Weight of the sample at distance d in the cubic of Keys. */
static double cubic(double d)
{
    const double a = -0.58;
    d = fabs(d);
    if (d < 1)
        return (a + 2) * d * d * d - (a + 3) * d * d + 1;
    return d < 2 ? a * (d * d * d - 5 * d * d + 8 * d - 4) : 0;
}

double blend_oracle_sample(const oracle_plane *p, double x, double y, bool corners)
{
    int32_t x0 = (int32_t)floor(x), y0 = (int32_t)floor(y);
    double sum = 0, total = 0;
    for (int32_t j = -1; j <= 2; j++)
        for (int32_t i = -1; i <= 2; i++) {
            bool corner = (i == -1 || i == 2) && (j == -1 || j == 2);
            double weight = corner && !corners ? 0 : cubic(x - (x0 + i)) * cubic(y - (y0 + j));
            sum += weight * value(p, x0 + i, y0 + j);
            total += weight;
        }
    return sum / total;
}

/* Between 2x2 samples; the border is repeated. */
static double between(const oracle_plane *p, double x, double y)
{
    int32_t x0 = (int32_t)floor(x), y0 = (int32_t)floor(y);
    double fx = x - x0, fy = y - y0;
    return (1 - fy) * ((1 - fx) * value(p, x0, y0) + fx * value(p, x0 + 1, y0)) +
           fy * ((1 - fx) * value(p, x0, y0 + 1) + fx * value(p, x0 + 1, y0 + 1));
}

bool blend_oracle_moves(const float warp[4])
{
    return fabsf(warp[0]) > 0 || fabsf(warp[1]) > 0;
}

/* What the 3x3 neighbourhood of a pixel says. */
typedef struct around3x3 {
    double colour[3];          /* of the pixel's style */
    double mean[3], sigma[3];  /* YCoCg of the style */
    double gain;               /* slope of the style's luma over the picture's */
    double luma;               /* of the picture */
    double contrast;           /* its standard deviation */
    double error;              /* mean of what is left of |luma error| */
} around3x3;

static around3x3 look_around(const resolve_input *in, int32_t x, int32_t y)
{
    around3x3 a = {{0}};
    double square[3] = {0}, i_mean = 0, ii = 0, io = 0, o_mean = 0, error[9];
    for (int32_t k = 0; k < 9; k++) {
        size_t pixel = history_place(k, x, y, in->w, in->h);
        double rgb[3], c[3];
        for (int j = 0; j < 3; j++)
            rgb[j] = within(in->styled[pixel + (size_t)j], 0, 1);
        history_ycocg(rgb, c);
        double i = in->plain ? in->now[pixel + 3] : in->warp[pixel + 3];
        double o = in->kr * rgb[0] + (1 - in->kr - in->kb) * rgb[1] + in->kb * rgb[2];
        for (int j = 0; j < 3; j++) {
            a.mean[j] += c[j] / 9;
            square[j] += c[j] * c[j] / 9;
            if (k == 4)
                a.colour[j] = rgb[j];
        }
        a.luma = k == 4 ? i : a.luma;
        i_mean += i / 9;
        ii += i * i / 9;
        io += i * o / 9;
        o_mean += o / 9;
        error[k] = in->plain ? 0 : in->warp[pixel + 2];
    }
    for (int j = 0; j < 3; j++)
        a.sigma[j] = sqrt(fmax(square[j] - a.mean[j] * a.mean[j], 0));
    a.error = history_error(error);
    double variance = fmax(ii - i_mean * i_mean, 0);
    a.contrast = sqrt(variance);
    a.gain = within((io - i_mean * o_mean) / (variance + GAIN_NOISE), 0, GAIN_MAX);
    return a;
}

static double confidence_of(const around3x3 *a, bool moves)
{
    double e = a->error / (ERROR + (moves ? ERROR_SHARE * a->contrast : 0));
    double t = within((exp(-e * e) - CONFIDENCE_LOW) / (CONFIDENCE_HIGH - CONFIDENCE_LOW), 0, 1);
    return t * t * (3 - 2 * t);
}

/* The past at this pixel: colour pulled to what the present neighbourhood allows, gain, and the
 * luma it belongs to. */
static void past_of(const resolve_input *in, const around3x3 *a, const float *warp, int32_t x,
                    int32_t y, double past[5])
{
    for (int k = 0; k < 4; k++) {
        oracle_plane p = {in->history, in->w, in->h, 4, k};
        past[k] = blend_oracle_sample(&p, x + (double)warp[0], y + (double)warp[1], false);
    }
    size_t here = (size_t)y * (size_t)in->w + (size_t)x;
    past[4] = (double)(blend_oracle_moves(warp) ? in->carried : in->luma)[here];
    double c[3];
    history_ycocg(past, c);
    for (int k = 0; k < 3; k++) {
        double reach = CLAMP_SIGMA * a->sigma[k] + CLAMP_MORE;
        c[k] = within(c[k], a->mean[k] - reach, a->mean[k] + reach);
    }
    history_rgb(c, past);
}

/* Of how many frames the history at a pixel's old place is. */
static double age_of(const resolve_input *in, const float *warp, int32_t x, int32_t y)
{
    oracle_plane p = {in->age, in->w, in->h, 1, 0};
    return value(&p, (int32_t)floor(x + (double)warp[0] + 0.5),
                 (int32_t)floor(y + (double)warp[1] + 0.5));
}

static void resolve_pixel(const resolve_input *in, const resolve_output *out, int32_t x, int32_t y)
{
    size_t here = (size_t)y * (size_t)in->w + (size_t)x, pixel = here * 4;
    around3x3 a = look_around(in, x, y);
    double present[5] = {a.colour[0], a.colour[1], a.colour[2], a.gain, a.luma}, b[5];
    double still = 0, luma = a.luma, age = 1;
    for (int k = 0; k < 5; k++)
        b[k] = present[k];
    if (!in->fresh && !in->plain) {
        const float *warp = in->warp + pixel;
        bool moves = blend_oracle_moves(warp);
        double past[5], before = age_of(in, warp, x, y);
        double confidence = before > 0 ? confidence_of(&a, moves) : 0;
        age = fmin(1 + confidence * before, AGE_MAX);
        double weight = fmax(1 + (in->alpha - 1) * confidence, 1 / age);
        past_of(in, &a, warp, x, y, past);
        for (int k = 0; k < 5; k++)
            b[k] = past[k] + (present[k] - past[k]) * weight;
        still = moves ? 0 : confidence;
        luma = moves ? a.luma : b[4];
    }
    for (int k = 0; k < 4; k++)
        out->history[pixel + (size_t)k] = (float)b[k];
    out->still[here] = (float)still;
    out->luma[here] = (float)b[4];
    out->age[here] = (float)age;
    double l = in->kr * b[0] + (1 - in->kr - in->kb) * b[1] + in->kb * b[2];
    out->model[pixel] = (float)(l - b[3] * luma);
    out->model[pixel + 1] = (float)((b[2] - l) / (2 - 2 * in->kb));
    out->model[pixel + 2] = (float)((b[0] - l) / (2 - 2 * in->kr));
    out->model[pixel + 3] = (float)b[3];
}

void blend_oracle_resolve(const resolve_input *in, const resolve_output *out)
{
    for (int32_t y = 0; y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++)
            resolve_pixel(in, out, x, y);
}

void blend_oracle_reframe(const reframe_input *in, float *history, float *luma, float *age)
{
    int32_t samples = in->step >= 1.5 ? (int32_t)(in->step + 0.5) : 1;
    for (int32_t y = 0; y < in->h; y++)
        for (int32_t x = 0; x < in->w; x++) {
            size_t here = (size_t)y * (size_t)in->w + (size_t)x;
            double at_x = x * in->step + in->x, at_y = y * in->step + in->y, sum[5] = {0};
            for (int32_t n = 0; n < samples * samples; n++) {
                double dx = ((n % samples + 0.5) / samples - 0.5) * in->step;
                double dy = ((n / samples + 0.5) / samples - 0.5) * in->step;
                for (int k = 0; k < 5; k++) {
                    oracle_plane p = {k < 4 ? in->history : in->luma, in->w, in->h, k < 4 ? 4 : 1,
                                      k % 4};
                    sum[k] += between(&p, at_x + dx, at_y + dy) / (samples * samples);
                }
            }
            for (size_t k = 0; k < 4; k++)
                history[4 * here + k] = (float)sum[k];
            luma[here] = (float)sum[4];
            int32_t old_x = (int32_t)floor(at_x + 0.5), old_y = (int32_t)floor(at_y + 0.5);
            oracle_plane ages = {in->age, in->w, in->h, 1, 0};
            bool inside = old_x >= 0 && old_x < in->w && old_y >= 0 && old_y < in->h;
            age[here] = inside ? (float)value(&ages, old_x, old_y) : 0;
        }
}
