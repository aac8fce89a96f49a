#include "layout.h"

#include <string.h>

static void add_part(mi_layout *l, int32_t dim, mi_axis axis, int32_t size, int32_t stride)
{
    if (size > 1)
        l->part[l->parts++] = (mi_part){dim, axis, size, stride};
}

void mi_layout_make(mi_layout *l, int32_t rank, const int32_t *dim, const mi_axis *axis,
                    int32_t outer)
{
    int32_t stride[MI_LAYOUT_RANK], next[MI_AXES] = {1, 1, 1};
    mi_layout made = {.rank = rank}; /* `dim` may be the layout's own */
    for (int32_t k = rank - 1; k >= 0; k--) {
        made.dim[k] = dim[k];
        stride[k] = next[axis[k]];
        if (k != outer)
            next[axis[k]] *= dim[k];
    }
    if (outer >= 0)
        stride[outer] = next[axis[outer]];
    for (int32_t k = 0; k < rank; k++)
        add_part(&made, k, axis[k], dim[k], stride[k]);
    *l = made;
}

void mi_layout_plain(mi_layout *l, int32_t rank, const int32_t *dim)
{
    mi_axis axis[MI_LAYOUT_RANK];
    for (int32_t k = 0; k < rank; k++)
        axis[k] = k == rank - 1 ? MI_AXIS_W : k == rank - 2 ? MI_AXIS_H : MI_AXIS_C;
    mi_layout_make(l, rank, dim, axis, -1);
}

void mi_layout_size(const mi_layout *l, int32_t size[MI_AXES])
{
    for (int32_t k = 0; k < MI_AXES; k++)
        size[k] = 1;
    for (int32_t k = 0; k < l->parts; k++)
        size[l->part[k].axis] *= l->part[k].size;
}

bool mi_layout_same(const mi_layout *a, const mi_layout *b)
{
    if (a->rank != b->rank || a->parts != b->parts)
        return false;
    for (int32_t k = 0; k < a->rank; k++)
        if (a->dim[k] != b->dim[k])
            return false;
    for (int32_t k = 0; k < a->parts; k++) {
        const mi_part *p = &a->part[k], *q = &b->part[k];
        if (p->dim != q->dim || p->axis != q->axis || p->size != q->size ||
            p->stride != q->stride)
            return false;
    }
    return true;
}

/* Neighbours that are digits of one number become one part. */
static void join_parts(mi_layout *l)
{
    int32_t kept = 0;
    for (int32_t k = 0; k < l->parts; k++) {
        mi_part *last = kept ? &l->part[kept - 1] : NULL, *p = &l->part[k];
        if (last && last->dim == p->dim && last->axis == p->axis &&
            last->stride == p->size * p->stride) {
            last->size *= p->size;
            last->stride = p->stride;
        } else {
            l->part[kept++] = *p;
        }
    }
    l->parts = kept;
}

/* The more significant `size` of what is left of a part; false if it cannot be cut there. */
static bool cut(mi_part *left, int32_t size, mi_part *piece)
{
    if (left->size % size)
        return false;
    *piece = *left;
    piece->size = size;
    piece->stride = left->stride * (left->size / size);
    left->size /= size;
    return true;
}

bool mi_layout_reshape(const mi_layout *in, int32_t rank, const int32_t *dim, mi_layout *out)
{
    mi_layout l = {.rank = rank};
    int32_t at = 0;
    mi_part left = {.size = 1};
    for (int32_t k = 0; k < rank; k++) {
        l.dim[k] = dim[k];
        for (int32_t wanted = dim[k]; wanted > 1;) {
            if (left.size == 1) {
                if (at == in->parts)
                    return false;
                left = in->part[at++];
            }
            int32_t size = left.size < wanted ? left.size : wanted;
            mi_part piece;
            if (wanted % size || !cut(&left, size, &piece) || l.parts == MI_COPY_PARTS)
                return false;
            add_part(&l, k, piece.axis, piece.size, piece.stride);
            wanted /= size;
        }
    }
    if (left.size > 1 || at < in->parts)
        return false;
    join_parts(&l);
    *out = l;
    return true;
}

