/* Layers of small pictures: one kernel does several of them in a dispatch (small.comp). They stay
 * steps of a plan; mi_net_record() takes those that follow each other as one dispatch. */
#include "planner.h"

#include <string.h>

#include "net/small_layer.h"

/* What the kernel needs, nanoseconds of one core: measured on lavapipe with the layers of the face
 * networks (bench_net). */
static const double PASS_NS = 350; /* 32 channels to 32 at four pixels, one tap */
static const double TAP_NS = 6;    /* of 32 channels at a pixel, without weights between them */
static const double VALUE_NS = 40; /* of 32 channels at a pixel, besides */
static const double VALUES_NS = 120; /* of a layer of values, the same */
/* What an ordinary kernel needs for a multiply-add over whole tiles of 8x4 pixels; and how much
 * longer a layer may take here: a dispatch costs 20000 and more, which all layers of a run but the
 * first save. */
static const double MAC_NS = 0.055, LONGER_NS = 20000, FIRST_LONGER_NS = 12000;
/* Above that the other cores are missed. */
static const double MOST_NS = 60000;

static bool allowed(const planner *p)
{
    return p->rules->family == MI_FAMILY_LANES8 && p->rules->small != MI_SMALL_NEVER;
}

/* The step to come, which the plan does not count yet. */
bool mi_small_goes_on(const planner *p)
{
    const mi_plan *plan = p->plan;
    return plan->steps > 0 && plan->step[plan->steps - 1].variant.kernel == MI_KERNEL_SMALL;
}

static bool pays(const planner *p, double ns, double mac)
{
    double longer = mi_small_goes_on(p) ? LONGER_NS : FIRST_LONGER_NS;
    return p->rules->small == MI_SMALL_WHERE_IT_CAN ||
           (ns < MOST_NS && ns < mac * MAC_NS + longer);
}

/* 32 channels at a pixel are one block. */
static double blocks(const mi_tensor *t)
{
    return (double)t->w * t->h * mi_divide_up(t->c, 32);
}

static bool is_dense(const mi_node *n)
{
    return n->conv.groups == 1 && n->conv.dilation_h == 1 && n->conv.dilation_w == 1;
}

bool mi_small_conv(const planner *p, const mi_node *n)
{
    enum { PIXELS_MAX = 1 << 16 }; /* whose number the kernel divides exactly */
    const mi_tensor *in = mi_planner_tensor(p, n->in[0]), *out = mi_planner_tensor(p, n->out);
    double taps = (double)n->conv.kh * n->conv.kw;
    double mac = taps * mi_divide_up(out->w, 8) * mi_divide_up(out->h, 4) * 32 * out->c;
    if (!allowed(p) || (int64_t)out->w * out->h > PIXELS_MAX)
        return false;
    if (mi_is_depth3(p, n))
        return pays(p, blocks(out) * taps * TAP_NS, mac);
    double passes = taps * mi_divide_up(out->w * out->h, 4) * mi_divide_up(in->c, 32) *
                    mi_divide_up(out->c, 32);
    return is_dense(n) && pays(p, passes * PASS_NS, mac * in->c);
}

bool mi_small_window(const planner *p, const mi_tensor *out, int32_t taps)
{
    bool can = allowed(p) && (mi_small_goes_on(p) || p->rules->small == MI_SMALL_WHERE_IT_CAN);
    return can && pays(p, blocks(out) * (VALUE_NS + taps * TAP_NS), 0);
}

bool mi_small_act(const mi_node *act)
{
    return !act || act->act == MI_ACT_NONE || act->act == MI_ACT_RELU ||
           act->act == MI_ACT_LEAKY_RELU || act->act == MI_ACT_PRELU;
}

static int32_t pack_slopes(planner *p, const mi_node *act, int32_t channels)
{
    if (act && act->act == MI_ACT_PRELU)
        return mi_pack_slopes(p, act, channels);
    float slope = !act || act->act == MI_ACT_NONE      ? 1
                  : act->act == MI_ACT_LEAKY_RELU ? act->act_a
                                                  : 0;
    return mi_pack_vector(&p->plan->blob, &slope, channels, true);
}

/* Until the record is written, fields of the push constants that no other use have hold what it
 * says: qs the kind, ys how the residual is added, xs the zoom, dh the flags. */
void mi_small_set(planner *p, mi_step *s, int kind, const mi_node *act, int32_t channels,
                  int residual)
{
    s->variant = (mi_variant){.kernel = MI_KERNEL_SMALL, .lanes8 = true};
    memset(s->spec, 0, sizeof s->spec); /* one pipeline for all */
    s->push.qs = kind;
    s->push.ys = residual;
    s->push.c2 = pack_slopes(p, act, channels);
    s->groups[0] = s->groups[1] = s->groups[2] = 1;
}

