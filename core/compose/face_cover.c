#include "face_cover.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float CELLS_A_FACE = 8; /* across its shorter side: too few to tell who it is */
enum { SAMPLES = 16 }; /* of a cell each way, at most: enough for a mean that does not flicker */

static void fill_black(mi_cover *c)
{
    uint8_t sample[3];
    mi_black(&c->shape, sample);
    for (int k = 0; k < 3; k++) {
        const mi_part *part = &c->part[k];
        size_t bytes = mien_format_row_bytes(c->shape.format, part->plane, c->shape.width);
        for (size_t at = (size_t)part->offset; at < bytes; at += (size_t)part->step)
            c->row[part->plane][at] = sample[k];
    }
}

bool mi_cover_create(mi_cover *c, const mien_frame *shape, const mi_kept *kept)
{
    memset(c, 0, sizeof *c);
    c->shape = *shape;
    c->kept = kept;
    mi_parts(shape->format, c->part);
    size_t most = 0;
    bool ok = true;
    for (int p = 0; p < mien_format_planes(shape->format); p++) {
        size_t bytes = mien_format_row_bytes(shape->format, p, shape->width);
        most = bytes > most ? bytes : most;
        c->row[p] = calloc(bytes, 1);
        c->line[p][0] = calloc(bytes, sizeof *c->line[p][0]);
        c->line[p][1] = calloc(bytes, sizeof *c->line[p][1]);
        ok = ok && c->row[p] && c->line[p][0] && c->line[p][1];
    }
    c->scratch = calloc(most, 1);
    ok = ok && c->scratch;
    if (ok)
        fill_black(c);
    else
        mi_cover_destroy(c);
    return ok;
}

void mi_cover_destroy(mi_cover *c)
{
    for (int p = 0; p < 3; p++) {
        free(c->row[p]);
        free(c->line[p][0]);
        free(c->line[p][1]);
    }
    free(c->scratch);
    memset(c, 0, sizeof *c);
}

/* The outline's box in samples of a part. */
typedef struct part_box {
    int32_t x, y, w, h;
} part_box;

static part_box box_of(const mi_cover *c, const mi_part *part)
{
    const mi_outline *o = &c->outline;
    return (part_box){.x = o->x0 / part->sub_x,
                      .y = o->y0 / part->sub_y,
                      .w = (o->x1 - o->x0 + part->sub_x - 1) / part->sub_x,
                      .h = (o->y1 - o->y0 + part->sub_y - 1) / part->sub_y};
}

/* Border of cell i of `cells` over `size` samples. */
static int32_t border(int32_t i, int32_t cells, int32_t size)
{
    return (int32_t)((int64_t)i * size / cells);
}

static uint16_t cell_mean(const mien_frame *out, const mi_part *part, const part_box *cell)
{
    int32_t skip_x = (cell->w + SAMPLES - 1) / SAMPLES, skip_y = (cell->h + SAMPLES - 1) / SAMPLES;
    uint32_t sum = 0, count = 0;
    for (int32_t y = cell->y + skip_y / 2; y < cell->y + cell->h; y += skip_y) {
        const uint8_t *row = out->data[part->plane] + y * out->stride[part->plane] + part->offset;
        for (int32_t x = cell->x + skip_x / 2; x < cell->x + cell->w; x += skip_x, count++)
            sum += row[x * part->step];
    }
    return (uint16_t)((256 * sum + count / 2) / count);
}

/* 1 2 1 over `count` values, `step` apart. */
static void soften(uint16_t *value, int32_t count, int32_t step)
{
    uint32_t before = value[0];
    for (int32_t i = 0; i < count; i++) {
        uint32_t here = value[i * step], after = i + 1 < count ? value[(i + 1) * step] : here;
        value[i * step] = (uint16_t)((before + 2 * here + after + 2) / 4);
        before = here;
    }
}

static void measure_cells(mi_cover *c, const mien_frame *out)
{
    for (int k = 0; k < 3; k++) {
        part_box box = box_of(c, &c->part[k]);
        uint16_t *cell = c->cell[k];
        for (int32_t j = 0; j < c->rows; j++)
            for (int32_t i = 0; i < c->columns; i++) {
                part_box b = {.x = border(i, c->columns, box.w), .y = border(j, c->rows, box.h)};
                b.w = border(i + 1, c->columns, box.w) - b.x;
                b.h = border(j + 1, c->rows, box.h) - b.y;
                b.x += box.x;
                b.y += box.y;
                cell[j * c->columns + i] = cell_mean(out, &c->part[k], &b);
            }
        for (int32_t j = 0; j < c->rows; j++)
            soften(cell + j * c->columns, c->columns, 1);
        for (int32_t i = 0; i < c->columns; i++)
            soften(cell + i, c->rows, c->columns);
    }
}

