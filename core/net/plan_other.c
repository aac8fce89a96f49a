/* Steps of everything that is no convolution. */
#include "planner.h"

#include "net/small_layer.h"

/* Lanes that share one instance norm's sums: enough for a CPU's cores and a GPU's units at the
 * sizes in use, few enough that one invocation can add them up. */
enum { NORM_STRIPS = 64 };

/* Takes a following activation into the step. *out: the step's output so far and then. */
static void fuse_act(planner *p, mi_step *s, int32_t *out)
{
    const mi_node *next = mi_only_reader(p, *out);
    if (s->spec[0] == MI_ACT_NONE && next && mi_plain_act(next)) {
        mi_set_act(s, next);
        mi_swallow(p, next, out);
    }
}

/* Ends a step that writes tensor `out` after taking in an activation. */
static void finish_step(planner *p, mi_step *s, int32_t out)
{
    const mi_node *act = mi_only_reader(p, out);
    if (act && (act->op != MI_OP_ACT || (!mi_small_act(act) && act->act != MI_ACT_SIGMOID)))
        act = NULL;
    if (!mi_small_values(p, s, mi_planner_tensor(p, out), act))
        fuse_act(p, s, &out);
    else if (act)
        mi_swallow(p, act, &out);
    s->out = mi_planner_place(p, out);
    mi_planner_commit(p, s);
}

/* Takes a following addition of a tensor that is there into the step, as finish.glsl has it:
 * *operand becomes that tensor's buffer. Nothing can be made ready now that a step is being
 * made. */
static void fuse_sum(planner *p, mi_step *s, int32_t *operand, int32_t *out)
{
    const mi_node *add = mi_only_reader(p, *out);
    if (!add || add->op != MI_OP_ADD)
        return;
    int32_t other = add->in[0] == *out ? add->in[1] : add->in[0];
    if (other == *out || !mi_is_ready(p, other) ||
        !mi_same_size(mi_planner_tensor(p, other), mi_planner_tensor(p, add->out)) ||
        !mi_same_size(mi_planner_tensor(p, *out), mi_planner_tensor(p, add->out)))
        return;
    *operand = p->buffer[other];
    s->spec[2] = s->spec[0] == MI_ACT_NONE ? 1 : 2;
    mi_swallow(p, add, out);
}

/* Ends a step that writes tensor `out` after taking in [activation] [addition] [activation]. */
static void finish_sum_step(planner *p, mi_step *s, int32_t *operand, int32_t out)
{
    fuse_act(p, s, &out);
    fuse_sum(p, s, operand, &out);
    if (s->spec[2] != 2)
        fuse_act(p, s, &out);
    s->out = mi_planner_place(p, out);
    mi_planner_commit(p, s);
}

/* The same for a step of the kernel of small pictures: the maximum of kh x kw values and in1. */
static void finish_small(planner *p, mi_step *s, int32_t out)
{
    const mi_node *act = mi_only_reader(p, out);
    int32_t channels = mi_planner_tensor(p, out)->c;
    if (act && act->op == MI_OP_ACT && mi_small_act(act))
        mi_swallow(p, act, &out);
    else
        act = NULL;
    s->push.c1 = s->push.oq;
    mi_small_set(p, s, SMALL_WINDOW, act, channels, s->in1 == MI_BUFFER_NONE ? 0 : 1);
    s->out = mi_planner_place(p, out);
    mi_planner_commit(p, s);
}

/* A window of one pixel, of an input that is seen upsampled by two `zoom` times. */
static void set_window(mi_step *s, int32_t zoom)
{
    s->push.kh = s->push.kw = s->push.sh = s->push.sw = 1;
    s->push.xs = zoom;
}

static void set_flat_groups(mi_step *s)
{
    s->groups[0] = mi_divide_up(s->push.ow * s->push.oh, 256);
    s->groups[1] = 1;
    s->groups[2] = (uint32_t)s->push.oq;
}

static void set_row_groups(mi_step *s)
{
    s->groups[0] = mi_divide_up(s->push.ow, 32);
    s->groups[1] = mi_divide_up(s->push.oh, 2);
    s->groups[2] = (uint32_t)s->push.oq;
}

