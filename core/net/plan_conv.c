/* Steps of convolutions, with what fuses into them. */
#include "gemm.h"
#include "planner.h"

#include "net/small_layer.h"

typedef struct conv_plan {
    int32_t in, out;      /* tensors after fusion */
    int32_t pad_t, pad_l, pad_b, pad_r;
    mi_pad_mode pad_mode;
    bool up, d2s;
    int32_t half;         /* tensor of half the size to add to `in`, upsampled; or -1 */
    bool half_relu;       /* a ReLU follows that sum */
    int crd;
    int32_t residual;     /* tensor or -1 */
    int32_t residual_quads; /* it has; zeros follow */
    int residual_mode;    /* as in finish.glsl */
    const mi_node *act;
    const mi_node *affine;
    const mi_node *depth; /* the depthwise convolution before this 1x1, or NULL */
} conv_plan;

/* The depthwise convolution that was left to this 1x1: the step reads what it reads. */
static void fuse_depth(const planner *p, conv_plan *c)
{
    const mi_node *depth = mi_left_producer(p, c->in);
    if (!depth || depth->op != MI_OP_CONV)
        return;
    c->depth = depth;
    c->in = depth->in[0];
    c->pad_t = depth->conv.pad_t;
    c->pad_l = depth->conv.pad_l;
    c->pad_b = depth->conv.pad_b;
    c->pad_r = depth->conv.pad_r;
}

/* What precedes: [resize x2] [pad] conv, or add of a resize x2, [relu] [pad] conv. The producers
 * were left unplanned for this. */
static void fuse_before(const planner *p, conv_plan *c)
{
    const mi_node *pad = mi_left_producer(p, c->in);
    if (pad && pad->op == MI_OP_PAD) {
        c->pad_mode = pad->pad_mode;
        c->pad_t += pad->pad.t;
        c->pad_l += pad->pad.l;
        c->pad_b += pad->pad.b;
        c->pad_r += pad->pad.r;
        c->in = pad->in[0];
    }
    const mi_node *before = mi_left_producer(p, c->in);
    if (before && before->op == MI_OP_ACT) {
        c->half_relu = true;
        before = mi_left_producer(p, before->in[0]);
    }
    if (before && before->op == MI_OP_RESIZE) {
        c->up = true;
        c->in = before->in[0];
    } else if (before && before->op == MI_OP_ADD) {
        int k = mi_left_producer(p, before->in[0]) ? 0 : 1; /* the side that is upsampled */
        c->half = p->g->node[p->producer[before->in[k]]].in[0];
        c->in = before->in[1 - k];
    }
}

/* Takes the other operand of an addition or a product as the residual. */
static bool take_residual(planner *p, conv_plan *c, const mi_node *n)
{
    int32_t other = n->in[0] == c->out ? n->in[1] : n->in[0];
    const mi_tensor *result = mi_planner_tensor(p, n->out);
    if (other == c->out || !mi_same_size(mi_planner_tensor(p, other), result) ||
        !mi_same_size(mi_planner_tensor(p, c->out), result))
        return false;
    const mi_node *pad = mi_left_producer(p, other);
    if (!pad && p->producer[other] > p->node && mi_only_reader(p, other) == n &&
        mi_is_channel_pad(p, &p->g->node[p->producer[other]]))
        pad = &p->g->node[p->producer[other]];
    if (pad && mi_is_channel_pad(p, pad)) {
        p->done[pad - p->g->node] = true;
        other = pad->in[0];
    }
    if (!mi_make_ready(p, other))
        return false;
    c->residual = other;
    c->residual_quads = mi_quads(mi_planner_tensor(p, other)->c);
    c->residual_mode = n->op == MI_OP_MUL ? 3 : c->act ? 2 : 1;
    return true;
}

static bool conv_act(const mi_node *n, const mi_node *conv, const conv_plan *c)
{
    if (n->op == MI_OP_ACT && n->act == MI_ACT_PRELU)
        return conv->op == MI_OP_CONV && !c->d2s;
    return mi_plain_act(n);
}

/* What follows: [affine] [depth to space] [add] [activation] [add or multiply], in any sensible
 * order. */
