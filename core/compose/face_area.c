#include "face_area.h"

#include <stdlib.h>
#include <string.h>

#include "face_cover.h"

struct mi_face_area {
    mien_frame shape;
    uint8_t *mask[2]; /* pixel rows of the frame's width */
    uint8_t *front;   /* another */
    uint8_t *weight;  /* of the bytes of a plane's row */
    mi_kept kept;
    mi_cover cover;
};

int mi_face_area_create(mi_face_area **area, const mien_frame *shape, mi_log *log)
{
    mi_face_area *a = *area = calloc(1, sizeof *a);
    if (!a)
        return mi_fail(log, MIEN_ERR_NOMEM, "no memory for the areas of faces");
    a->shape = *shape;
    size_t width = (size_t)shape->width;
    a->mask[0] = calloc(width, 1);
    a->mask[1] = calloc(width, 1);
    a->front = calloc(width, 1);
    a->weight = calloc(width + 1, 4);
    bool ok = a->mask[0] && a->mask[1] && a->front && a->weight && mi_kept_create(&a->kept, shape);
    if (ok && mi_cover_create(&a->cover, shape, &a->kept))
        return MIEN_OK;
    mi_face_area_destroy(area);
    return mi_fail(log, MIEN_ERR_NOMEM, "no memory for the areas of faces in %dx%d pixels",
                   (int)shape->width, (int)shape->height);
}

void mi_face_area_destroy(mi_face_area **area)
{
    mi_face_area *a = *area;
    if (!a)
        return;
    mi_cover_destroy(&a->cover);
    mi_kept_destroy(&a->kept);
    free(a->mask[0]);
    free(a->mask[1]);
    free(a->front);
    free(a->weight);
    free(a);
    *area = NULL;
}

mi_area_shares mi_area_shares_of(mi_style_area area)
{
    return (mi_area_shares){.faces = area != MI_AREA_BACKGROUND, .rest = area != MI_AREA_FACE};
}

bool mi_area_is_frame(mi_area_shares shares)
{
    return shares.faces >= 1 && shares.rest >= 1;
}

/* The faces that let some of an effect through (or of these the ones in front), and what parts of
 * two rows they touch. */
typedef struct lit_faces {
    mi_outline outline[MIEN_FACES_MAX];
    uint8_t strength[MIEN_FACES_MAX];
    int32_t count;
    int32_t span[MIEN_FACES_MAX][2]; /* pixel columns from, to; apart, from the left to the right */
    int32_t spans;
} lit_faces;

static uint8_t strength_of(float share)
{
    return (uint8_t)((share > 1 ? 1 : share > 0 ? share : 0) * 255 + 0.5f);
}

static void light_faces(lit_faces *lit, const mien_frame *shape, const mi_guarded *faces,
                        int32_t count, bool in_front)
{
    lit->count = 0;
    for (int32_t i = 0; i < count && i < MIEN_FACES_MAX; i++) {
        const mi_guarded *g = &faces[i];
        mi_outline *o = &lit->outline[lit->count];
        lit->strength[lit->count] = strength_of(g->amount);
        if (lit->strength[lit->count] == 0 || (in_front && !g->in_front))
            continue;
        mi_outline_make(o, g->face, 1, g->move_x, g->move_y, shape->width, shape->height);
        lit->count += o->x0 < o->x1;
    }
}

mi_frame_part mi_face_area_part(const mien_frame *shape, const mi_guarded *faces, int32_t count)
{
    lit_faces lit;
    light_faces(&lit, shape, faces, count, false);
    mi_frame_part part = {shape->width, shape->height, 0, 0};
    for (int32_t i = 0; i < lit.count; i++) {
        const mi_outline *o = &lit.outline[i];
        part.x0 = o->x0 < part.x0 ? o->x0 : part.x0;
        part.y0 = o->y0 < part.y0 ? o->y0 : part.y0;
        part.x1 = o->x1 > part.x1 ? o->x1 : part.x1;
        part.y1 = o->y1 > part.y1 ? o->y1 : part.y1;
    }
    return part;
}

