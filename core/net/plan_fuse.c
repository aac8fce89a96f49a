/* Which nodes vanish into the loads of the convolution that reads them. */
#include "planner.h"

bool mi_is_conv3x3(const mi_node *n)
{
    return n->conv.kh == 3 && n->conv.kw == 3 && n->conv.dilation_h == 1 &&
           n->conv.dilation_w == 1 && n->conv.stride_h == n->conv.stride_w &&
           n->conv.stride_h <= 2 && n->conv.groups == 1;
}

bool mi_is_depth3(const planner *p, const mi_node *n)
{
    int32_t ci = mi_planner_tensor(p, n->in[0])->c, co = mi_planner_tensor(p, n->out)->c;
    return n->op == MI_OP_CONV && n->conv.groups > 1 && n->conv.groups == ci && ci == co &&
           n->conv.kh == 3 && n->conv.kw == 3 && n->conv.dilation_h == 1 &&
           n->conv.dilation_w == 1 && n->conv.stride_h == n->conv.stride_w &&
           n->conv.stride_h <= 2;
}

/* A pad that a convolution's loads can do: no channels, and zeros or a copy of the border that
 * the loads know. */
static bool pad_fits(const mi_node *pad)
{
    return pad->pad.front == 0 && pad->pad.back == 0 &&
           (pad->pad_mode != MI_PAD_CONSTANT || pad->pad_value == 0);
}

bool mi_is_channel_pad(const planner *p, const mi_node *n)
{
    return n->op == MI_OP_PAD && n->pad_mode == MI_PAD_CONSTANT && n->pad_value == 0 &&
           n->pad.front == 0 && !n->pad.t && !n->pad.l && !n->pad.b && !n->pad.r &&
           mi_planner_tensor(p, n->in[0])->c % 4 == 0;
}

bool mi_is_up2(const planner *p, const mi_node *n)
{
    const mi_tensor *in = mi_planner_tensor(p, n->in[0]), *out = mi_planner_tensor(p, n->out);
    return n->op == MI_OP_RESIZE &&
           (n->resize == MI_RESIZE_NEAREST_FLOOR || n->resize == MI_RESIZE_NEAREST_ROUND) &&
           out->h == 2 * in->h && out->w == 2 * in->w && out->c == in->c;
}

static bool has_own_pad(const mi_node *conv)
{
    return conv->conv.pad_t || conv->conv.pad_l || conv->conv.pad_b || conv->conv.pad_r;
}

/* Does tensor t go, through one pad of one pixel all around and nothing else, into a 3x3
 * convolution of stride 1? */
static bool feeds_tile(const planner *p, int32_t t)
{
    const mi_node *n = mi_only_reader(p, t);
    bool pad1 = false;
    if (n && n->op == MI_OP_PAD) {
        pad1 = n->pad.t == 1 && n->pad.l == 1 && n->pad.b == 1 && n->pad.r == 1 && pad_fits(n);
        n = mi_only_reader(p, n->out);
        pad1 = pad1 && n && n->op == MI_OP_CONV && !has_own_pad(n);
    } else if (n && n->op == MI_OP_CONV) {
        pad1 = n->conv.pad_t == 1 && n->conv.pad_l == 1 && n->conv.pad_b == 1 &&
               n->conv.pad_r == 1;
    }
    return pad1 && mi_is_conv3x3(n) && n->conv.stride_h == 1;
}

/* Is the node an addition of a x2 upsampling to a tensor that is there, which a convolution can
 * do in its loads? */
static bool is_joint(const planner *p, const mi_node *n)
{
    if (n->op != MI_OP_ADD)
        return false;
    const mi_node *relu = mi_only_reader(p, n->out);
    bool has_relu = relu && relu->op == MI_OP_ACT && relu->act == MI_ACT_RELU;
    if (!feeds_tile(p, has_relu ? relu->out : n->out))
        return false;
    int found = 0;
    for (int k = 0; k < 2; k++) {
        int32_t i = p->producer[n->in[k]];
        const mi_node *from = i >= 0 && p->uses[n->in[k]] == 1 ? &p->g->node[i] : NULL;
        found += from && mi_is_up2(p, from) && (p->left[i] || i == p->node) &&
                 mi_is_ready(p, from->in[0]) && mi_is_ready(p, n->in[1 - k]);
    }
    return found == 1 &&
           mi_same_size(mi_planner_tensor(p, n->in[0]), mi_planner_tensor(p, n->in[1]));
}

/* A depthwise 3x3 convolution that only a 1x1 convolution reads, which can do it in its loads: at
 * the price of doing it again for every 32 channels that it makes, which pays while these are few
 * or the picture is so small that a dispatch costs more. */
static bool feeds_pair(const planner *p, const mi_node *n, const mi_node *next)
{
    const mi_tensor *out = mi_planner_tensor(p, next->out);
    bool point = next->op == MI_OP_CONV && next->conv.kh == 1 && next->conv.kw == 1 &&
                 next->conv.stride_h == 1 && next->conv.stride_w == 1 && next->conv.groups == 1 &&
                 !has_own_pad(next);
    if (!mi_is_depth3(p, n) || !point || (mi_small_conv(p, n) && mi_small_conv(p, next)))
        return false;
    return out->c <= 64 || out->h * out->w <= 64;
}

bool mi_left_to_reader(const planner *p, const mi_node *n)
{
    const mi_node *next = mi_only_reader(p, n->out);
    if (!next)
        return false;
    if (n->op == MI_OP_PAD && next->op == MI_OP_CONV)
        return pad_fits(n) && (!has_own_pad(next) || n->pad_mode == MI_PAD_CONSTANT);
    if (n->op == MI_OP_CONV)
        return feeds_pair(p, n, next);
    if (n->op == MI_OP_ADD)
        return is_joint(p, n);
    if (next->op == MI_OP_ADD && mi_is_channel_pad(p, n))
        return true; /* or the addition asks for it: mi_make_ready() */
    if (n->op == MI_OP_ACT)
        return mi_left_producer(p, n->in[0]) != NULL;
    if (!mi_is_up2(p, n))
        return false;
    return feeds_tile(p, n->out) || (mi_is_ready(p, n->in[0]) && is_joint(p, next));
}