static void fuse_after(planner *p, const mi_node *conv, conv_plan *c, int32_t co)
{
    bool tile = mi_is_conv3x3(conv) && conv->op == MI_OP_CONV;
    for (const mi_node *n; (n = mi_only_reader(p, c->out)) != NULL; mi_swallow(p, n, &c->out)) {
        if (n->op == MI_OP_AFFINE && !c->act && c->residual < 0 && !c->d2s && !c->affine) {
            c->affine = n;
        } else if (conv_act(n, conv, c) && !c->act && c->residual_mode < 2) {
            c->act = n;
        } else if ((n->op == MI_OP_ADD || n->op == MI_OP_MUL) && c->residual < 0 &&
                   conv->op == MI_OP_CONV) {
            if (!take_residual(p, c, n))
                return;
        } else if (n->op == MI_OP_DEPTH_TO_SPACE && n->block == 2 && co == 12 && tile &&
                   conv->conv.stride_h == 1 && !c->up && c->residual < 0 && !c->d2s &&
                   !(c->act && c->act->act == MI_ACT_PRELU)) { /* a slope for each of 12 */
            c->d2s = true;
            c->crd = n->crd;
        } else {
            return;
        }
    }
}

int mi_choose_q(int32_t co_quads, const uint8_t *variants, int32_t pass)
{
    int best = variants[0];
    int32_t least = INT32_MAX;
    for (const uint8_t *q = variants; *q; q++) {
        int32_t cost = (co_quads + *q - 1) / *q * (*q + pass);
        if (cost < least) {
            least = cost;
            best = *q;
        }
    }
    return best;
}

/* One pixel comes out of all that goes in. */
static bool is_full(const planner *p, const mi_node *n, const conv_plan *c)
{
    const mi_tensor *in = mi_planner_tensor(p, c->in), *out = mi_planner_tensor(p, n->out);
    return !c->pad_t && !c->pad_l && !c->pad_b && !c->pad_r && n->conv.groups == 1 &&
           n->conv.dilation_h == 1 && n->conv.dilation_w == 1 && out->h == 1 && out->w == 1 &&
           n->conv.kh == in->h && n->conv.kw == in->w && !c->up && c->half < 0;
}

/* ... whose columns conv_depth3.comp can count. */
static bool fits_depth3(const planner *p, const mi_node *n)
{
    const mi_tensor *out = mi_planner_tensor(p, n->out);
    return mi_is_depth3(p, n) && (int64_t)mi_quads(out->c) * out->w < 1 << 22;
}

static bool is_wide(const mi_node *n)
{
    int32_t k = n->conv.kh, stride = n->conv.stride_h;
    return (k == 5 || k == 7 || (k == 9 && stride == 1)) && n->conv.kw == k && stride <= 2 &&
           n->conv.stride_w == stride && n->conv.dilation_h == 1 && n->conv.dilation_w == 1 &&
           n->conv.groups == 1;
}

/* Rows of a 3x3 convolution's tile. As many as leave room for the loads are best, 5 or 4; 3 where
 * that does less beyond the picture's end, or the loads are most of the work. A tile costs about a
 * row more than it has. */
static uint8_t tile_rows(const planner *p, const mi_node *n, const mi_variant *v)
{
    int32_t height = mi_planner_tensor(p, n->out)->h, most = v->stride == 2 ? 4 : 5;
    bool loads = v->stride == 2 && mi_planner_tensor(p, n->in[0])->c <= 4;
    if (v->d2s || v->up || v->sum)
        return v->d2s ? 6 : 4;
    bool less = mi_divide_up(height, 3) * 4 < mi_divide_up(height, most) * (uint32_t)(most + 1);
    return v->q == 2 && (loads || less) ? 3 : (uint8_t)most;
}

