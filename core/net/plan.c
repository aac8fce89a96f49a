#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* Lanes that share one instance norm's sums: enough for a CPU's cores and a GPU's units at the
 * sizes in use, few enough that one invocation can add them up. */
enum { NORM_STRIPS = 64 };

/* State while a plan is made. */
typedef struct planner {
    mi_plan *plan;
    const mi_graph *g;
    mi_log *log;
    bool lanes8;
    int32_t *buffer;   /* of each tensor; MI_BUFFER_NONE: not computed (constant, fused away) */
    int32_t *producer; /* node that makes each tensor; -1 */
    int32_t *uses;     /* nodes that read each tensor; the output counts once more */
    bool *done;        /* nodes fused into an earlier step */
    bool *left;        /* nodes left to the convolution that reads them */
    int32_t node;      /* being planned */
} planner;

static int32_t quads(int32_t channels)
{
    return (channels + 3) / 4;
}

static const mi_tensor *tensor(const planner *p, int32_t t)
{
    return &p->g->tensor[t];
}

static uint32_t divide_up(int32_t a, int32_t b)
{
    return (uint32_t)((a + b - 1) / b);
}

static int fail_node(const planner *p, const char *why)
{
    const mi_node *n = &p->g->node[p->node];
    return mi_fail(p->log, MIEN_ERR_UNSUPPORTED, "node '%s' (%s): %s", n->name ? n->name : "",
                   mi_op_name(n->op), why);
}

static int32_t add_piece(planner *p, int64_t vec4s)
{
    mi_plan *plan = p->plan;
    if (plan->pieces == plan->piece_capacity) {
        int32_t capacity = plan->piece_capacity * 2 + 16;
        mi_piece *piece = realloc(plan->piece, (size_t)capacity * sizeof *piece);
        if (!piece)
            return MI_BUFFER_NONE;
        plan->piece = piece;
        plan->piece_capacity = capacity;
    }
    if (vec4s > INT32_MAX / 2)
        return MI_BUFFER_NONE;
    plan->piece[plan->pieces] =
        (mi_piece){.vec4s = (int32_t)vec4s, .first = plan->steps, .last = plan->steps};
    return plan->pieces++;
}

static int32_t add_tensor(planner *p, int32_t t)
{
    const mi_tensor *x = tensor(p, t);
    int32_t b = add_piece(p, (int64_t)quads(x->c) * x->h * x->w);
    p->buffer[t] = b;
    return b;
}

/* A zeroed step for the present node, or NULL. */
static mi_step *add_step(planner *p, mi_kernel kernel)
{
    mi_plan *plan = p->plan;
    if (plan->steps == plan->step_capacity) {
        int32_t capacity = plan->step_capacity * 2 + 16;
        mi_step *step = realloc(plan->step, (size_t)capacity * sizeof *step);
        if (!step)
            return NULL;
        plan->step = step;
        plan->step_capacity = capacity;
    }
    mi_step *s = &plan->step[plan->steps];
    memset(s, 0, sizeof *s);
    s->variant.kernel = kernel;
    s->in0 = s->in1 = s->in2 = s->out = MI_BUFFER_NONE;
    s->node = p->g->node[p->node].name;
    return s;
}

static void touch(planner *p, int32_t b)
{
    if (b != MI_BUFFER_NONE && p->plan->piece[b].last < p->plan->steps)
        p->plan->piece[b].last = p->plan->steps;
}

/* Ends a step: its buffers live until here. */
static void commit_step(planner *p, mi_step *s)
{
    touch(p, s->in0);
    touch(p, s->in1);
    touch(p, s->in2);
    touch(p, s->out);
    p->plan->mac += s->mac;
    p->plan->steps++;
}

static void set_shapes(planner *p, mi_step *s, int32_t in, int32_t out)
{
    const mi_tensor *i = tensor(p, in), *o = tensor(p, out);
    s->push.iw = i->w;
    s->push.ih = i->h;
    s->push.iq = quads(i->c);
    s->push.ow = o->w;
    s->push.oh = o->h;
    s->push.oq = quads(o->c);
    s->in0 = p->buffer[in];
}

