#include "pixel_oracle.h"

#include <math.h>

typedef struct colour {
    bool yuv, rgb_reversed; /* B first */
    double kr, kg, kb;
    double y_offset, y_range, c_range;
    double site_x, site_y; /* luma position of the first chroma sample */
} colour;

static colour colour_of(const mien_frame *f)
{
    colour c = {0};
    c.yuv = f->format <= MIEN_FORMAT_YUY2;
    c.rgb_reversed = f->format == MIEN_FORMAT_BGRA || f->format == MIEN_FORMAT_BGRX;
    bool bt709 = !c.yuv || f->matrix == MIEN_MATRIX_BT709 ||
                 (f->matrix == MIEN_MATRIX_AUTO && f->height >= 720);
    c.kr = bt709 ? 0.2126 : 0.299;
    c.kb = bt709 ? 0.0722 : 0.114;
    c.kg = 1 - c.kr - c.kb;
    bool full = f->range == MIEN_RANGE_FULL;
    c.y_offset = full ? 0 : 16;
    c.y_range = full ? 255 : 219;
    c.c_range = full ? 255 : 224;
    c.site_x = f->siting == MIEN_SITING_CENTER ? 0.5 : 0;
    c.site_y = f->siting == MIEN_SITING_TOPLEFT ? 0 : 0.5;
    return c;
}

static int32_t limit(int32_t v, int32_t low, int32_t high)
{
    return v < low ? low : v > high ? high : v;
}