static void choose_kernel(const planner *p, const mi_node *n, const conv_plan *c, int32_t ci,
                          int32_t co, mi_variant *v)
{
    static const uint8_t to2[] = {2, 1, 0}, to4[] = {4, 3, 2, 1, 0}, to8[] = {8, 4, 2, 0};
    const int32_t pass = 1, depth_pass = 4; /* what goes through the input again costs, in quads */
    bool pads = c->pad_t || c->pad_l;
    if (c->depth) {
        v->kernel = MI_KERNEL_CONV_PAIR;
        v->q = (uint8_t)mi_choose_q(mi_quads(co), to8, depth_pass);
        v->stride = (uint8_t)c->depth->conv.stride_h;
        v->rows = 4;
    } else if (n->conv.groups > 1 && n->conv.groups == ci && ci == co) {
        v->kernel = MI_KERNEL_CONV_DEPTH;
        v->stride = fits_depth3(p, n) ? (uint8_t)n->conv.stride_h : 0;
    } else if (is_full(p, n, c)) {
        v->kernel = MI_KERNEL_CONV_FULL;
    } else if (mi_is_conv3x3(n)) {
        v->kernel = MI_KERNEL_CONV_TILE;
        v->q = (uint8_t)(c->d2s ? 0 : mi_choose_q(mi_quads(co), to2, pass));
        v->stride = (uint8_t)n->conv.stride_h;
        v->up = c->up;
        v->sum = c->half >= 0;
        v->d2s = c->d2s;
        v->rows = tile_rows(p, n, v);
    } else if (n->conv.kh == 1 && n->conv.kw == 1 && n->conv.stride_h == 1 &&
               n->conv.stride_w == 1 && !pads && !c->pad_b && !c->pad_r && n->conv.groups == 1) {
        v->kernel = MI_KERNEL_CONV_POINT;
        v->q = (uint8_t)mi_choose_q(mi_quads(co), to4, pass);
        v->stride = 1;
    } else if (is_wide(n)) {
        v->kernel = MI_KERNEL_CONV_WIDE;
        v->stride = (uint8_t)n->conv.stride_h;
        v->q = (uint8_t)(v->stride == 2 ? 2 : mi_choose_q(mi_quads(co), to2, pass));
        v->rows = v->q == 1 ? 6 : 4;
        v->k = (uint8_t)n->conv.kh;
    } else {
        v->kernel = MI_KERNEL_CONV_ANY;
        v->q = 2;
    }
}

/* SIMT: takes what was measured, or what the rule says. */
static void choose_gemm(const mi_plan_rules *rules, mi_step *s)
{
    if (rules->family != MI_FAMILY_SIMT || !mi_gemm_applies(s))
        return;
    s->key = mi_gemm_key(s);
    int32_t choice = rules->force;
    if (choice < 0 && rules->tuning)
        choice = mi_tuning_find(rules->tuning, s->key);
    if (choice < 0)
        choice = mi_gemm_rule(s, rules->usable);
    if (choice > 0)
        mi_gemm_set(s, choice);
}

static mi_filter_bank filter_bank(const planner *p, const mi_node *n, const mi_node *affine)
{
    const mi_tensor *w = mi_planner_tensor(p, n->in[1]);
    bool transpose = n->op == MI_OP_CONV_TRANSPOSE;
    mi_filter_bank bank = {.weight = w->data,
                           .ci = transpose ? w->c : w->h * n->conv.groups,
                           .co = transpose ? w->h * n->conv.groups : w->c,
                           .kh = n->conv.kh,
                           .kw = n->conv.kw,
                           .groups = n->conv.groups,
                           .transpose = transpose};
    if (n->inputs > 2 && n->in[2] >= 0)
        bank.bias = mi_planner_tensor(p, n->in[2])->data;
    if (affine) {
        bank.scale = mi_planner_tensor(p, affine->in[1])->data;
        bank.shift = mi_planner_tensor(p, affine->in[2])->data;
    }
    return bank;
}

static void set_conv_groups(mi_step *s, uint32_t blocks)
{
    const struct net_push *u = &s->push;
    if (s->variant.kernel == MI_KERNEL_CONV_GEMM || s->variant.kernel == MI_KERNEL_SMALL)
        return; /* mi_gemm_set() and mi_small_set() did */
    if (s->variant.kernel == MI_KERNEL_CONV_POINT) {
        s->groups[0] = mi_divide_up(u->iw * u->ih, 128);
        s->groups[1] = 1;
    } else if (s->variant.kernel == MI_KERNEL_CONV_FULL) {
        s->groups[0] = mi_divide_up(u->oq, 32);
        s->groups[1] = blocks = 1;
    } else if (s->variant.kernel == MI_KERNEL_CONV_DEPTH && s->variant.stride) {
        s->groups[0] = mi_divide_up(u->ow * u->oq, 8);
        s->groups[1] = mi_divide_up(u->oh, 16);
        blocks = 1;
    } else if (s->variant.kernel == MI_KERNEL_CONV_DEPTH) {
        s->groups[0] = mi_divide_up(u->ow, 32);
        s->groups[1] = mi_divide_up(u->oh, 4);
    } else if (s->variant.kernel == MI_KERNEL_CONV_TILE ||
               s->variant.kernel == MI_KERNEL_CONV_WIDE ||
               s->variant.kernel == MI_KERNEL_CONV_PAIR) {
        s->groups[0] = blocks;
        s->groups[1] = mi_divide_up(u->ow, 8);
        s->groups[2] = mi_divide_up(u->oh, 4 * s->variant.rows);
        return;
    } else {
        s->groups[0] = mi_divide_up(u->ow, 16);
        s->groups[1] = mi_divide_up(u->oh, 8);
    }
    s->groups[2] = blocks;
}