/* The node that alone reads tensor t, or NULL. */
static const mi_node *only_reader(const planner *p, int32_t t)
{
    if (p->uses[t] != 1)
        return NULL;
    for (int32_t i = p->node + 1; i < p->g->nodes; i++)
        for (int32_t k = 0; k < p->g->node[i].inputs; k++)
            if (p->g->node[i].in[k] == t)
                return p->done[i] ? NULL : &p->g->node[i];
    return NULL;
}

static void swallow(planner *p, const mi_node *n, int32_t *out)
{
    p->done[n - p->g->node] = true;
    *out = n->out;
}

static bool plain_act(const mi_node *n)
{
    return n->op == MI_OP_ACT && n->act != MI_ACT_PRELU && n->act != MI_ACT_NONE;
}

static void set_act(mi_step *s, const mi_node *n)
{
    s->spec[0] = (uint32_t)n->act;
    s->push.act_a = n->act_a;
    s->push.act_b = n->act_b;
}

/* Takes a following activation into the step. *out: the step's output so far and then. */
static void fuse_act(planner *p, mi_step *s, int32_t *out)
{
    const mi_node *next = only_reader(p, *out);
    if (s->spec[0] == MI_ACT_NONE && next && plain_act(next)) {
        set_act(s, next);
        swallow(p, next, out);
    }
}

static bool same_size(const mi_tensor *a, const mi_tensor *b)
{
    return a->c == b->c && a->h == b->h && a->w == b->w;
}

/* ---- convolution ---- */

typedef struct conv_plan {
    int32_t in, out;      /* tensors after fusion */
    int32_t pad_t, pad_l, pad_b, pad_r;
    mi_pad_mode pad_mode;
    bool up, d2s;
    int32_t half;         /* tensor of half the size to add to `in`, upsampled; or -1 */
    bool half_relu;       /* a ReLU follows that sum */
    int crd;
    int32_t residual;     /* tensor or -1 */
    int residual_mode;    /* 1: before the activation, 2: after */
    const mi_node *act;
    const mi_node *affine;
} conv_plan;

/* Node that makes t and was left to its only reader, or NULL. */
static const mi_node *left_producer(const planner *p, int32_t t)
{
    int32_t n = p->producer[t];
    return n >= 0 && p->left[n] ? &p->g->node[n] : NULL;
}

static bool is_conv3x3(const mi_node *n)
{
    return n->conv.kh == 3 && n->conv.kw == 3 && n->conv.dilation_h == 1 &&
           n->conv.dilation_w == 1 && n->conv.stride_h == n->conv.stride_w &&
           n->conv.stride_h <= 2 && n->conv.groups == 1;
}

/* A pad that a convolution's loads can do: no channels, and zeros or a copy of the border that
 * the loads know. */
static bool pad_fits(const mi_node *pad)
{
    return pad->pad.front == 0 && pad->pad.back == 0 &&
           (pad->pad_mode != MI_PAD_CONSTANT || pad->pad_value == 0);
}

static bool is_up2(const planner *p, const mi_node *n)
{
    const mi_tensor *in = tensor(p, n->in[0]), *out = tensor(p, n->out);
    return n->op == MI_OP_RESIZE &&
           (n->resize == MI_RESIZE_NEAREST_FLOOR || n->resize == MI_RESIZE_NEAREST_ROUND) &&
           out->h == 2 * in->h && out->w == 2 * in->w && out->c == in->c;
}

/* What precedes: [resize x2] [pad] conv, or add of a resize x2, [relu] [pad] conv. The producers were left unplanned for this. */
static void fuse_before(const planner *p, const mi_node *n, conv_plan *c)
{
    const mi_node *pad = left_producer(p, c->in);
    bool own = c->pad_t || c->pad_l || c->pad_b || c->pad_r;
    if (pad && pad->op == MI_OP_PAD) {
        c->pad_mode = pad->pad_mode;
        c->pad_t = pad->pad.t + (own ? n->conv.pad_t : 0);
        c->pad_l = pad->pad.l + (own ? n->conv.pad_l : 0);
        c->in = pad->in[0];
    }
    const mi_node *before = left_producer(p, c->in);
    if (before && before->op == MI_OP_ACT) {
        c->half_relu = true;
        before = left_producer(p, before->in[0]);
    }
    if (before && before->op == MI_OP_RESIZE) {
        c->up = true;
        c->in = before->in[0];
    } else if (before && before->op == MI_OP_ADD) {
        int k = left_producer(p, before->in[0]) ? 0 : 1; /* the side that is upsampled */
        c->half = p->g->node[p->producer[before->in[k]]].in[0];
        c->in = before->in[1 - k];
    }
}

