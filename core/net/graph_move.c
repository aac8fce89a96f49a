/* Operators that move values: joining, cutting, padding, rearranging. */
#include "graph_build.h"

#include <string.h>

/* `in` with dimension `plain` outermost on c and all else as `like` has it. */
static int lay_like(mi_build *b, const mi_value *in, int32_t plain, const mi_value *like,
                    mi_value *x)
{
    *x = *in;
    bool fits = in->layout.rank == like->layout.rank;
    for (int32_t d = 0; fits && d < in->layout.rank; d++)
        fits = d == plain || in->layout.dim[d] == like->layout.dim[d];
    if (!fits)
        return mi_build_fail(b, MIEN_ERR_MODEL, "the dimensions of its inputs do not fit");
    mi_layout want = like->layout;
    int32_t size[MI_AXES], inner, at = 0;
    mi_layout_size(&want, size);
    inner = size[MI_AXIS_C] / want.dim[plain];
    want.dim[plain] = in->layout.dim[plain];
    want.parts = 0;
    for (int32_t d = 0; d < want.rank; d++) {
        while (at < like->layout.parts && like->layout.part[at].dim < d)
            at++;
        if (d == plain && want.dim[d] > 1)
            want.part[want.parts++] = (mi_part){d, MI_AXIS_C, want.dim[d], inner};
        for (; d != plain && at < like->layout.parts && like->layout.part[at].dim == d; at++)
            want.part[want.parts++] = like->layout.part[at];
    }
    x->layout = want;
    return mi_build_lay(b, in, &want, &x->tensor);
}

/* Appends x along a dimension that is outermost on c in both; all else is alike. *node is the node
 * that may still have room, NULL at first. */
static int join(mi_build *b, mi_value *whole, const mi_value *x, int32_t plain, mi_node **node)
{
    /* What came between may be what is appended now, and must be computed before. */
    if (*node && b->graph->node[b->graph->nodes - 1].out != whole->tensor)
        *node = NULL;
    const mi_tensor t = *mi_build_tensor(b, x), sum = *mi_build_tensor(b, whole);
    int64_t c = (int64_t)sum.c + t.c;
    if (c > MI_ONNX_VALUES_MAX / ((int64_t)sum.h * sum.w))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "its result is too large");
    if (!*node || (*node)->inputs == MI_NODE_INPUTS) {
        int status = mi_build_node(b, MI_OP_CONCAT, whole->tensor, c, sum.h, sum.w, node);
        if (status < 0)
            return status;
        whole->tensor = (*node)->out;
    }
    mi_build_connect(b, *node, x->tensor);
    b->graph->tensor[whole->tensor].c = (int32_t)c;
    mi_layout *l = &whole->layout;
    int32_t inner = sum.c / l->dim[plain], at = 0, from = l->dim[plain];
    l->dim[plain] += x->layout.dim[plain];
    while (at < l->parts && l->part[at].dim < plain)
        at++;
    if (from == 1) {
        memmove(&l->part[at + 1], &l->part[at], (size_t)(l->parts - at) * sizeof *l->part);
        l->parts++;
    }
    l->part[at] = (mi_part){plain, MI_AXIS_C, l->dim[plain], inner};
    return 0;
}

/* Appends x to `whole`, which is nothing at first. */
static int append(mi_build *b, const mi_value *x, int32_t plain, mi_value *whole, mi_node **node)
{
    mi_value part;
    if (whole->kind == MI_VALUE_NONE) {
        int status = mi_build_on_c(b, x, plain, true, whole);
        if (status >= 0 && whole->layout.parts == MI_COPY_PARTS)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "too many dimensions in one");
        return status;
    }
    int status = lay_like(b, x, plain, whole, &part);
    return status < 0 ? status : join(b, whole, &part, plain, node);
}

int mi_build_concat(mi_build *b)
{
    mi_value *x, whole = {.kind = MI_VALUE_NONE};
    int32_t axis, plain;
    mi_node *node = NULL;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0 && !mi_onnx_find(&b->model, b->at, "axis"))
        return mi_build_fail(b, MIEN_ERR_MODEL, "axis is missing");
    if (status >= 0)
        status = mi_build_int(b, "axis", 1, -MI_LAYOUT_RANK, MI_LAYOUT_RANK - 1, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, x->layout.rank, &plain);
    if (status >= 0 && b->at->ins == 1)
        return mi_build_out(b, 0, x);
    for (int32_t k = 0; status >= 0 && k < b->at->ins; k++) {
        status = mi_build_run(b, k, &x);
        if (status >= 0)
            status = append(b, x, plain, &whole, &node);
    }
    return status < 0 ? status : mi_build_out(b, 0, &whole);
}