static double limit1(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static uint8_t *sample(const mien_frame *f, int plane, int32_t row, int32_t byte)
{
    return f->data[plane] + row * f->stride[plane] + byte;
}

static uint8_t *luma_byte(const mien_frame *f, int32_t x, int32_t y)
{
    return sample(f, 0, y, f->format == MIEN_FORMAT_YUY2 ? 2 * x : x);
}

/* Chroma sample (x, y) of its own grid; k 0: Cb, 1: Cr. */
static uint8_t *chroma_byte(const mien_frame *f, int32_t x, int32_t y, int k)
{
    if (f->format == MIEN_FORMAT_YUY2)
        return sample(f, 0, y, 4 * x + 1 + 2 * k);
    return f->format == MIEN_FORMAT_NV12 ? sample(f, 1, y, 2 * x + k) : sample(f, 1 + k, y, x);
}

static double chroma_near(const mien_frame *f, int32_t x, int32_t y, int k)
{
    int32_t rows = f->format == MIEN_FORMAT_YUY2 ? f->height : (f->height + 1) / 2;
    return *chroma_byte(f, limit(x, 0, (f->width + 1) / 2 - 1), limit(y, 0, rows - 1), k);
}

/* Chroma around a luma position: as many samples as the block has, or one between four. */
static double chroma_block(const mien_frame *f, const colour *c, int32_t scale, double cx,
                           double cy, int k)
{
    bool half_rows = f->format != MIEN_FORMAT_YUY2;
    double ux = (cx - c->site_x) / 2, uy = half_rows ? (cy - c->site_y) / 2 : cy;
    int32_t nx = scale / 2, ny = half_rows ? scale / 2 : scale;
    if (nx <= 1) {
        int32_t x = (int32_t)floor(ux), y = (int32_t)floor(uy);
        double fx = ux - x, fy = uy - y;
        return (1 - fy) * ((1 - fx) * chroma_near(f, x, y, k) + fx * chroma_near(f, x + 1, y, k)) +
               fy * ((1 - fx) * chroma_near(f, x, y + 1, k) +
                     fx * chroma_near(f, x + 1, y + 1, k));
    }
    int32_t x0 = (int32_t)floor(ux - (nx - 1) / 2.0 + 0.5);
    int32_t y0 = (int32_t)floor(uy - (ny - 1) / 2.0 + 0.5);
    double sum = 0;
    for (int32_t j = 0; j < ny; j++)
        for (int32_t i = 0; i < nx; i++)
            sum += chroma_near(f, x0 + i, y0 + j, k);
    return sum / (nx * ny);
}

static void rgb_of(const colour *c, double y, double cb, double cr, double rgb[3])
{
    rgb[0] = y + 2 * (1 - c->kr) * cr;
    rgb[2] = y + 2 * (1 - c->kb) * cb;
    rgb[1] = (y - c->kr * rgb[0] - c->kb * rgb[2]) / c->kg;
}

static void import_pixel(const mien_frame *f, const colour *c, int32_t scale, int32_t x, int32_t y,
                         double rgb[3], double *luma)
{
    double sum[3] = {0};
    for (int32_t j = 0; j < scale; j++)
        for (int32_t i = 0; i < scale; i++) {
            int32_t sx = limit(x + i, 0, f->width - 1), sy = limit(y + j, 0, f->height - 1);
            if (c->yuv)
                sum[0] += *luma_byte(f, sx, sy);
            else
                for (int k = 0; k < 3; k++)
                    sum[k] += *sample(f, 0, sy, 4 * sx + (c->rgb_reversed ? 2 - k : k));
        }
    double count = (double)scale * scale;
    if (!c->yuv) {
        for (int k = 0; k < 3; k++)
            rgb[k] = sum[k] / count / 255;
        *luma = c->kr * rgb[0] + c->kg * rgb[1] + c->kb * rgb[2];
        return;
    }
    double centre = (scale - 1) / 2.0;
    *luma = (sum[0] / count - c->y_offset) / c->y_range;
    double cb = (chroma_block(f, c, scale, x + centre, y + centre, 0) - 128) / c->c_range;
    double cr = (chroma_block(f, c, scale, x + centre, y + centre, 1) - 128) / c->c_range;
    rgb_of(c, *luma, cb, cr, rgb);
    for (int k = 0; k < 3; k++)
        rgb[k] = limit1(rgb[k]);
}

void pixel_oracle_import(const mien_frame *f, const pixel_view *v, float *low)
{
    colour c = colour_of(f);
    for (int32_t y = 0; y < v->h; y++)
        for (int32_t x = 0; x < v->w; x++) {
            int32_t fx = limit(v->x / v->scale + x, 0, (f->width - 1) / v->scale) * v->scale;
            int32_t fy = limit(v->y / v->scale + y, 0, (f->height - 1) / v->scale) * v->scale;
            double rgb[3], luma;
            import_pixel(f, &c, v->scale, fx, fy, rgb, &luma);
            float *to = low + ((size_t)y * (size_t)v->w + (size_t)x) * 4;
            for (int k = 0; k < 3; k++)
                to[k] = (float)rgb[k];
            to[3] = (float)luma;
        }
}

typedef struct model_picture {
    const float *at;
    pixel_view view;
} model_picture;

/* Does the view show a pixel of the frame? */
static bool is_shown(const pixel_view *v, int32_t x, int32_t y)
{
    return x >= v->x && x < v->x + v->w * v->scale && y >= v->y && y < v->y + v->h * v->scale;
}

/* Channel k of the model at frame pixel (x, y), between four of its pixels. */
static double model_at(const model_picture *m, int32_t x, int32_t y, int k)
{
    const pixel_view *v = &m->view;
    double px = (x - v->x + 0.5) / v->scale - 0.5, py = (y - v->y + 0.5) / v->scale - 0.5, sum = 0;
    int32_t x0 = (int32_t)floor(px), y0 = (int32_t)floor(py);
    for (int32_t j = 0; j < 2; j++)
        for (int32_t i = 0; i < 2; i++) {
            double near_x = i ? px - x0 : 1 - (px - x0), near_y = j ? py - y0 : 1 - (py - y0);
            int32_t row = limit(y0 + j, 0, v->h - 1), column = limit(x0 + i, 0, v->w - 1);
            size_t pixel = (size_t)row * (size_t)v->w + (size_t)column;
            sum += near_x * near_y * (double)m->at[pixel * 4 + (size_t)k];
        }
    return sum;
}

static uint8_t mixed(uint8_t in, double styled, double strength)
{
    double v = in + (styled - in) * strength;
    return (uint8_t)floor((v < 0 ? 0 : v > 255 ? 255 : v) + 0.5);
}

/* The frame's luma at a pixel, in bytes. */
static double luma_at(const mien_frame *f, const colour *c, int32_t x, int32_t y)
{
    if (c->yuv)
        return *luma_byte(f, x, y);
    const uint8_t *b = sample(f, 0, y, 4 * x);
    return c->kr * b[c->rgb_reversed ? 2 : 0] + c->kg * b[1] + c->kb * b[c->rgb_reversed ? 0 : 2];
}

void pixel_oracle_luma(const mien_frame *f, float *luma)
{
    colour c = colour_of(f);
    for (int32_t y = 0; y < f->height; y++)
        for (int32_t x = 0; x < f->width; x++)
            luma[(size_t)y * (size_t)f->width + (size_t)x] = (float)luma_at(f, &c, x, y);
}

/* A pixel that is far from its past has changed whatever the motion says: bytes. */
static const double CHANGE_LOW = 12, CHANGE_HIGH = 22;

static double steadied(const pixel_steady *s, const mien_frame *f, const model_picture *m,
                       int32_t x, int32_t y, double now)
{
    if (!s)
        return now;
    float *past = &s->past[(size_t)y * (size_t)f->width + (size_t)x];
    const pixel_view *v = &m->view;
    int32_t row = limit((y - v->y) / v->scale, 0, v->h - 1), column = (x - v->x) / v->scale;
    double t = limit1((fabs(now - *past) - CHANGE_LOW) / (CHANGE_HIGH - CHANGE_LOW));
    double still = s->still[(size_t)row * (size_t)v->w + (size_t)column];
    still *= 1 - t * t * (3 - 2 * t);
    double kept = *past + (now - *past) * (1 + (s->alpha - 1) * still);
    *past = (float)kept;
    return kept;
}

static void export_rgb(const mien_frame *in, const mien_frame *out, const colour *c,
                       const model_picture *m, int32_t x, int32_t y, double strength, double byte)
{
    double styled[3];
    double luma = limit1(model_at(m, x, y, 0) + model_at(m, x, y, 3) * byte / 255);
    rgb_of(c, luma, model_at(m, x, y, 1), model_at(m, x, y, 2), styled);
    for (int k = 0; k < 3; k++) {
        int32_t at = 4 * x + (c->rgb_reversed ? 2 - k : k);
        *sample(out, 0, y, at) = mixed(*sample(in, 0, y, at), limit1(styled[k]) * 255, strength);
    }
    *sample(out, 0, y, 4 * x + 3) = *sample(in, 0, y, 4 * x + 3);
}

/* Chroma of sample (x, y): the mean of the luma pixels around it where it lies between them. */
static double chroma_model(const mien_frame *f, const colour *c, const model_picture *m, int32_t x,
                           int32_t y, int k)
{
    bool half_rows = f->format != MIEN_FORMAT_YUY2;
    int32_t columns = c->site_x > 0 ? 2 : 1, rows = half_rows && c->site_y > 0 ? 2 : 1;
    double sum = 0;
    for (int32_t j = 0; j < rows; j++)
        for (int32_t i = 0; i < columns; i++) {
            int32_t row = half_rows ? 2 * y + j : y;
            sum += model_at(m, 2 * x + i, row < f->height ? row : f->height - 1, 1 + k);
        }
    return sum / (rows * columns);
}

void pixel_oracle_export(const mien_frame *in, const mien_frame *out, const pixel_view *view,
                         bool part, const float *model, double strength,
                         const pixel_steady *steady)
{
    colour c = colour_of(in);
    model_picture m = {model, *view};
    for (int32_t y = 0; y < in->height; y++)
        for (int32_t x = 0; x < in->width; x++) {
            if (part && !is_shown(view, x, y))
                continue;
            double luma = steadied(steady, in, &m, x, y, luma_at(in, &c, x, y));
            if (!c.yuv) {
                export_rgb(in, out, &c, &m, x, y, strength, luma);
                continue;
            }
            double styled = model_at(&m, x, y, 0) +
                            model_at(&m, x, y, 3) * (luma - c.y_offset) / c.y_range;
            *luma_byte(out, x, y) =
                mixed(*luma_byte(in, x, y), limit1(styled) * c.y_range + c.y_offset, strength);
        }
    int32_t rows = in->format == MIEN_FORMAT_YUY2 ? in->height : (in->height + 1) / 2;
    for (int32_t y = 0; c.yuv && y < rows; y++)
        for (int32_t x = 0; x < (in->width + 1) / 2; x++)
            for (int k = 0; k < 2; k++) {
                if (part && !is_shown(view, 2 * x, rows < in->height ? 2 * y : y))
                    continue;
                *chroma_byte(out, x, y, k) =
                    mixed(*chroma_byte(in, x, y, k),
                          chroma_model(in, &c, &m, x, y, k) * c.c_range + 128, strength);
            }
}

/* Channel k of a patch at (x, y), pixels of the frame counted from the corner of the first one. */
static double patch_between(const pixel_patch *p, double x, double y, int k)
{
    double c = cos(p->angle), s = sin(p->angle), sum = 0;
    double px = (((x - p->x) * c + (y - p->y) * s) / p->side + 0.5) * p->size - 0.5;
    double py = (((y - p->y) * c - (x - p->x) * s) / p->side + 0.5) * p->size - 0.5;
    if (px <= 0 || py <= 0 || px >= p->size - 1 || py >= p->size - 1)
        return 0;
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 2; i++) {
            int32_t column = (int32_t)px + i, row = (int32_t)py + j;
            size_t pixel = (size_t)row * (size_t)p->size + (size_t)column;
            sum += (1 - fabs(px - column)) * (1 - fabs(py - row)) *
                   (double)p->model[pixel * 4 + (size_t)k];
        }
    return sum;
}