/* True if the step may read tensor t now: it has been computed. */
static bool is_ready(const planner *p, int32_t t)
{
    return p->buffer[t] != MI_BUFFER_NONE;
}

/* What follows: [affine] [depth to space] [add] [activation] [add], in any sensible order. */
static void fuse_after(planner *p, const mi_node *conv, conv_plan *c, int32_t co)
{
    bool tile = is_conv3x3(conv) && conv->op == MI_OP_CONV;
    for (const mi_node *n; (n = only_reader(p, c->out)) != NULL; swallow(p, n, &c->out)) {
        if (n->op == MI_OP_AFFINE && !c->act && c->residual < 0 && !c->d2s && !c->affine) {
            c->affine = n;
        } else if (plain_act(n) && !c->act && c->residual_mode != 2) {
            c->act = n;
        } else if (n->op == MI_OP_ADD && c->residual < 0 && conv->op == MI_OP_CONV) {
            int32_t other = n->in[0] == c->out ? n->in[1] : n->in[0];
            if (other == c->out || !is_ready(p, other) ||
                !same_size(tensor(p, other), tensor(p, n->out)) ||
                !same_size(tensor(p, c->out), tensor(p, n->out)))
                return;
            c->residual = other;
            c->residual_mode = c->act ? 2 : 1;
        } else if (n->op == MI_OP_DEPTH_TO_SPACE && n->block == 2 && co == 12 && tile &&
                   conv->conv.stride_h == 1 && !c->up && c->residual < 0 && !c->d2s) {
            c->d2s = true;
            c->crd = n->crd;
        } else {
            return;
        }
    }
}

/* Quads an invocation, `most` or less: least work, where a pass over the input costs about one
 * more quad. */
static int choose_q(int32_t co_quads, int most)
{
    int best = 1;
    int32_t least = INT32_MAX;
    for (int q = most; q >= 1; q--) {
        int32_t cost = (co_quads + q - 1) / q * (q + 1);
        if (cost < least) {
            least = cost;
            best = q;
        }
    }
    return best;
}

static void choose_kernel(const mi_node *n, const conv_plan *c, int32_t ci, int32_t co,
                          mi_variant *v)
{
    bool pads = c->pad_t || c->pad_l;
    if (n->conv.groups > 1 && n->conv.groups == ci && ci == co) {
        v->kernel = MI_KERNEL_CONV_DEPTH;
    } else if (is_conv3x3(n)) {
        v->kernel = MI_KERNEL_CONV_TILE;
        /* three quads only for what is three quads: two fit a CPU's instruction cache better */
        v->q = (uint8_t)(c->d2s || quads(co) == 3 ? 3 : choose_q(quads(co), 2));
        v->stride = (uint8_t)n->conv.stride_h;
        v->up = c->up;
        v->sum = c->half >= 0;
        v->d2s = c->d2s;
    } else if (n->conv.kh == 1 && n->conv.kw == 1 && n->conv.stride_h == 1 &&
               n->conv.stride_w == 1 && !pads && !c->pad_b && !c->pad_r && n->conv.groups == 1) {
        v->kernel = MI_KERNEL_CONV_POINT;
        v->q = (uint8_t)choose_q(quads(co), 4);
        v->stride = 1;
    } else {
        v->kernel = MI_KERNEL_CONV_ANY;
        v->q = 2;
    }
}

