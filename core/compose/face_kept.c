#include "face_kept.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "area_rows.h"

/* The largest margin of a guard: what a cover may show later. */
static const float MARGIN = 1.6f;
static const float FAR = 65536; /* pixels */

bool mi_kept_create(mi_kept *kept, const mien_frame *shape)
{
    size_t offset[3], pitch[3];
    memset(kept, 0, sizeof *kept);
    kept->bytes = 2 * mi_frame_packed(shape->format, shape->width, shape->height, offset, pitch);
    kept->pool = malloc(kept->bytes);
    return kept->pool != NULL;
}

void mi_kept_destroy(mi_kept *kept)
{
    free(kept->pool);
    memset(kept, 0, sizeof *kept);
}

/* The first gap of that many bytes between what is kept, or pool size. */
static size_t find_gap(const mi_kept *kept, size_t bytes)
{
    size_t at = 0;
    for (bool moved = true; moved && at + bytes <= kept->bytes;) {
        moved = false;
        for (int i = 0; i < MIEN_FACES_MAX; i++) {
            const mi_kept_face *f = &kept->face[i];
            if (f->id != 0 && at < f->start + f->bytes && at + bytes > f->start) {
                at = f->start + f->bytes;
                moved = true;
            }
        }
    }
    return at + bytes <= kept->bytes ? at : kept->bytes;
}

static void face_middle(const mi_guarded *g, float *x, float *y)
{
    *x = fminf(fmaxf(g->face->x + g->face->width / 2 + g->move_x, -FAR), FAR);
    *y = fminf(fmaxf(g->face->y + g->face->height / 2 + g->move_y, -FAR), FAR);
}

static mi_kept_face describe(const mien_frame *out, const mi_guarded *g)
{
    mi_outline o;
    mi_outline_make(&o, g->face, MARGIN, g->move_x, g->move_y, out->width, out->height);
    mi_kept_face f = {.x0 = o.x0, .y0 = o.y0, .x1 = o.x1, .y1 = o.y1};
    face_middle(g, &f.middle_x, &f.middle_y);
    for (int p = 0; p < mien_format_planes(out->format); p++) {
        f.at[p] = f.bytes;
        f.pitch[p] = mien_format_row_bytes(out->format, p, f.x1 - f.x0);
        f.bytes += f.pitch[p] * (size_t)mien_format_rows(out->format, p, f.y1 - f.y0);
    }
    return f;
}

static void keep_face(mi_kept *kept, mi_kept_face *slot, const mien_frame *out,
                      const mi_guarded *g)
{
    mi_kept_face f = describe(out, g);
    f.start = find_gap(kept, f.bytes);
    if (f.bytes == 0 || f.start == kept->bytes)
        return;
    f.id = g->face->id;
    for (int p = 0; p < mien_format_planes(out->format); p++) {
        int32_t first;
        mi_plane_rows(out, p, f.y0, &first);
        f.at[p] += f.start;
        for (int32_t y = 0; y < mien_format_rows(out->format, p, f.y1 - f.y0); y++)
            memcpy(kept->pool + f.at[p] + (size_t)y * f.pitch[p],
                   mi_row_at(out, p, first + y, f.x0), f.pitch[p]);
    }
    *slot = f;
}

static mi_kept_face *find_slot(mi_kept *kept, uint32_t id)
{
    for (int i = 0; i < MIEN_FACES_MAX; i++)
        if (kept->face[i].id == id)
            return &kept->face[i];
    return NULL;
}

static const mi_guarded *find_guarded(const mi_guarded *faces, int32_t count, uint32_t id)
{
    for (int32_t i = 0; i < count; i++)
        if (faces[i].face->id == id)
            return &faces[i];
    return NULL;
}

static bool is_held(const mi_guarded *g)
{
    return g->face->lost || g->cover > 0;
}

void mi_kept_update(mi_kept *kept, const mien_frame *out, const mi_guarded *faces, int32_t count)
{
    for (int i = 0; i < MIEN_FACES_MAX; i++) {
        mi_kept_face *f = &kept->face[i];
        const mi_guarded *g = f->id ? find_guarded(faces, count, f->id) : NULL;
        if (!g || !is_held(g))
            f->id = 0;
    }
    for (int32_t i = 0; i < count; i++) {
        mi_kept_face *slot = find_slot(kept, 0);
        if (slot && !is_held(&faces[i]) && faces[i].amount > 0)
            keep_face(kept, slot, out, &faces[i]);
    }
}

static int32_t whole(float distance, int32_t step)
{
    return step * (int32_t)lrintf(distance / (float)step);
}

const mi_kept_face *mi_kept_find(const mi_kept *kept, const mien_frame *shape,
                                 const mi_guarded *g, int32_t *dx, int32_t *dy)
{
    float x, y;
    const mi_kept_face *f = find_slot((mi_kept *)kept, g->face->id);
    if (!f || f->id == 0)
        return NULL;
    face_middle(g, &x, &y);
    bool yuv = mi_format_is_yuv(shape->format);
    *dx = whole(x - f->middle_x, yuv ? 2 : 1);
    *dy = whole(y - f->middle_y, yuv && shape->format != MIEN_FORMAT_YUY2 ? 2 : 1);
    return f;
}

static int32_t clamp(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

const uint8_t *mi_kept_row(const mi_kept *kept, const mi_kept_face *f, const mien_frame *shape,
                           int plane, int32_t row, int32_t dx, int32_t dy, int32_t x0, int32_t x1,
                           uint8_t *scratch)
{
    mi_plane_info info;
    mi_plane_describe(shape->format, plane, &info);
    int32_t rows = mien_format_rows(shape->format, plane, f->y1 - f->y0);
    int32_t units = (int32_t)(f->pitch[plane] / (size_t)info.bytes);
    int32_t y = clamp(row - (dy + f->y0) / info.sub_y, 0, rows - 1);
    const uint8_t *from = kept->pool + f->at[plane] + (size_t)y * f->pitch[plane];
    int32_t start = (x0 - dx - f->x0) / info.sub_x; /* all even where sub_x is 2 */
    int32_t count = (x1 - x0 + info.sub_x - 1) / info.sub_x;
    if (start >= 0 && start + count <= units)
        return from + start * info.bytes;
    for (int32_t i = 0; i < count; i++)
        memcpy(scratch + i * info.bytes,
               from + clamp(start + i, 0, units - 1) * info.bytes, (size_t)info.bytes);
    return scratch;
}