/* The mean over the frame's pixel around (x, y), as many samples as it covers pixels of the patch,
 * but at most four each way. */
static double patch_at(const pixel_patch *p, double x, double y, int k)
{
    int n = limit((int32_t)ceil(p->size / p->side - 0.1), 1, 4);
    double sum = 0;
    for (int j = 0; j < n; j++)
        for (int i = 0; i < n; i++)
            sum += patch_between(p, x + (i + 0.5) / n - 0.5, y + (j + 0.5) / n - 0.5, k);
    return sum / (n * n);
}

/* Of a sample of chroma: of the luma pixels around it. */
static double patch_chroma(const pixel_patch *p, const colour *c, bool half_rows, int32_t x,
                           int32_t y, int k)
{
    int32_t columns = c->site_x > 0 ? 2 : 1, rows = half_rows && c->site_y > 0 ? 2 : 1;
    double sum = 0;
    for (int32_t j = 0; j < rows; j++)
        for (int32_t i = 0; i < columns; i++)
            sum += patch_at(p, 2 * x + i + 0.5, (half_rows ? 2 * y : y) + j + 0.5, k);
    return sum / (columns * rows);
}

static uint8_t shifted(uint8_t in, double more)
{
    return mixed(in, in + more, 1);
}

void pixel_oracle_apply(const mien_frame *in, const mien_frame *out, const pixel_patch *p)
{
    colour c = colour_of(in);
    for (int32_t y = 0; y < in->height; y++)
        for (int32_t x = 0; x < in->width; x++) {
            double m[4], rgb[3];
            for (int k = 0; k < 4; k++)
                m[k] = patch_at(p, x + 0.5, y + 0.5, k);
            double luma = luma_at(in, &c, x, y);
            double more = m[0] + m[3] * (c.yuv ? (luma - c.y_offset) / c.y_range : luma / 255);
            if (c.yuv) {
                *luma_byte(out, x, y) = shifted(*luma_byte(in, x, y), more * c.y_range);
                continue;
            }
            rgb_of(&c, more, m[1], m[2], rgb);
            for (int k = 0; k < 4; k++) {
                int32_t at = 4 * x + (k < 3 && c.rgb_reversed ? 2 - k : k);
                *sample(out, 0, y, at) = shifted(*sample(in, 0, y, at), k < 3 ? rgb[k] * 255 : 0);
            }
        }
    bool half_rows = in->format != MIEN_FORMAT_YUY2;
    int32_t rows = half_rows ? (in->height + 1) / 2 : in->height;
    for (int32_t y = 0; c.yuv && y < rows; y++)
        for (int32_t x = 0; x < (in->width + 1) / 2; x++)
            for (int k = 0; k < 2; k++) {
                double more = patch_chroma(p, &c, half_rows, x, y, 1 + k);
                *chroma_byte(out, x, y, k) = shifted(*chroma_byte(in, x, y, k), more * c.c_range);
            }
}