static mi_filter_bank filter_bank(const planner *p, const mi_node *n, const mi_node *affine)
{
    const mi_tensor *w = tensor(p, n->in[1]);
    bool transpose = n->op == MI_OP_CONV_TRANSPOSE;
    mi_filter_bank bank = {.weight = w->data,
                           .ci = transpose ? w->c : w->h * n->conv.groups,
                           .co = transpose ? w->h * n->conv.groups : w->c,
                           .kh = n->conv.kh,
                           .kw = n->conv.kw,
                           .groups = n->conv.groups,
                           .transpose = transpose};
    if (n->inputs > 2 && n->in[2] >= 0)
        bank.bias = tensor(p, n->in[2])->data;
    if (affine) {
        bank.scale = tensor(p, affine->in[1])->data;
        bank.shift = tensor(p, affine->in[2])->data;
    }
    return bank;
}

static void set_conv_groups(mi_step *s, int32_t co)
{
    const struct net_push *u = &s->push;
    uint32_t blocks = divide_up(quads(co), s->variant.q ? s->variant.q : 1);
    if (s->variant.kernel == MI_KERNEL_CONV_POINT) {
        s->groups[0] = divide_up(u->iw * u->ih, 128);
        s->groups[1] = 1;
    } else if (s->variant.kernel == MI_KERNEL_CONV_DEPTH) {
        s->groups[0] = divide_up(u->ow, 32);
        s->groups[1] = divide_up(u->oh, 4);
    } else if (s->variant.kernel == MI_KERNEL_CONV_TILE) {
        s->groups[0] = divide_up(u->ow, 8);
        s->groups[1] = divide_up(u->oh, 16);
    } else {
        s->groups[0] = divide_up(u->ow, 16);
        s->groups[1] = divide_up(u->oh, 8);
    }
    s->groups[2] = blocks;
}

static int plan_conv(planner *p, const mi_node *n)
{
    conv_plan c = {.in = n->in[0], .out = n->out, .residual = -1, .half = -1,
                   .pad_t = n->conv.pad_t, .pad_l = n->conv.pad_l,
                   .pad_b = n->conv.pad_b, .pad_r = n->conv.pad_r};
    mi_filter_bank plain = filter_bank(p, n, NULL);
    fuse_before(p, n, &c);
    fuse_after(p, n, &c, plain.co);
    mi_filter_bank bank = filter_bank(p, n, c.affine);
    mi_step *s = add_step(p, MI_KERNEL_CONV_ANY);
    if (!s)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    choose_kernel(n, &c, bank.ci, bank.co, &s->variant);
    s->variant.lanes8 = p->lanes8 && s->variant.kernel != MI_KERNEL_CONV_DEPTH;

    set_shapes(p, s, c.in, n->out);
    s->push.pad_t = c.pad_t;
    s->push.pad_l = c.pad_l;
    s->push.kh = n->conv.kh;
    s->push.kw = n->conv.kw;
    s->push.sh = n->conv.stride_h;
    s->push.sw = n->conv.stride_w;
    s->push.dh = n->conv.dilation_h;
    s->push.dw = n->conv.dilation_w;
    s->spec[1] = (uint32_t)c.pad_mode;
    s->spec[2] = (uint32_t)c.residual_mode;
    if (c.act)
        set_act(s, c.act);
    if (c.half >= 0)
        s->in2 = p->buffer[c.half];
    s->spec[3] = c.half_relu;
    if (c.residual >= 0)
        s->in1 = p->buffer[c.residual];

    /* The depth-to-space store takes channels in CRD order: colour * 4 + place. */
    static const int32_t dcr[12] = {0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11};
    const int32_t *order = c.d2s && !c.crd ? dcr : NULL;
    mi_blob *blob = &p->plan->blob;
    int q = s->variant.q ? s->variant.q : 1;
    s->push.weights = s->variant.kernel == MI_KERNEL_CONV_DEPTH
                          ? mi_pack_depthwise(blob, &bank)
                          : mi_pack_dense(blob, &bank, q, order);
    s->push.bias = mi_pack_bias(blob, &bank, q, order);
    set_conv_groups(s, bank.co);
    s->mac = (double)s->push.ow * s->push.oh * bank.co * (bank.ci / bank.groups) * bank.kh * bank.kw;
    s->out = add_tensor(p, c.out);
    commit_step(p, s);
    return MIEN_OK;
}