/* Multiply-accumulates over w x h places. */
static double macs(int32_t w, int32_t h, const mi_filter_bank *b)
{
    return (double)w * h * b->co * (b->ci / b->groups) * b->kh * b->kw;
}

/* Sizes, padding, kernel, stride and activation of a step. */
static void set_geometry(planner *p, mi_step *s, const mi_node *n, const conv_plan *c)
{
    mi_planner_shapes(p, s, c->in, n->out);
    s->push.pad_t = c->pad_t;
    s->push.pad_l = c->pad_l;
    s->push.kh = n->conv.kh;
    s->push.kw = n->conv.kw;
    s->push.sh = n->conv.stride_h;
    s->push.sw = n->conv.stride_w;
    s->push.dh = n->conv.dilation_h;
    s->push.dw = n->conv.dilation_w;
    if (c->act)
        mi_set_act(s, c->act);
}

/* Gives the step to the kernel of small pictures where that can do it and it pays. */
static void choose_small(planner *p, const mi_node *n, const conv_plan *c,
                         const mi_filter_bank *bank, mi_step *s)
{
    bool depth = mi_is_depth3(p, n);
    bool fused = c->depth || c->up || c->d2s || c->half >= 0 || c->residual_mode == 3 ||
                 (depth && c->residual >= 0);
    if (!fused && c->pad_mode == MI_PAD_CONSTANT && mi_small_act(c->act) && mi_small_conv(p, n))
        mi_small_set(p, s, depth ? SMALL_DEPTH : SMALL_DENSE, c->act, bank->co,
                     c->residual_mode);
}

/* Leaves the statistics of its tiles to an instance norm that alone reads what the step makes, if
 * the kernel can. One invocation adds them up for a quad: not too many. */
static int leave_stats(planner *p, mi_step *s, const conv_plan *c)
{
    enum { TILES_MAX = 4096 };
    const mi_variant *v = &s->variant;
    const mi_node *reader = mi_only_reader(p, c->out);
    bool kernel = v->lanes8 && !v->d2s &&
                  (v->kernel == MI_KERNEL_CONV_TILE || v->kernel == MI_KERNEL_CONV_WIDE);
    if (!kernel || c->act || c->residual >= 0 || !reader || reader->op != MI_OP_INSTANCE_NORM)
        return MIEN_OK;
    int64_t tiles = (int64_t)mi_divide_up(s->push.ow, 8) * mi_divide_up(s->push.oh, v->rows);
    if (tiles > TILES_MAX)
        return MIEN_OK;
    int32_t piece = mi_planner_piece(p, tiles * s->push.oq * 2);
    if (piece < 0)
        return mi_planner_no_memory(p);
    p->stats[c->out] = (mi_tile_stats){piece, v->rows};
    s->stats = piece;
    s->spec[6] = 1;
    return MIEN_OK;
}