void mi_layout_permute(const mi_layout *in, const int32_t *perm, mi_layout *out)
{
    mi_layout l = {.rank = in->rank};
    for (int32_t k = 0; k < in->rank; k++) {
        l.dim[k] = in->dim[perm[k]];
        for (int32_t i = 0; i < in->parts; i++)
            if (in->part[i].dim == perm[k])
                add_part(&l, k, in->part[i].axis, in->part[i].size, in->part[i].stride);
    }
    *out = l;
}

void mi_layout_widen(mi_layout *l, int32_t rank)
{
    int32_t more = rank - l->rank;
    if (more <= 0)
        return;
    memmove(l->dim + more, l->dim, (size_t)l->rank * sizeof *l->dim);
    for (int32_t k = 0; k < more; k++)
        l->dim[k] = 1;
    for (int32_t k = 0; k < l->parts; k++)
        l->part[k].dim += more;
    l->rank = rank;
}

mi_axis mi_layout_alone(const mi_layout *l, int32_t dim)
{
    mi_axis axis = MI_AXES;
    int32_t found = 0;
    for (int32_t k = 0; k < l->parts; k++)
        if (l->part[k].dim == dim) {
            axis = l->part[k].axis;
            found++;
        }
    for (int32_t k = 0; k < l->parts; k++)
        if (l->part[k].axis == axis && l->part[k].dim != dim)
            return MI_AXES;
    return found == 1 ? axis : MI_AXES;
}

bool mi_layout_resize(mi_layout *l, int32_t dim, mi_axis axis, int32_t size)
{
    int32_t at = 0;
    while (at < l->parts && l->part[at].dim < dim)
        at++;
    bool there = at < l->parts && l->part[at].dim == dim;
    size_t behind = (size_t)(l->parts - at) * sizeof *l->part;
    if (there && size == 1) {
        memmove(&l->part[at], &l->part[at + 1], behind - sizeof *l->part);
        l->parts--;
    } else if (!there && size > 1) {
        if (l->parts == MI_COPY_PARTS)
            return false;
        memmove(&l->part[at + 1], &l->part[at], behind);
        l->parts++;
    }
    if (size > 1)
        l->part[at] = (mi_part){dim, axis, size, 1};
    l->dim[dim] = size;
    return true;
}

static bool add_copy(mi_copy *copy, const mi_part *from, const mi_part *to, bool repeat)
{
    if (copy->parts == MI_COPY_PARTS)
        return false;
    copy->part[copy->parts++] =
        (mi_copy_part){.size = to->size, .to_axis = to->axis, .to_stride = to->stride,
                       .from_axis = repeat ? MI_AXIS_C : from->axis,
                       .from_stride = repeat ? 0 : from->stride};
    return true;
}

/* Parts of dimension `dim` from *at on are one after the other. */
static bool next_part(const mi_layout *l, int32_t dim, int32_t *at, mi_part *left)
{
    if (left->size > 1)
        return true;
    if (*at == l->parts || l->part[*at].dim != dim)
        return false;
    *left = l->part[(*at)++];
    return true;
}

bool mi_layout_copy(const mi_layout *from, const mi_layout *to, mi_copy *copy)
{
    int32_t i = 0, k = 0;
    memset(copy, 0, sizeof *copy);
    for (int32_t d = 0; d < to->rank; d++) {
        mi_part source = {.size = 1}, target = {.size = 1}, a, b;
        bool repeat = from->dim[d] == 1;
        while (next_part(to, d, &k, &target)) {
            if (!repeat && !next_part(from, d, &i, &source))
                return false;
            int32_t size = repeat || target.size < source.size ? target.size : source.size;
            a = source;
            if (!cut(&target, size, &b) || (!repeat && !cut(&source, size, &a)) ||
                !add_copy(copy, &a, &b, repeat))
                return false;
        }
        if (next_part(from, d, &i, &source))
            return false;
    }
    return true;
}