/* Pads as begins and, from MI_LAYOUT_RANK on, ends in the order of the model. */
static int read_pads(const mi_build *b, int32_t rank, int64_t pad[2 * MI_LAYOUT_RANK])
{
    int64_t list[2 * MI_LAYOUT_RANK], axis[MI_LAYOUT_RANK] = {0, 1, 2, 3, 4, 5, 6, 7};
    int32_t count, axes;
    int status = mi_build_list(b, "pads", 1, list, 2 * MI_LAYOUT_RANK, &count);
    if (status >= 0)
        status = mi_build_list(b, "axes", 3, axis, MI_LAYOUT_RANK, &axes);
    if (status < 0)
        return status;
    axes = axes < 0 ? rank : axes;
    if (count != 2 * axes)
        return mi_build_fail(b, MIEN_ERR_MODEL, "%d pads for %d dimensions", (int)count,
                             (int)axes);
    memset(pad, 0, 2 * MI_LAYOUT_RANK * sizeof *pad);
    for (int32_t k = 0; k < axes; k++) {
        int32_t at;
        status = mi_build_axis(b, axis[k], rank, &at);
        if (status < 0)
            return status;
        pad[at] = list[k];
        pad[MI_LAYOUT_RANK + at] = list[axes + k];
    }
    for (int32_t k = 0; k < 2 * MI_LAYOUT_RANK; k++)
        if (pad[k] < 0 || pad[k] > 1 << 20)
            return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a pad of %lld", (long long)pad[k]);
    return 0;
}

static int pad_constant(const mi_build *b, float *value)
{
    *value = 0;
    if (mi_build_in(b, 2))
        return mi_build_scalar(b, 2, value);
    return mi_build_float(b, "value", 0, value);
}

typedef struct padding {
    mi_pad_mode mode;
    float value;
    int64_t size[2 * MI_LAYOUT_RANK];
} padding;

/* Pads the dimensions in the set `these`. */
static int emit_pad(mi_build *b, const padding *pad, uint32_t these, mi_value *x)
{
    mi_value from = *x;
    mi_axis axis[MI_LAYOUT_RANK];
    int64_t before[MI_AXES] = {0}, after[MI_AXES] = {0};
    int status = mi_build_alone(b, &from, these, x, axis);
    if (status < 0)
        return status;
    const mi_tensor t = *mi_build_tensor(b, x);
    for (int32_t k = 0; k < x->layout.rank; k++) {
        if (!(these >> k & 1))
            continue;
        before[axis[k]] = pad->size[k];
        after[axis[k]] = pad->size[MI_LAYOUT_RANK + k];
        if (pad->mode == MI_PAD_REFLECT &&
            (pad->size[k] >= x->layout.dim[k] ||
             pad->size[MI_LAYOUT_RANK + k] >= x->layout.dim[k]))
            return mi_build_fail(b, MIEN_ERR_MODEL, "reflects more than there is (%d values)",
                                 (int)x->layout.dim[k]);
        status = mi_build_resized(b, &x->layout, k, axis[k],
                                  (int32_t)(x->layout.dim[k] + before[axis[k]] + after[axis[k]]));
        if (status < 0)
            return status;
    }
    mi_node *node;
    status = mi_build_node(b, MI_OP_PAD, x->tensor, t.c + before[0] + after[0],
                           t.h + before[1] + after[1], t.w + before[2] + after[2], &node);
    if (status < 0)
        return status;
    node->pad.front = (int32_t)before[0];
    node->pad.back = (int32_t)after[0];
    node->pad.t = (int32_t)before[1];
    node->pad.b = (int32_t)after[1];
    node->pad.l = (int32_t)before[2];
    node->pad.r = (int32_t)after[2];
    node->pad_mode = pad->mode;
    node->pad_value = pad->value;
    x->tensor = node->out;
    return 0;
}