/* Within its source, from channel to channel. */
static bool is_cut(const mi_step *s)
{
    const struct net_push *u = &s->push;
    return s->variant.kernel == MI_KERNEL_REARRANGE && s->spec[3] == 0 && u->c1 == 1 &&
           s->spec[1] == MI_PAD_CONSTANT && u->f0 == 0 && u->kw + u->c0 >= 0 &&
           u->kh + u->c0 <= u->c2;
}

static bool is_binary(const mi_step *s)
{
    return s->variant.kernel == MI_KERNEL_ELEMENTWISE && s->spec[3] >= 1 && s->spec[3] <= 4;
}

bool mi_small_values(planner *p, mi_step *s, const mi_tensor *o, const mi_node *act)
{
    struct net_push *u = &s->push;
    bool cut = is_cut(s), run = mi_small_goes_on(p) || o->w * o->h == 1;
    if (!allowed(p) || !(cut || is_binary(s)) || s->spec[0] != MI_ACT_NONE ||
        !(run || p->rules->small == MI_SMALL_WHERE_IT_CAN) ||
        !pays(p, blocks(o) * VALUES_NS, 0))
        return false;
    int32_t flags = s->spec[5] && !cut ? SMALL_B_IS_SCALAR : 0;
    flags |= s->spec[6] ? SMALL_SWAPPED : 0;
    flags |= act && act->act == MI_ACT_SIGMOID ? SMALL_SIGMOID : 0;
    u->sh = cut ? u->ys : 1;
    u->sw = cut ? u->xs : 1;
    u->weights = cut ? 0 : u->qs;
    u->bias = cut ? 0 : u->ys;
    u->xs = cut ? 0 : u->xs;
    u->c1 = cut ? u->c0 : 0;
    u->kw = cut ? u->kw : 0;
    u->kh = cut ? u->kh : o->c;
    u->dh = flags;
    mi_small_set(p, s, SMALL_VALUES, act, u->kh, cut ? 0 : (int)s->spec[3]);
    return true;
}

int32_t mi_plan_together(const mi_plan *plan, int32_t first)
{
    int32_t end = first;
    while (end < plan->steps && plan->step[end].variant.kernel == MI_KERNEL_SMALL)
        end++;
    return end > first ? end - first : 1;
}

static int32_t offset(const mi_plan *plan, int32_t piece, int32_t bit, int32_t *inputs)
{
    if (piece == plan->input)
        *inputs |= bit;
    return piece == MI_BUFFER_NONE ? 0 : plan->piece[piece].at; /* the input's is 0 */
}

static void write_record(mi_plan *plan, mi_step *s)
{
    const struct net_push *u = &s->push;
    int32_t inputs = 0, in0 = offset(plan, s->in0, SMALL_IN0_IS_INPUT, &inputs);
    int32_t in1 = offset(plan, s->in1, SMALL_IN1_IS_INPUT, &inputs);
    if (u->qs == SMALL_VALUES && u->ys && s->in1 == MI_BUFFER_NONE) {
        inputs |= SMALL_IN1_IS_CONSTANT;
        in1 = u->in1;
    }
    const int32_t record[] = {u->qs,      in0,     in1,   plan->piece[s->out].at,
                              u->iw,      u->ih,   u->iq, u->ow,
                              u->oh,      u->oq,   u->kh, u->kw,
                              u->sh,      u->sw,   u->pad_t, u->pad_l,
                              u->weights, u->bias, u->c2, u->ys,
                              u->c1,      inputs,  u->xs, u->qs == SMALL_VALUES ? u->dh : 0};
    _Static_assert(sizeof record <= SMALL_VEC4S * 16, "as long as the shader reads");
    s->record = mi_blob_take(&plan->blob, SMALL_VEC4S);
    if (!plan->blob.failed)
        memcpy(plan->blob.data + (size_t)s->record * 4, record, sizeof record);
}

/* A run is one dispatch, with one pipeline for all its layers. */
static void choose_pipelines(mi_plan *plan)
{
    int32_t count;
    for (int32_t i = 0; i < plan->steps; i += count) {
        bool values = false;
        count = mi_plan_together(plan, i);
        for (int32_t k = i; k < i + count; k++)
            values = values || plan->step[k].push.qs == SMALL_VALUES;
        for (int32_t k = i; k < i + count; k++)
            if (plan->step[k].variant.kernel == MI_KERNEL_SMALL)
                plan->step[k].spec[3] = values;
    }
}

void mi_small_records(mi_plan *plan)
{
    choose_pipelines(plan);
    for (int32_t i = 0; i < plan->steps; i++)
        if (plan->step[i].variant.kernel == MI_KERNEL_SMALL)
            write_record(plan, &plan->step[i]);
}