static int plan_conv_transpose(planner *p, const mi_node *n)
{
    conv_plan c = {.in = n->in[0], .out = n->out, .residual = -1, .half = -1};
    fuse_after(p, n, &c, 0);
    mi_filter_bank bank = filter_bank(p, n, c.affine);
    mi_step *s = add_step(p, MI_KERNEL_CONV_TRANSPOSE);
    if (!s)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    set_shapes(p, s, c.in, n->out);
    s->push.pad_t = n->conv.pad_t;
    s->push.pad_l = n->conv.pad_l;
    s->push.kh = n->conv.kh;
    s->push.kw = n->conv.kw;
    s->push.sh = n->conv.stride_h;
    s->push.sw = n->conv.stride_w;
    s->push.dh = n->conv.dilation_h;
    s->push.dw = n->conv.dilation_w;
    if (c.act)
        set_act(s, c.act);
    s->push.weights = mi_pack_transpose(&p->plan->blob, &bank);
    s->push.bias = mi_pack_bias(&p->plan->blob, &bank, 1, NULL);
    s->groups[0] = divide_up(s->push.ow, 8);
    s->groups[1] = divide_up(s->push.oh, 4);
    s->groups[2] = (uint32_t)s->push.oq;
    s->mac = (double)s->push.iw * s->push.ih * bank.ci * (bank.co / bank.groups) * bank.kh * bank.kw;
    s->out = add_tensor(p, c.out);
    commit_step(p, s);
    return MIEN_OK;
}

/* ---- everything else ---- */

/* Ends a step that writes tensor `out` after taking in an activation. */
static void finish_step(planner *p, mi_step *s, int32_t out)
{
    fuse_act(p, s, &out);
    s->out = add_tensor(p, out);
    commit_step(p, s);
}

static void set_flat_groups(mi_step *s)
{
    s->groups[0] = divide_up(s->push.ow * s->push.oh, 256);
    s->groups[1] = 1;
    s->groups[2] = (uint32_t)s->push.oq;
}

static void set_plane_groups(mi_step *s)
{
    s->groups[0] = divide_up(s->push.ow, 8);
    s->groups[1] = divide_up(s->push.oh, 8);
    s->groups[2] = (uint32_t)s->push.oq;
}