/* Adds from..to to the spans; those that it touches become one with it. */
static void add_span(lit_faces *lit, int32_t from, int32_t to)
{
    int32_t at = 0;
    while (at < lit->spans && lit->span[at][1] < from)
        at++;
    int32_t end = at;
    for (; end < lit->spans && lit->span[end][0] <= to; end++) {
        from = from < lit->span[end][0] ? from : lit->span[end][0];
        to = to > lit->span[end][1] ? to : lit->span[end][1];
    }
    memmove(lit->span + at + 1, lit->span + end,
            (size_t)(lit->spans - end) * sizeof lit->span[0]);
    lit->spans += 1 - (end - at);
    lit->span[at][0] = from;
    lit->span[at][1] = to;
}

static bool has_row(const mi_outline *o, int32_t y)
{
    return y >= o->y0 && y < o->y1;
}

static void find_spans(lit_faces *lit, int32_t y)
{
    lit->spans = 0;
    for (int32_t i = 0; i < lit->count; i++)
        if (has_row(&lit->outline[i], y))
            add_span(lit, lit->outline[i].x0, lit->outline[i].x1);
}

/* The masks of pixel rows y and y + 1 within the spans: how much of `in` is wanted, from how much
 * of a face there is. */
static void restrict_masks(mi_face_area *a, const lit_faces *lit, int32_t y,
                           const uint8_t wanted[256])
{
    for (int32_t k = 0; k < 2 && y + k < a->shape.height; k++) {
        uint8_t *mask = a->mask[k];
        for (int32_t s = 0; s < lit->spans; s++)
            memset(mask + lit->span[s][0], 0, (size_t)(lit->span[s][1] - lit->span[s][0]));
        for (int32_t i = 0; i < lit->count; i++) {
            const mi_outline *o = &lit->outline[i];
            if (has_row(o, y))
                mi_outline_row(o, MI_EDGE_MIDDLE, lit->strength[i], y + k, o->x0, o->x1,
                               mask + o->x0);
        }
        for (int32_t s = 0; s < lit->spans; s++)
            for (int32_t x = lit->span[s][0]; x < lit->span[s][1]; x++)
                mask[x] = wanted[mask[x]];
    }
}

/* Both pixel rows of chroma, one of everything else. */
static void mask_rows(const mi_face_area *a, int plane, int32_t y, int32_t k, int32_t x,
                      const uint8_t *mask[2])
{
    bool both = mi_format_is_yuv(a->shape.format) && plane > 0 && y + 1 < a->shape.height;
    mask[0] = a->mask[k] + x;
    mask[1] = a->mask[both ? 1 : k] + x;
}

static void copy_bytes(const mien_frame *out, const mien_frame *in, int plane, int32_t row,
                       int32_t from, int32_t to)
{
    if (from < to)
        memcpy(mi_row_at(out, plane, row, from), mi_row_at(in, plane, row, from),
               mien_format_row_bytes(in->format, plane, to - from));
}

static void restrict_row(mi_face_area *a, const mien_frame *in, const mien_frame *out,
                         const lit_faces *lit, int plane, int32_t y, int32_t k, int32_t row,
                         bool copy)
{
    int32_t done = 0;
    for (int32_t s = 0; s < lit->spans; s++) {
        int32_t from = lit->span[s][0], to = lit->span[s][1];
        const uint8_t *mask[2];
        if (copy)
            copy_bytes(out, in, plane, row, done, from);
        mask_rows(a, plane, y, k, from, mask);
        mi_mask_bytes(in->format, plane, mask, to - from, a->weight);
        mi_mix_bytes(mi_row_at(out, plane, row, from), mi_row_at(in, plane, row, from), a->weight,
                     mien_format_row_bytes(in->format, plane, to - from));
        done = to;
    }
    if (copy)
        copy_bytes(out, in, plane, row, done, in->width);
}