static void set_plane_groups(mi_step *s)
{
    s->groups[0] = mi_divide_up(s->push.ow, 8);
    s->groups[1] = mi_divide_up(s->push.oh, 8);
    s->groups[2] = (uint32_t)s->push.oq;
}

/* A constant tensor of one value a channel. */
static int32_t pack_channels(planner *p, int32_t t, int32_t channels)
{
    return mi_pack_vector(&p->plan->blob, mi_planner_tensor(p, t)->data, channels, false);
}

int32_t mi_pack_slopes(planner *p, const mi_node *prelu, int32_t channels)
{
    const mi_tensor *slope = mi_planner_tensor(p, prelu->in[1]);
    return mi_pack_vector(&p->plan->blob, slope->data, channels,
                          (int64_t)slope->c * slope->h * slope->w == 1);
}

static int plan_elementwise(planner *p, const mi_node *n)
{
    static const uint32_t code[] = {[MI_OP_ADD] = 1, [MI_OP_SUB] = 2, [MI_OP_MUL] = 3,
                                    [MI_OP_DIV] = 4, [MI_OP_MAX] = 7, [MI_OP_MIN] = 8,
                                    [MI_OP_POW] = 9};
    const mi_tensor *o = mi_planner_tensor(p, n->out);
    if (n->op == MI_OP_ADD) /* pads that no convolution took */
        for (int k = 0; k < 2; k++)
            mi_make_ready(p, n->in[k]);
    mi_step *s = mi_planner_step(p, MI_KERNEL_ELEMENTWISE);
    if (!s)
        return mi_planner_no_memory(p);
    int32_t a = n->in[0], b = -1;
    if (n->op == MI_OP_AFFINE) {
        s->spec[3] = 5;
        s->spec[4] = 1;
        s->push.qs = 1;
        s->push.in1 = pack_channels(p, n->in[1], o->c);
        s->push.bias = pack_channels(p, n->in[2], o->c);
    } else if (n->op == MI_OP_ACT && n->act == MI_ACT_PRELU) {
        s->spec[3] = 6;
        s->spec[4] = 1;
        s->push.qs = 1;
        s->push.in1 = mi_pack_slopes(p, n, o->c);
    } else if (n->op == MI_OP_ACT && n->act >= MI_ACT_RARE) {
        s->spec[3] = (uint32_t)n->act;
        s->push.f0 = n->act_a;
        s->push.f1 = n->act_b;
    } else if (n->op == MI_OP_ACT) {
        mi_set_act(s, n);
    } else {
        s->spec[3] = code[n->op];
        b = n->in[1];
        if (mi_planner_tensor(p, a)->data || !mi_same_size(mi_planner_tensor(p, a), o)) {
            a = n->in[1];
            b = n->in[0];
            s->spec[6] = 1;
        }
    }
    if (mi_planner_tensor(p, a)->data || !mi_same_size(mi_planner_tensor(p, a), o))
        return mi_planner_fail(p, "both operands are broadcast, which no kernel does");
    if (b >= 0) {
        const mi_tensor *t = mi_planner_tensor(p, b);
        s->spec[4] = t->data != NULL;
        s->spec[5] = t->c == 1 && o->c > 1;
        s->push.qs = t->c == 1 ? 0 : t->h * t->w;
        s->push.ys = t->h == 1 ? 0 : t->w;
        s->push.xs = t->w == 1 ? 0 : 1;
        bool spread = s->push.ys != 0 || s->push.xs != 0;
        s->spec[1] = !spread ? 0 : t->h == o->h && t->w == o->w ? 1 : 2;
        if (t->data)
            s->push.in1 = mi_pack_tensor(&p->plan->blob, t);
        else
            s->in1 = p->buffer[b];
    }
    mi_planner_shapes(p, s, a, n->out);
    s->push.c0 = o->c;
    set_flat_groups(s);
    if (n->op == MI_OP_ADD && s->in1 != MI_BUFFER_NONE && mi_small_window(p, o, 1) &&
        mi_same_size(mi_planner_tensor(p, b), o)) {
        set_window(s, 0);
        finish_small(p, s, n->out);
        return MIEN_OK;
    }
    finish_step(p, s, n->out);
    return MIEN_OK;
}