/* Can the dimensions of the set each have an axis? */
static bool fit_axes(const mi_layout *l, uint32_t these)
{
    int32_t count = 0, others = 0;
    bool alone = true;
    for (int32_t k = 0; k < l->rank; k++) {
        if (these >> k & 1) {
            count++;
            alone = alone && mi_layout_alone(l, k) != MI_AXES;
        } else {
            others += l->dim[k] > 1;
        }
    }
    return alone || count < MI_AXES || (count == MI_AXES && !others);
}

typedef int change(mi_build *b, const void *how, uint32_t these, mi_value *x);

/* A change of several dimensions at once, or of one after the other. */
static int change_dims(mi_build *b, change *what, const void *how, uint32_t these, mi_value *x)
{
    if (fit_axes(&x->layout, these))
        return what(b, how, these, x);
    for (int32_t k = 0; k < x->layout.rank; k++) {
        int status = these >> k & 1 ? what(b, how, 1u << k, x) : 0;
        if (status < 0)
            return status;
    }
    return 0;
}

static int pad_dims(mi_build *b, const void *how, uint32_t these, mi_value *x)
{
    return emit_pad(b, how, these, x);
}

int mi_build_pad(mi_build *b)
{
    static const char *const modes[] = {"constant", "edge", "reflect"};
    mi_value *x, out;
    padding pad = {.value = 0};
    int32_t mode;
    uint32_t these = 0;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_choice(b, "mode", modes, 3, &mode);
    if (status >= 0)
        status = read_pads(b, x->layout.rank, pad.size);
    if (status >= 0 && mode == MI_PAD_CONSTANT)
        status = pad_constant(b, &pad.value);
    if (status < 0)
        return status;
    pad.mode = (mi_pad_mode)mode;
    for (int32_t k = 0; k < x->layout.rank; k++)
        if (pad.size[k] || pad.size[MI_LAYOUT_RANK + k])
            these |= 1u << k;
    out = *x;
    if (these)
        status = change_dims(b, pad_dims, &pad, these, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

/* Output 0 is input 0 cut into the dimensions `cut`, these in the order `perm`, joined to
 * `shape`. */
static int build_recut(mi_build *b, const int32_t cut[6], const int32_t perm[6],
                       const int32_t shape[4])
{
    mi_value x = *mi_build_in(b, 0), y;
    int status = mi_build_reshaped(b, &x, 6, cut, &y);
    if (status < 0)
        return status;
    mi_layout_permute(&y.layout, perm, &y.layout);
    status = mi_build_reshaped(b, &y, 4, shape, &x);
    return status < 0 ? status : mi_build_out(b, 0, &x);
}

int mi_build_depth_to_space(mi_build *b)
{
    static const char *const modes[] = {"DCR", "CRD"};
    mi_pictures p;
    int32_t block, mode;
    int status = mi_build_pictures(b, 0, &p);
    if (status >= 0)
        status = mi_build_int(b, "blocksize", 0, 1, 256, &block);
    if (status >= 0)
        status = mi_build_choice(b, "mode", modes, 2, &mode);
    if (status < 0)
        return status;
    /* Absent: the standard passes the range check of the function. */
    if (block < 1 || p.c % (block * block) || p.rank != 4)
        return mi_build_fail(b, MIEN_ERR_MODEL, "blocksize %d does not fit %d channels",
                             (int)block, (int)p.c);
    if (p.n > 1 && !mode) {
        /* In the other order the batch stays outermost among the channels. */
        const int32_t cut[6] = {p.n, block, block, p.c / (block * block), p.h, p.w};
        static const int32_t perm[6] = {0, 3, 4, 1, 5, 2};
        return build_recut(b, cut, perm, (int32_t[]){p.n, cut[3], p.h * block, p.w * block});
    }
    mi_node *node;
    status = mi_build_node(b, MI_OP_DEPTH_TO_SPACE, p.tensor, p.n * p.c / (block * block),
                           (int64_t)p.h * block, (int64_t)p.w * block, &node);
    if (status < 0)
        return status;
    node->block = block;
    node->crd = mode;
    return mi_build_out_pictures(b, 0, node->out, p.n, p.rank);
}

int mi_build_space_to_depth(mi_build *b)
{
    mi_pictures p;
    int32_t block;
    int status = mi_build_pictures(b, 0, &p);
    if (status >= 0)
        status = mi_build_int(b, "blocksize", 0, 1, 256, &block);
    if (status < 0)
        return status;
    if (block < 1 || p.h % block || p.w % block || p.rank != 4)
        return mi_build_fail(b, MIEN_ERR_MODEL, "blocksize %d does not fit %dx%d", (int)block,
                             (int)p.w, (int)p.h);
    if (p.n > 1) {
        const int32_t cut[6] = {p.n, p.c, p.h / block, block, p.w / block, block};
        static const int32_t perm[6] = {0, 3, 5, 1, 2, 4};
        return build_recut(b, cut, perm, (int32_t[]){p.n, p.c * block * block, cut[2], cut[4]});
    }
    mi_node *node;
    status = mi_build_node(b, MI_OP_SPACE_TO_DEPTH, p.tensor, (int64_t)p.c * block * block,
                           p.h / block, p.w / block, &node);
    if (status < 0)
        return status;
    node->block = block;
    return mi_build_out_pictures(b, 0, node->out, p.n, p.rank);
}

/* Cuts the dimensions in the set `these` out. */
static int slice_dims(mi_build *b, const void *how, uint32_t these, mi_value *x)
{
    const mi_slice *s = how;
    mi_value from = *x;
    mi_axis axis[MI_LAYOUT_RANK];
    int32_t begin[MI_AXES] = {0}, step[MI_AXES] = {1, 1, 1};
    int status = mi_build_alone(b, &from, these, x, axis);
    if (status < 0)
        return status;
    const mi_tensor t = *mi_build_tensor(b, x);
    int64_t size[MI_AXES] = {t.c, t.h, t.w};
    for (int32_t k = 0; k < x->layout.rank; k++) {
        if (!(these >> k & 1))
            continue;
        begin[axis[k]] = (int32_t)s->begin[k];
        step[axis[k]] = (int32_t)s->step[k];
        size[axis[k]] = s->count[k];
        status = mi_build_resized(b, &x->layout, k, axis[k], (int32_t)s->count[k]);
        if (status < 0)
            return status;
    }
    mi_node *node;
    status = mi_build_node(b, MI_OP_SLICE, x->tensor, size[0], size[1], size[2], &node);
    if (status < 0)
        return status;
    node->begin.c = begin[0];
    node->begin.h = begin[1];
    node->begin.w = begin[2];
    node->step.c = step[0];
    node->step.h = step[1];
    node->step.w = step[2];
    x->tensor = node->out;
    return 0;
}

static int emit_slice(mi_build *b, const mi_value *x, const mi_slice *s, mi_value *out)
{
    uint32_t these = 0;
    for (int32_t k = 0; k < x->layout.rank; k++) {
        if (s->count[k] < 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "its result is empty");
        if (s->count[k] != x->layout.dim[k] || s->step[k] < 0)
            these |= 1u << k;
    }
    *out = *x;
    return these ? change_dims(b, slice_dims, s, these, out) : 0;
}

int mi_build_slices(mi_build *b)
{
    mi_value *x, out;
    mi_slice slice;
    int32_t rank;
    int64_t dim[MI_ONNX_RANK];
    int status = mi_build_run(b, 0, &x);
    if (status < 0)
        return status;
    mi_build_dims(x, &rank, dim);
    status = mi_build_slice(b, rank, dim, &slice);
    if (status < 0)
        return status;
    for (int32_t k = 0; k < rank; k++) /* a step that leads nowhere needs no room in a shader */
        if (slice.count[k] <= 1)
            slice.step[k] = 1;
    status = emit_slice(b, x, &slice, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

/* `count` values of dimension `dim` from `begin` on. */
static int piece(mi_build *b, const mi_value *x, int32_t dim, int64_t begin, int64_t count,
                 mi_value *out)
{
    mi_slice slice = {.begin = {0}};
    for (int32_t k = 0; k < x->layout.rank; k++) {
        slice.step[k] = 1;
        slice.count[k] = x->layout.dim[k];
    }
    slice.begin[dim] = begin;
    slice.count[dim] = count;
    return emit_slice(b, x, &slice, out);
}

/* Each part is a slice. */
int mi_build_split(mi_build *b)
{
    mi_value *x, part_value;
    int32_t axis, plain, sizes, outs = b->at->outs;
    int64_t size[64];
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_int(b, "axis", 0, -MI_LAYOUT_RANK, MI_LAYOUT_RANK - 1, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, x->layout.rank, &plain);
    if (status >= 0)
        status = mi_build_list(b, "split", 1, size, 64, &sizes);
    if (status < 0)
        return status;
    if (outs > 64 || (sizes >= 0 && sizes != outs))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%d parts along axis %d", (int)outs,
                             (int)axis);
    int64_t whole = x->layout.dim[plain], each = outs ? (whole + outs - 1) / outs : 0, at = 0;
    for (int32_t k = 0; k < outs; k++) {
        int64_t left = whole - at, part = each < left ? each : left;
        if (sizes >= 0)
            part = size[k];
        if (part < 1 || part > left)
            return mi_build_fail(b, MIEN_ERR_MODEL, "part %d has %lld of %lld values", (int)k,
                                 (long long)part, (long long)left);
        status = piece(b, x, plain, at, part, &part_value);
        if (status >= 0)
            status = mi_build_out(b, k, &part_value);
        if (status < 0)
            return status;
        at += part;
    }
    return 0;
}

enum { GATHER_MAX = 1024 };

/* Constant indices: each run of neighbours is a slice, and the slices are joined. */
int mi_build_gather(mi_build *b)
{
    mi_value *x, *indices = mi_build_in(b, 1), whole = {.kind = MI_VALUE_NONE}, part;
    int32_t axis, plain, dim[MI_LAYOUT_RANK], rank = 0;
    mi_node *node = NULL;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_int(b, "axis", 0, -MI_LAYOUT_RANK, MI_LAYOUT_RANK - 1, &axis);
    if (status >= 0)
        status = mi_build_axis(b, axis, x->layout.rank, &plain);
    if (status < 0)
        return status;
    if (!indices || indices->kind != MI_VALUE_CONST || !indices->con.is_int)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "the indices are not constant");
    const mi_const *con = &indices->con;
    int64_t size = x->layout.dim[plain];
    if (con->count < 1 || con->count > GATHER_MAX ||
        x->layout.rank - 1 + con->rank > MI_LAYOUT_RANK)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "%lld indices", (long long)con->count);
    for (int64_t k = 0, run; k < con->count; k += run) {
        int64_t from = con->i[k] < 0 ? con->i[k] + size : con->i[k];
        if (from < 0 || from >= size)
            return mi_build_fail(b, MIEN_ERR_MODEL, "index %lld of %lld values",
                                 (long long)con->i[k], (long long)size);
        for (run = 1; k + run < con->count && from + run < size; run++)
            if ((con->i[k + run] < 0 ? con->i[k + run] + size : con->i[k + run]) != from + run)
                break;
        status = piece(b, x, plain, from, run, &part);
        if (status >= 0 && run == con->count)
            whole = part;
        else if (status >= 0)
            status = append(b, &part, plain, &whole, &node);
        if (status < 0)
            return status;
    }
    for (int32_t k = 0; k < plain; k++)
        dim[rank++] = whole.layout.dim[k];
    for (int32_t k = 0; k < con->rank; k++)
        dim[rank++] = (int32_t)con->dim[k];
    for (int32_t k = plain + 1; k < whole.layout.rank; k++)
        dim[rank++] = whole.layout.dim[k];
    status = mi_build_reshaped(b, &whole, rank, dim, &whole);
    return status < 0 ? status : mi_build_out(b, 0, &whole);
}

/* Only the model's names of the axes change. */
int mi_build_transpose(mi_build *b)
{
    mi_value *x, out;
    int64_t list[MI_LAYOUT_RANK];
    int32_t count, perm[MI_LAYOUT_RANK];
    uint32_t seen = 0;
    int status = mi_build_run(b, 0, &x);
    if (status >= 0)
        status = mi_build_list(b, "perm", -1, list, MI_LAYOUT_RANK, &count);
    if (status < 0)
        return status;
    if (count >= 0 && count != x->layout.rank)
        return mi_build_fail(b, MIEN_ERR_MODEL, "perm has %d values, not %d", (int)count,
                             (int)x->layout.rank);
    for (int32_t k = 0; k < x->layout.rank; k++) {
        int64_t from = count >= 0 ? list[k] : x->layout.rank - 1 - k;
        if (from < 0 || from >= x->layout.rank || seen >> from & 1)
            return mi_build_fail(b, MIEN_ERR_MODEL, "perm is no order of the dimensions");
        seen |= 1u << from;
        perm[k] = (int32_t)from;
    }
    out = *x;
    mi_layout_permute(&x->layout, perm, &out.layout);
    return mi_build_out(b, 0, &out);
}