void mi_face_area_restrict(mi_face_area *a, const mien_frame *in, const mien_frame *out,
                           const mi_guarded *faces, int32_t count, mi_area_shares shares)
{
    if (mi_area_is_frame(shares))
        return;
    lit_faces lit;
    uint8_t wanted[256], inside = strength_of(shares.faces), rest = strength_of(shares.rest);
    light_faces(&lit, out, faces, count, false);
    for (int32_t m = 0; m < 256; m++)
        wanted[m] = (uint8_t)(255 - (rest * (255 - m) + inside * m + 127) / 255);
    bool copy = rest == 0, keep = rest == 255;
    for (int32_t y = 0; y < in->height; y += 2) {
        find_spans(&lit, y);
        if (!copy && !keep)
            add_span(&lit, 0, in->width);
        if (keep && lit.spans == 0)
            continue;
        restrict_masks(a, &lit, y, wanted);
        for (int p = 0; p < mien_format_planes(in->format); p++) {
            int32_t first, rows = mi_plane_rows(in, p, y, &first);
            for (int32_t k = 0; k < rows; k++)
                restrict_row(a, in, out, &lit, p, y, k, first + k, copy);
        }
    }
}

/* Takes a face in front out of a cover's mask of pixel row y. */
static void leave_out(mi_face_area *a, const mi_outline *face, int32_t y, uint8_t *mask)
{
    const mi_outline *o = &a->cover.outline;
    int32_t from = o->x0 > face->x0 ? o->x0 : face->x0, to = o->x1 < face->x1 ? o->x1 : face->x1;
    if (!has_row(face, y) || from >= to)
        return;
    memset(a->front, 0, (size_t)(to - from));
    mi_outline_row(face, MI_EDGE_MIDDLE, 255, y, from, to, a->front);
    mask += from - o->x0;
    for (int32_t i = 0; i < to - from; i++)
        mask[i] = (uint8_t)((mask[i] * (255 - a->front[i]) + 127) / 255);
}

static void cover_rows(mi_face_area *a, const mien_frame *out, int32_t y, uint8_t strength,
                       const lit_faces *front)
{
    const mi_outline *o = &a->cover.outline;
    int32_t pixels = o->x1 - o->x0;
    for (int32_t k = 0; k < 2 && y + k < out->height; k++) {
        memset(a->mask[k], 0, (size_t)pixels);
        mi_outline_row(o, MI_EDGE_OUTSIDE, strength, y + k, o->x0, o->x1, a->mask[k]);
        for (int32_t i = 0; i < front->count; i++)
            leave_out(a, &front->outline[i], y + k, a->mask[k]);
    }
    for (int p = 0; p < mien_format_planes(out->format); p++) {
        int32_t first, rows = mi_plane_rows(out, p, y, &first);
        for (int32_t k = 0; k < rows; k++) {
            const uint8_t *mask[2];
            mask_rows(a, p, y, k, 0, mask);
            mi_mask_bytes(out->format, p, mask, pixels, a->weight);
            mi_mix_bytes(mi_row_at(out, p, first + k, o->x0),
                         mi_cover_row(&a->cover, p, first + k), a->weight,
                         mien_format_row_bytes(out->format, p, pixels));
        }
    }
}

void mi_face_area_cover(mi_face_area *a, const mien_frame *out, const mi_guarded *faces,
                        int32_t count, mi_on_lost on_lost)
{
    lit_faces front;
    light_faces(&front, out, faces, count, true);
    for (int32_t i = 0; i < count; i++) {
        uint8_t strength = strength_of(faces[i].cover);
        if (strength == 0)
            continue;
        mi_cover_start(&a->cover, out, &faces[i], on_lost);
        for (int32_t y = a->cover.outline.y0; y < a->cover.outline.y1; y += 2)
            cover_rows(a, out, y, strength, &front);
    }
}

void mi_face_area_keep(mi_face_area *a, const mien_frame *out, const mi_guarded *faces,
                       int32_t count)
{
    mi_kept_update(&a->kept, out, faces, count);
}