static int plan_elementwise(planner *p, const mi_node *n)
{
    static const uint32_t code[] = {[MI_OP_ADD] = 1, [MI_OP_SUB] = 2, [MI_OP_MUL] = 3,
                                    [MI_OP_DIV] = 4};
    const mi_tensor *o = tensor(p, n->out);
    mi_step *s = add_step(p, MI_KERNEL_ELEMENTWISE);
    if (!s)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    int32_t a = n->in[0], b = -1;
    if (n->op == MI_OP_AFFINE) {
        s->spec[3] = 5;
        s->spec[4] = 1;
        s->push.qs = 1;
        s->push.in1 = mi_pack_vector(&p->plan->blob, tensor(p, n->in[1])->data, o->c, false);
        s->push.bias = mi_pack_vector(&p->plan->blob, tensor(p, n->in[2])->data, o->c, false);
    } else if (n->op == MI_OP_ACT && n->act == MI_ACT_PRELU) {
        const mi_tensor *slope = tensor(p, n->in[1]);
        s->spec[3] = 6;
        s->spec[4] = 1;
        s->push.qs = 1;
        s->push.in1 = mi_pack_vector(&p->plan->blob, slope->data, o->c,
                                     (int64_t)slope->c * slope->h * slope->w == 1);
    } else if (n->op == MI_OP_ACT) {
        set_act(s, n);
    } else {
        s->spec[3] = code[n->op];
        b = n->in[1];
        if (tensor(p, a)->data || !same_size(tensor(p, a), o)) {
            a = n->in[1];
            b = n->in[0];
            s->spec[6] = 1;
        }
    }
    if (tensor(p, a)->data || !same_size(tensor(p, a), o))
        return fail_node(p, "both operands are broadcast, which no kernel does");
    if (b >= 0) {
        const mi_tensor *t = tensor(p, b);
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
    set_shapes(p, s, a, n->out);
    s->push.c0 = o->c;
    set_flat_groups(s);
    finish_step(p, s, n->out);
    return MIEN_OK;
}

static int plan_norm(planner *p, const mi_node *n)
{
    const mi_tensor *x = tensor(p, n->in[0]);
    mi_step *s = add_step(p, MI_KERNEL_NORM_SUM);
    int32_t sums = add_piece(p, (int64_t)quads(x->c) * NORM_STRIPS * 2);
    if (!s || sums < 0)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    set_shapes(p, s, n->in[0], n->out);
    s->push.c1 = NORM_STRIPS;
    s->groups[0] = NORM_STRIPS / 8;
    s->groups[1] = 1;
    s->groups[2] = (uint32_t)quads(x->c);
    s->out = sums;
    commit_step(p, s);

    s = add_step(p, MI_KERNEL_NORM_SCALE);
    int32_t scales = add_piece(p, (int64_t)quads(x->c) * 2);
    if (!s || scales < 0)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    set_shapes(p, s, n->in[0], n->out);
    s->push.c1 = NORM_STRIPS;
    s->push.f0 = n->epsilon;
    s->push.weights = mi_pack_vector(&p->plan->blob, tensor(p, n->in[1])->data, x->c, false);
    s->push.bias = mi_pack_vector(&p->plan->blob, tensor(p, n->in[2])->data, x->c, false);
    s->groups[0] = divide_up(quads(x->c), 8);
    s->groups[1] = s->groups[2] = 1;
    s->in1 = sums;
    s->out = scales;
    commit_step(p, s);

    s = add_step(p, MI_KERNEL_NORM_APPLY);
    if (!s)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    set_shapes(p, s, n->in[0], n->out);
    s->in1 = scales;
    set_flat_groups(s);
    finish_step(p, s, n->out);
    return MIEN_OK;
}

static int plan_concat(planner *p, const mi_node *n)
{
    int32_t first = 0, out = add_tensor(p, n->out);
    for (int32_t i = 0; i < n->inputs; i++) {
        const mi_tensor *x = tensor(p, n->in[i]);
        if (x->data)
            return fail_node(p, "a constant input is not supported");
        mi_step *s = add_step(p, MI_KERNEL_REARRANGE);
        if (!s || out < 0)
            return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
        set_shapes(p, s, n->in[i], n->out);
        s->push.c0 = -first;
        s->push.c1 = s->push.ys = s->push.xs = 1;
        s->push.c2 = x->c;
        s->push.kw = first;
        s->push.kh = first + x->c;
        set_plane_groups(s);
        s->groups[2] = (uint32_t)((first + x->c - 1) / 4 - first / 4 + 1);
        s->out = out;
        commit_step(p, s);
        first += x->c;
    }
    return MIEN_OK;
}

static int plan_rearrange(planner *p, const mi_node *n)
{
    mi_step *s = add_step(p, MI_KERNEL_REARRANGE);
    if (!s)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    struct net_push *u = &s->push;
    set_shapes(p, s, n->in[0], n->out);
    u->c2 = tensor(p, n->in[0])->c;
    u->kh = tensor(p, n->out)->c;
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
        s->spec[3] = n->op == MI_OP_DEPTH_TO_SPACE ? 1 : 2;
        u->c0 = n->block;
        u->c1 = n->crd;
        break;
    }
    set_plane_groups(s);
    finish_step(p, s, n->out);
    return MIEN_OK;
}

static int plan_resize(planner *p, const mi_node *n)
{
    mi_step *s = add_step(p, MI_KERNEL_RESIZE);
    if (!s)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    set_shapes(p, s, n->in[0], n->out);
    s->spec[3] = (uint32_t)n->resize;
    s->push.f0 = n->resize_scale_h;
    s->push.f1 = n->resize_scale_w;
    set_plane_groups(s);
    finish_step(p, s, n->out);
    return MIEN_OK;
}

static int plan_pool(planner *p, const mi_node *n)
{
    mi_step *s = add_step(p, MI_KERNEL_POOL);
    if (!s)
        return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
    set_shapes(p, s, n->in[0], n->out);
    bool global = n->op == MI_OP_GLOBAL_AVERAGE_POOL;
    s->spec[3] = n->op != MI_OP_MAX_POOL;
    s->push.kh = global ? s->push.ih : n->conv.kh;
    s->push.kw = global ? s->push.iw : n->conv.kw;
    s->push.sh = global ? 1 : n->conv.stride_h;
    s->push.sw = global ? 1 : n->conv.stride_w;
    s->push.pad_t = global ? 0 : n->conv.pad_t;
    s->push.pad_l = global ? 0 : n->conv.pad_l;
    set_plane_groups(s);
    finish_step(p, s, n->out);
    return MIEN_OK;
}