/* Sums over strips of tensor t, for a norm whose convolution left no statistics: their piece. */
static int32_t plan_norm_sums(planner *p, const mi_node *n)
{
    int32_t quads = mi_quads(mi_planner_tensor(p, n->in[0])->c);
    mi_step *s = mi_planner_step(p, MI_KERNEL_NORM_SUM);
    int32_t sums = mi_planner_piece(p, (int64_t)quads * NORM_STRIPS * 2);
    if (!s || sums < 0)
        return MI_BUFFER_NONE;
    mi_planner_shapes(p, s, n->in[0], n->out);
    s->push.c1 = NORM_STRIPS;
    s->groups[0] = NORM_STRIPS / 8;
    s->groups[1] = 1;
    s->groups[2] = (uint32_t)quads;
    s->out = sums;
    mi_planner_commit(p, s);
    return sums;
}

/* Scale and shift of each quad: their piece. */
static int32_t plan_norm_scales(planner *p, const mi_node *n, int32_t sums, mi_tile_stats tiles)
{
    int32_t c = mi_planner_tensor(p, n->in[0])->c;
    mi_step *s = mi_planner_step(p, MI_KERNEL_NORM_SCALE);
    int32_t scales = mi_planner_piece(p, (int64_t)mi_quads(c) * 2);
    if (!s || scales < 0)
        return MI_BUFFER_NONE;
    mi_planner_shapes(p, s, n->in[0], n->out);
    s->spec[3] = tiles.rows > 0;
    s->push.c1 = tiles.rows > 0 ? tiles.rows : NORM_STRIPS;
    s->push.f0 = n->epsilon;
    s->push.weights = pack_channels(p, n->in[1], c);
    s->push.bias = pack_channels(p, n->in[2], c);
    s->groups[0] = mi_divide_up(mi_quads(c), 8);
    s->groups[1] = s->groups[2] = 1;
    s->in1 = tiles.rows > 0 ? tiles.piece : sums;
    s->out = scales;
    mi_planner_commit(p, s);
    return scales;
}

static int plan_norm(planner *p, const mi_node *n)
{
    mi_tile_stats tiles = p->stats[n->in[0]];
    int32_t sums = tiles.rows > 0 ? MI_BUFFER_NONE : plan_norm_sums(p, n);
    if (tiles.rows == 0 && sums < 0)
        return mi_planner_no_memory(p);
    int32_t scales = plan_norm_scales(p, n, sums, tiles);
    if (scales < 0)
        return mi_planner_no_memory(p);
    mi_step *s = mi_planner_step(p, MI_KERNEL_NORM_APPLY);
    if (!s)
        return mi_planner_no_memory(p);
    mi_planner_shapes(p, s, n->in[0], n->out);
    s->in1 = scales;
    set_flat_groups(s);
    finish_sum_step(p, s, &s->in2, n->out);
    return MIEN_OK;
}

/* Do quads of channels stay together in a step of rearrange.comp? What lies in the source's last
 * one beyond its channels must not come out. */
static bool keeps_quads(const mi_step *s)
{
    const struct net_push *u = &s->push;
    int32_t last = u->kh + u->c0; /* channel of the source that is not read any more */
    if (s->spec[3] == 1)
        return u->c1 != 1 && u->kh % 4 == 0;
    if (s->spec[3] == 2)
        return u->c2 % 4 == 0;
    bool inside = u->c0 >= 0 && last <= u->c2;
    return u->c1 == 1 && u->c0 % 4 == 0 && u->kw % 4 == 0 &&
           (inside || (u->c2 % 4 == 0 && s->spec[1] == MI_PAD_CONSTANT));
}