int mi_plan_conv(planner *p, const mi_node *n)
{
    conv_plan c = {.in = n->in[0], .out = n->out, .residual = -1, .half = -1,
                   .pad_t = n->conv.pad_t, .pad_l = n->conv.pad_l,
                   .pad_b = n->conv.pad_b, .pad_r = n->conv.pad_r};
    mi_filter_bank plain = filter_bank(p, n, NULL);
    fuse_depth(p, &c);
    fuse_before(p, &c);
    fuse_after(p, n, &c, plain.co);
    mi_filter_bank bank = filter_bank(p, n, c.affine);
    mi_step *s = mi_planner_step(p, MI_KERNEL_CONV_ANY);
    if (!s)
        return mi_planner_no_memory(p);
    choose_kernel(p, n, &c, bank.ci, bank.co, &s->variant);
    set_geometry(p, s, n, &c);
    s->spec[1] = (uint32_t)c.pad_mode;
    s->spec[2] = (uint32_t)c.residual_mode;
    if (c.half >= 0)
        s->in2 = p->buffer[c.half];
    else
        s->push.c0 = s->push.iq * s->push.iw * s->push.ih;
    s->spec[3] = c.half_relu;
    choose_gemm(p->rules, s);
    choose_small(p, n, &c, &bank, s);
    if (s->variant.kernel == MI_KERNEL_CONV_TILE || s->variant.kernel == MI_KERNEL_CONV_WIDE) {
        s->spec[4] = (uint32_t)(bank.ci < 4 ? bank.ci : 4);
        s->spec[5] = (uint32_t)(bank.co < 4 ? bank.co : 4);
    }
    if (c.residual >= 0)
        s->in1 = p->buffer[c.residual];
    s->push.c1 = c.residual_quads;
    if (s->variant.kernel != MI_KERNEL_SMALL && c.act && c.act->act == MI_ACT_PRELU)
        s->push.c2 = mi_pack_slopes(p, c.act, bank.co);

    s->mac = macs(s->push.ow, s->push.oh, &bank);
    /* The depth-to-space store takes channels in the order [y][x][colour], which is DCR. */
    static const int32_t crd[12] = {0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11};
    const int32_t *order = c.d2s && c.crd ? crd : NULL;
    if (mi_wino_pays(p, s))
        return mi_plan_wino(p, s, &bank, order, c.out);

    int32_t part = c.d2s ? 3 : 4, parts = c.d2s ? 2 : s->variant.q ? s->variant.q : 1;
    mi_blob *blob = &p->plan->blob;
    mi_filter_bank depth = {0};
    if (c.depth)
        depth = filter_bank(p, c.depth, NULL);
    if (s->variant.kernel == MI_KERNEL_CONV_PAIR)
        s->push.weights = mi_pack_pair(blob, &depth, &bank, part * parts);
    else if (s->variant.kernel == MI_KERNEL_SMALL && s->push.qs == SMALL_DENSE)
        s->push.weights = mi_pack_small(blob, &bank);
    else if (s->variant.kernel == MI_KERNEL_SMALL || s->variant.kernel == MI_KERNEL_CONV_DEPTH)
        s->push.weights = mi_pack_depthwise(blob, &bank);
    else if (s->variant.kernel == MI_KERNEL_CONV_FULL)
        s->push.weights = mi_pack_matrix(blob, &bank, 4, NULL, false);
    else if (s->variant.kernel == MI_KERNEL_CONV_GEMM)
        s->push.weights = mi_pack_matrix(blob, &bank, part, order,
                                         s->variant.storage != MI_STORAGE_FLOAT);
    else
        s->push.weights = mi_pack_dense(blob, &bank, part * parts, order);
    s->push.bias = mi_pack_bias(blob, &bank, part, parts, order);
    set_conv_groups(s, mi_divide_up(bank.co, part * parts));
    if (c.depth)
        s->mac += macs(s->push.ow, s->push.oh, &depth);
    int status = leave_stats(p, s, &c);
    if (status != MIEN_OK)
        return status;
    s->out = mi_planner_place(p, c.out);
    mi_planner_commit(p, s);
    return MIEN_OK;
}

int mi_plan_conv_transpose(planner *p, const mi_node *n)
{
    conv_plan c = {.in = n->in[0], .out = n->out, .residual = -1, .half = -1,
                   .pad_t = n->conv.pad_t, .pad_l = n->conv.pad_l};
    fuse_after(p, n, &c, 0);
    mi_filter_bank bank = filter_bank(p, n, c.affine);
    mi_step *s = mi_planner_step(p, MI_KERNEL_CONV_TRANSPOSE);
    if (!s)
        return mi_planner_no_memory(p);
    set_geometry(p, s, n, &c);
    s->push.weights = mi_pack_transpose(&p->plan->blob, &bank);
    s->push.bias = mi_pack_bias(&p->plan->blob, &bank, 4, 1, NULL);
    s->groups[0] = mi_divide_up(s->push.ow, 8);
    s->groups[1] = mi_divide_up(s->push.oh, 4);
    s->groups[2] = (uint32_t)s->push.oq;
    s->mac = macs(s->push.iw, s->push.ih, &bank);
    s->out = mi_planner_place(p, c.out);
    mi_planner_commit(p, s);
    return MIEN_OK;
}