static bool has_own_pad(const mi_node *conv)
{
    return conv->conv.pad_t || conv->conv.pad_l || conv->conv.pad_b || conv->conv.pad_r;
}

/* Does tensor t go, through one pad of one pixel all around and nothing else, into a 3x3
 * convolution of stride 1? */
static bool feeds_tile(const planner *p, int32_t t)
{
    const mi_node *n = only_reader(p, t);
    bool pad1 = false;
    if (n && n->op == MI_OP_PAD) {
        pad1 = n->pad.t == 1 && n->pad.l == 1 && n->pad.b == 1 && n->pad.r == 1 && pad_fits(n);
        n = only_reader(p, n->out);
        pad1 = pad1 && n && n->op == MI_OP_CONV && !has_own_pad(n);
    } else if (n && n->op == MI_OP_CONV) {
        pad1 = n->conv.pad_t == 1 && n->conv.pad_l == 1 && n->conv.pad_b == 1 &&
               n->conv.pad_r == 1;
    }
    return pad1 && is_conv3x3(n) && n->conv.stride_h == 1;
}

/* Is the node an addition of a x2 upsampling to a tensor that is there, which a convolution can
 * do in its loads? */
static bool is_joint(const planner *p, const mi_node *n)
{
    if (n->op != MI_OP_ADD)
        return false;
    const mi_node *relu = only_reader(p, n->out);
    bool has_relu = relu && relu->op == MI_OP_ACT && relu->act == MI_ACT_RELU;
    if (!feeds_tile(p, has_relu ? relu->out : n->out))
        return false;
    int found = 0;
    for (int k = 0; k < 2; k++) {
        int32_t i = p->producer[n->in[k]];
        const mi_node *from = i >= 0 && p->uses[n->in[k]] == 1 ? &p->g->node[i] : NULL;
        found += from && is_up2(p, from) && (p->left[i] || i == p->node) &&
                 is_ready(p, from->in[0]) && is_ready(p, n->in[1 - k]);
    }
    return found == 1 && same_size(tensor(p, n->in[0]), tensor(p, n->in[1]));
}

/* Will the node's only reader, a convolution, do this node's work in its loads? */
static bool left_to_reader(const planner *p, const mi_node *n)
{
    const mi_node *next = only_reader(p, n->out);
    if (!next)
        return false;
    if (n->op == MI_OP_PAD)
        return next->op == MI_OP_CONV && pad_fits(n) &&
               (!has_own_pad(next) || n->pad_mode == MI_PAD_CONSTANT);
    if (n->op == MI_OP_ADD)
        return is_joint(p, n);
    if (n->op == MI_OP_ACT) {
        return left_producer(p, n->in[0]) != NULL;
    }
    if (!is_up2(p, n))
        return false;
    return feeds_tile(p, n->out) || (is_ready(p, n->in[0]) && is_joint(p, next));
}

static int plan_node(planner *p, const mi_node *n)
{
    if (tensor(p, n->out)->data)
        return MIEN_OK;
    p->left[p->node] = left_to_reader(p, n);
    if (p->left[p->node])
        return MIEN_OK;
    switch (n->op) {
    case MI_OP_CONV:
        return plan_conv(p, n);
    case MI_OP_CONV_TRANSPOSE:
        return plan_conv_transpose(p, n);
    case MI_OP_INSTANCE_NORM:
        return plan_norm(p, n);
    case MI_OP_AFFINE:
    case MI_OP_ACT:
    case MI_OP_ADD:
    case MI_OP_SUB:
    case MI_OP_MUL:
    case MI_OP_DIV:
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
        return plan_pool(p, n);
    }
    return fail_node(p, "unknown operator");
}

/* ---- memory ---- */