static int plan_concat(planner *p, const mi_node *n)
{
    int32_t first = 0, out = mi_planner_place(p, n->out);
    for (int32_t i = 0; i < n->inputs; i++) {
        const mi_tensor *x = mi_planner_tensor(p, n->in[i]);
        if (x->data)
            return mi_planner_fail(p, "a constant input is not supported");
        mi_step *s = mi_planner_step(p, MI_KERNEL_REARRANGE);
        if (!s || out < 0)
            return mi_planner_no_memory(p);
        mi_planner_shapes(p, s, n->in[i], n->out);
        s->push.c0 = -first;
        s->push.c1 = s->push.ys = s->push.xs = 1;
        s->push.c2 = x->c;
        s->push.kw = first;
        s->push.kh = first + x->c;
        s->spec[5] = keeps_quads(s);
        set_row_groups(s);
        s->groups[2] = (uint32_t)((first + x->c - 1) / 4 - first / 4 + 1);
        mi_small_values(p, s, mi_planner_tensor(p, n->out), NULL);
        s->out = out;
        mi_planner_commit(p, s);
        first += x->c;
    }
    return MIEN_OK;
}

static int plan_rearrange(planner *p, const mi_node *n)
{
    mi_step *s = mi_planner_step(p, MI_KERNEL_REARRANGE);
    if (!s)
        return mi_planner_no_memory(p);
    struct net_push *u = &s->push;
    mi_planner_shapes(p, s, n->in[0], n->out);
    u->c2 = mi_planner_tensor(p, n->in[0])->c;
    u->kh = mi_planner_tensor(p, n->out)->c;
    switch (n->op) {
    case MI_OP_PAD:
        s->spec[1] = (uint32_t)n->pad_mode;
        u->c0 = -n->pad.front;
        u->pad_t = -n->pad.t;
        u->pad_l = -n->pad.l;
        u->c1 = u->ys = u->xs = 1;
        u->f0 = n->pad_value;
        break;
    case MI_OP_SLICE:
        u->c0 = n->begin.c;
        u->pad_t = n->begin.h;
        u->pad_l = n->begin.w;
        u->c1 = n->step.c;
        u->ys = n->step.h;
        u->xs = n->step.w;
        break;
    default:
        s->spec[3] = n->op == MI_OP_SPACE_TO_DEPTH ? 2 : n->crd && n->block == 2 ? 3 : 1;
        s->spec[4] = (uint32_t)n->block;
        u->c1 = n->crd;
        break;
    }
    s->spec[5] = s->spec[3] < 3 && keeps_quads(s);
    set_row_groups(s);
    if (s->spec[3] == 3) {
        s->groups[0] = mi_divide_up(u->iw, 32);
        s->groups[1] = mi_divide_up(u->ih, 2);
    }
    finish_step(p, s, n->out);
    return MIEN_OK;
}

/* The parts of a copy lie in the weights: size, axes (that of the result + 4 times that of the
 * source), stride there and here. */
static int plan_copy(planner *p, const mi_node *n)
{
    float part[MI_COPY_PARTS * 4];
    mi_step *s = mi_planner_step(p, MI_KERNEL_COPY);
    if (!s)
        return mi_planner_no_memory(p);
    for (int32_t k = 0; k < n->copy.parts; k++) {
        const mi_copy_part *from = &n->copy.part[k];
        part[4 * k] = (float)from->size;
        part[4 * k + 1] = (float)(from->to_axis + 4 * from->from_axis);
        part[4 * k + 2] = (float)from->to_stride;
        part[4 * k + 3] = (float)from->from_stride;
    }
    mi_planner_shapes(p, s, n->in[0], n->out);
    s->push.c0 = mi_planner_tensor(p, n->out)->c;
    s->push.c1 = n->copy.parts;
    s->push.weights = mi_pack_vector(&p->plan->blob, part, n->copy.parts * 4, false);
    set_flat_groups(s);
    finish_step(p, s, n->out);
    return MIEN_OK;
}

/* A constant as it lies. */
static int32_t pack_list(planner *p, int32_t t)
{
    const mi_tensor *x = mi_planner_tensor(p, t);
    return mi_pack_vector(&p->plan->blob, x->data, x->c * x->h * x->w, false);
}