static int32_t cells_for(int32_t pixels, float side)
{
    int32_t cells = (int32_t)lrintf(fminf(CELLS_A_FACE * (float)pixels / side, MI_COVER_CELLS));
    int32_t most = pixels / 2 < MI_COVER_CELLS ? pixels / 2 : MI_COVER_CELLS; /* chroma samples */
    cells = cells < most ? cells : most;
    return cells > 1 ? cells : 1;
}

void mi_cover_start(mi_cover *c, const mien_frame *out, const mi_guarded *g, mi_on_lost on_lost)
{
    mi_outline *o = &c->outline;
    mi_outline_make(o, g->face, g->margin, g->move_x, g->move_y, out->width, out->height);
    c->black = on_lost == MI_LOST_BLACK;
    c->held = NULL;
    if (on_lost == MI_LOST_HOLD)
        c->held = mi_kept_find(c->kept, out, g, &c->dx, &c->dy);
    if (c->black || c->held || o->x0 == o->x1)
        return;
    c->columns = cells_for(o->x1 - o->x0, o->side);
    c->rows = cells_for(o->y1 - o->y0, o->side);
    measure_cells(c, out);
    for (int p = 0; p < 3; p++)
        c->line_of[p][0] = c->line_of[p][1] = -1;
}

/* A row of cells of one part, straight lines between their middles. */
static void spread_part(const mi_cover *c, int k, int32_t cell_row, uint16_t *line)
{
    const mi_part *part = &c->part[k];
    const uint16_t *cell = c->cell[k] + cell_row * c->columns;
    int32_t w = box_of(c, part).w;
    /* Sample x lies at cell (x + 0.5) * columns / w - 0.5; in 1/65536. */
    int64_t step = ((int64_t)c->columns << 16) / w, at = step / 2 - 32768;
    uint16_t *to = line + part->offset;
    for (int32_t x = 0; x < w; x++, at += step, to += part->step) {
        int32_t i = at < 0 ? 0 : (int32_t)(at >> 16), j = i + 1 < c->columns ? i + 1 : i;
        uint32_t share = at < 0 ? 0 : (uint32_t)(at & 65535) >> 1;
        *to = (uint16_t)((cell[i] * (32768 - share) + cell[j] * share) >> 15);
    }
}

static const uint16_t *spread_row(mi_cover *c, int plane, int32_t cell_row)
{
    int32_t *have = c->line_of[plane];
    uint16_t **line = c->line[plane];
    if (have[0] != cell_row && have[1] != cell_row) {
        int old = have[0] < have[1] ? 0 : 1; /* rows come from the top down */
        for (int k = 0; k < 3; k++)
            if (c->part[k].plane == plane)
                spread_part(c, k, cell_row, line[old]);
        have[old] = cell_row;
    }
    return have[0] == cell_row ? line[0] : line[1];
}

/* (a (65536 - share) + b share) / 2^24, to within 1: the upper halves of 16-bit products. */
static void mix_lines(uint8_t *to, const uint16_t *a, const uint16_t *b, uint16_t share,
                      size_t count)
{
    uint16_t rest = (uint16_t)(65535 - share);
    for (size_t i = 0; i < count; i++) {
        uint16_t x = (uint16_t)((uint32_t)a[i] * rest >> 16);
        uint16_t y = (uint16_t)((uint32_t)b[i] * share >> 16);
        to[i] = (uint8_t)((uint16_t)(x + y + 128) >> 8);
    }
}

static const uint8_t *blur_row(mi_cover *c, int plane, int32_t row)
{
    mi_plane_info info;
    mi_plane_describe(c->shape.format, plane, &info);
    int32_t y0 = c->outline.y0 / info.sub_y;
    int32_t h = (c->outline.y1 - c->outline.y0 + info.sub_y - 1) / info.sub_y;
    size_t bytes = mien_format_row_bytes(c->shape.format, plane, c->outline.x1 - c->outline.x0);
    float at = fmaxf(((float)(row - y0) + 0.5f) * (float)c->rows / (float)h - 0.5f, 0);
    int32_t upper = (int32_t)at < c->rows ? (int32_t)at : c->rows - 1;
    int32_t lower = upper + 1 < c->rows ? upper + 1 : upper;
    uint16_t share = (uint16_t)((at - (float)upper) * 65535);
    const uint16_t *a = spread_row(c, plane, upper), *b = spread_row(c, plane, lower);
    mix_lines(c->scratch, a, b, share, bytes);
    return c->scratch;
}

const uint8_t *mi_cover_row(mi_cover *c, int plane, int32_t row)
{
    const mi_outline *o = &c->outline;
    if (c->black)
        return c->row[plane];
    if (c->held)
        return mi_kept_row(c->kept, c->held, &c->shape, plane, row, c->dx, c->dy, o->x0, o->x1,
                           c->scratch);
    return blur_row(c, plane, row);
}