/* First-fit by start: each piece goes to the lowest place where no living piece lies. */
static void place_pieces(mi_plan *plan)
{
    for (int32_t i = 0; i < plan->pieces; i++) {
        mi_piece *piece = &plan->piece[i];
        if (i == plan->input)
            continue;
        int32_t at = 0;
        for (bool moved = true; moved;) {
            moved = false;
            for (int32_t k = 0; k < i; k++) {
                const mi_piece *o = &plan->piece[k];
                bool alive = k != plan->input && o->first <= piece->last && piece->first <= o->last;
                if (alive && at < o->at + o->vec4s && o->at < at + piece->vec4s) {
                    at = o->at + o->vec4s;
                    moved = true;
                }
            }
        }
        piece->at = at;
        if (at + piece->vec4s > plan->vec4s)
            plan->vec4s = at + piece->vec4s;
    }
}

static void count_uses(planner *p)
{
    const mi_graph *g = p->g;
    for (int32_t t = 0; t < g->tensors; t++) {
        p->buffer[t] = MI_BUFFER_NONE;
        p->producer[t] = -1;
    }
    for (int32_t i = 0; i < g->nodes; i++) {
        p->producer[g->node[i].out] = i;
        for (int32_t k = 0; k < g->node[i].inputs; k++)
            if (g->node[i].in[k] >= 0)
                p->uses[g->node[i].in[k]]++;
    }
    p->uses[g->output]++;
}

/* Step names outlive the graph. */
static int keep_names(mi_plan *plan)
{
    size_t bytes = 1;
    for (int32_t i = 0; i < plan->steps; i++)
        bytes += strlen(plan->step[i].node ? plan->step[i].node : "") + 1;
    char *to = plan->names = malloc(bytes);
    if (!to)
        return MIEN_ERR_NOMEM;
    for (int32_t i = 0; i < plan->steps; i++) {
        const char *name = plan->step[i].node ? plan->step[i].node : "";
        size_t n = strlen(name) + 1;
        memcpy(to, name, n);
        plan->step[i].node = to;
        to += n;
    }
    return MIEN_OK;
}

int mi_plan_create(mi_plan *plan, const mi_graph *graph, bool lanes8, mi_log *log)
{
    memset(plan, 0, sizeof *plan);
    size_t tensors = (size_t)graph->tensors + 1;
    planner p = {.plan = plan, .g = graph, .log = log, .lanes8 = lanes8,
                 .buffer = calloc(tensors, sizeof *p.buffer),
                 .producer = calloc(tensors, sizeof *p.producer),
                 .uses = calloc(tensors, sizeof *p.uses),
                 .done = calloc((size_t)graph->nodes + 1, sizeof *p.done),
                 .left = calloc((size_t)graph->nodes + 1, sizeof *p.left)};
    int status = MIEN_ERR_NOMEM;
    if (!p.buffer || !p.producer || !p.uses || !p.done || !p.left) {
        mi_fail(log, status, "out of memory");
        goto error;
    }
    count_uses(&p);
    plan->input = add_tensor(&p, graph->input);
    status = plan->input < 0 ? mi_fail(log, MIEN_ERR_NOMEM, "out of memory") : MIEN_OK;
    for (p.node = 0; p.node < graph->nodes && status == MIEN_OK; p.node++)
        if (!p.done[p.node])
            status = plan_node(&p, &graph->node[p.node]);
    if (status != MIEN_OK)
        goto error;
    plan->output = p.buffer[graph->output];
    if (plan->output < 0 || plan->steps == 0) {
        status = mi_fail(log, MIEN_ERR_MODEL, "the network computes nothing from its input");
        goto error;
    }
    if (plan->blob.failed || keep_names(plan) != MIEN_OK) {
        status = mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
        goto error;
    }
    plan->piece[plan->output].last = plan->steps;
    place_pieces(plan);
error:
    free(p.buffer);
    free(p.producer);
    free(p.uses);
    free(p.done);
    free(p.left);
    if (status != MIEN_OK)
        mi_plan_destroy(plan);
    return status;
}

void mi_plan_destroy(mi_plan *plan)
{
    free(plan->step);
    free(plan->piece);
    free(plan->names);
    mi_blob_free(&plan->blob);
    memset(plan, 0, sizeof *plan);
}