static int plan_resize_table(planner *p, const mi_node *n)
{
    mi_step *s = mi_planner_step(p, MI_KERNEL_RESIZE_TABLE);
    if (!s)
        return mi_planner_no_memory(p);
    mi_planner_shapes(p, s, n->in[0], n->out);
    s->push.weights = pack_list(p, n->in[1]);
    s->push.bias = pack_list(p, n->in[2]);
    s->push.kh = n->resize_taps_h;
    s->push.kw = n->resize_taps_w;
    set_plane_groups(s);
    finish_step(p, s, n->out);
    return MIEN_OK;
}

static int plan_resize(planner *p, const mi_node *n)
{
    if (n->resize == MI_RESIZE_TABLE)
        return plan_resize_table(p, n);
    mi_step *s = mi_planner_step(p, MI_KERNEL_RESIZE);
    if (!s)
        return mi_planner_no_memory(p);
    mi_planner_shapes(p, s, n->in[0], n->out);
    if (mi_is_up2(p, n) && mi_small_window(p, mi_planner_tensor(p, n->out), 1)) {
        int32_t out = n->out;
        set_window(s, 1);
        fuse_sum(p, s, &s->in1, &out);
        finish_small(p, s, out);
        return MIEN_OK;
    }
    s->spec[3] = (uint32_t)n->resize;
    s->push.f0 = n->resize_scale_h;
    s->push.f1 = n->resize_scale_w;
    s->push.c1 = s->push.oq;
    set_flat_groups(s);
    finish_sum_step(p, s, &s->in1, n->out);
    return MIEN_OK;
}

static int plan_pool(planner *p, const mi_node *n)
{
    mi_step *s = mi_planner_step(p, MI_KERNEL_POOL);
    if (!s)
        return mi_planner_no_memory(p);
    mi_planner_shapes(p, s, n->in[0], n->out);
    bool global = n->op == MI_OP_GLOBAL_AVERAGE_POOL || n->op == MI_OP_GLOBAL_MAX_POOL;
    s->spec[3] = n->op == MI_OP_AVERAGE_POOL || n->op == MI_OP_GLOBAL_AVERAGE_POOL;
    s->push.kh = global ? s->push.ih : n->conv.kh;
    s->push.kw = global ? s->push.iw : n->conv.kw;
    s->push.sh = global ? 1 : n->conv.stride_h;
    s->push.sw = global ? 1 : n->conv.stride_w;
    s->push.dh = global ? 1 : n->conv.dilation_h;
    s->push.dw = global ? 1 : n->conv.dilation_w;
    s->push.pad_t = global ? 0 : n->conv.pad_t;
    s->push.pad_l = global ? 0 : n->conv.pad_l;
    set_plane_groups(s);
    if (n->op == MI_OP_MAX_POOL && n->conv.dilation_h == 1 && n->conv.dilation_w == 1 &&
        mi_small_window(p, mi_planner_tensor(p, n->out), n->conv.kh * n->conv.kw))
        finish_small(p, s, n->out);
    else
        finish_step(p, s, n->out);
    return MIEN_OK;
}

int mi_plan_other(planner *p, const mi_node *n)
{
    switch (n->op) {
    case MI_OP_INSTANCE_NORM:
        return plan_norm(p, n);
    case MI_OP_AFFINE:
    case MI_OP_ACT:
    case MI_OP_ADD:
    case MI_OP_SUB:
    case MI_OP_MUL:
    case MI_OP_DIV:
    case MI_OP_MAX:
    case MI_OP_MIN:
    case MI_OP_POW:
        return plan_elementwise(p, n);
    case MI_OP_CONCAT:
        return plan_concat(p, n);
    case MI_OP_PAD:
    case MI_OP_DEPTH_TO_SPACE:
    case MI_OP_SPACE_TO_DEPTH:
    case MI_OP_SLICE:
        return plan_rearrange(p, n);
    case MI_OP_RESIZE:
        return plan_resize(p, n);
    case MI_OP_MAX_POOL:
    case MI_OP_AVERAGE_POOL:
    case MI_OP_GLOBAL_AVERAGE_POOL:
    case MI_OP_GLOBAL_MAX_POOL:
        return plan_pool(p, n);
    case MI_OP_COPY:
        return plan_copy(p, n);
    default:
        break;
    }
    return mi_planner_fail(p, "unknown operator");
}
