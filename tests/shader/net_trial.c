#include "net_trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/gemm.h"
#include "oracle.h"
#include "stage.h"

enum { WASTE = MI_ARENA_FIRST - 1 }; /* the vec4 that anybody may write to */
enum { MARGIN = 64 }; /* vec4 before and behind the network's memory that must stay as they are */

static const double NMSE_LIMIT = 1e-9;
static const double ABS_LIMIT = 1e-4;
/* For each convolution whose operands are halves: both are off by 2^-11 of their value at most. */
static const double NMSE_HALVES = 2.0 / (1 << 22);

void net_trial_init(net_trial *t, device_rig *rig)
{
    memset(t, 0, sizeof *t);
    t->rig = rig;
}

void net_trial_finish(net_trial *t)
{
    for (int32_t i = 0; i < t->count; i++)
        mvk_pipeline_destroy(t->rig->device, &t->kept[i].pipeline);
    free(t->kept);
    memset(t, 0, sizeof *t);
}

static mvk_pipeline *kept_pipeline(net_trial *t, const mi_step *s)
{
    for (int32_t i = 0; i < t->count; i++)
        if (mi_variant_same(&t->kept[i].variant, &s->variant) &&
            memcmp(t->kept[i].spec, s->spec, sizeof s->spec) == 0)
            return t->kept[i].pipeline;
    if (t->count == t->room) {
        t->room = t->room * 2 + 32;
        t->kept = realloc(t->kept, (size_t)t->room * sizeof *t->kept);
        if (!t->kept)
            abort();
    }
    trial_pipeline *p = &t->kept[t->count++];
    p->variant = s->variant;
    memcpy(p->spec, s->spec, sizeof p->spec);
    const mvk_shader *shader = mi_kernel_shader(&s->variant);
    if (!shader || mvk_pipeline_create(t->rig->device, &p->pipeline, shader, s->spec, MI_SPECS)) {
        fprintf(stderr, "no pipeline for kernel %d\n", (int)s->variant.kernel);
        exit(1);
    }
    return p->pipeline;
}

/* What mi_net_create() does, with kept pipelines. */
static int net_of_kept(net_trial *t, mi_net *net, const mi_graph *graph, mi_family family,
                       const trial_options *o)
{
    memset(net, 0, sizeof *net);
    mi_plan_rules rules = {.family = o->choice > 0 ? MI_FAMILY_SIMT : family, .force = o->choice,
                           .winograd = o->winograd, .small = o->small};
    int status = mi_plan_create_by(&net->plan, graph, &rules, &t->rig->log);
    if (status != MIEN_OK)
        return status;
    net->device = t->rig->device;
    size_t steps = (size_t)net->plan.steps;
    net->pipeline = rig_room(steps * sizeof *net->pipeline);
    for (size_t i = 0; i < steps; i++)
        net->pipeline[i] = kept_pipeline(t, &net->plan.step[i]);
    return MIEN_OK;
}

static void drop_net(mi_net *net, bool own)
{
    if (own) {
        mi_net_destroy(net);
        return;
    }
    free(net->pipeline);
    mi_plan_destroy(&net->plan);
}

/* C,H,W to NC4HW4; lanes of channels that are not there hold a number, as in a real picture whose
 * fourth channel is its luma. */
static float *packed_input(const mi_tensor *x, const float *from)
{
    size_t plane = (size_t)x->h * (size_t)x->w, quads = ((size_t)x->c + 3) / 4;
    float *to = rig_room(quads * plane * 4 * sizeof *to);
    for (size_t c = 0; c < quads * 4; c++)
        for (size_t i = 0; i < plane; i++)
            to[(c / 4 * plane + i) * 4 + c % 4] =
                c < (size_t)x->c ? from[c * plane + i] : 0.7f;
    return to;
}

static void unpack_output(const mi_tensor *y, const float *from, float *to)
{
    size_t plane = (size_t)y->h * (size_t)y->w;
    for (size_t c = 0; c < (size_t)y->c; c++)
        for (size_t i = 0; i < plane; i++)
            to[c * plane + i] = from[(c / 4 * plane + i) * 4 + c % 4];
}

static size_t volume(const mi_tensor *t)
{
    return (size_t)t->c * (size_t)t->h * (size_t)t->w;
}

/* Values of all outputs. */
static size_t volume_out(const mi_graph *g)
{
    size_t sum = 0;
    for (int32_t k = 0; k < g->outputs; k++)
        sum += volume(&g->tensor[g->output[k]]);
    return sum;
}

static size_t vec4s_of(const mi_tensor *t)
{
    return ((size_t)t->c + 3) / 4 * (size_t)t->h * (size_t)t->w;
}

/* Runs the net; result gets the values of all outputs. False if it wrote where it must not. */
static bool run_net(net_trial *t, const mi_net *net, const mi_graph *g, const float *input,
                    float *result)
{
    const mi_tensor *x = &g->tensor[g->input];
    size_t in_at = MARGIN, in_vec4s = vec4s_of(x), base = in_at + in_vec4s + MARGIN;
    size_t all = base + (size_t)net->plan.vec4s + MARGIN;
    rig_memory m;
    rig_memory_create(t->rig, &m, &(rig_sizes){.arena = (int64_t)all,
                                               .weights = (int64_t)net->plan.blob.vec4s});
    if (net->plan.blob.vec4s)
        rig_write(t->rig, &m.weights, 0, net->plan.blob.data, net->plan.blob.vec4s * 16);
    if (net->weights.buffer) { /* of a net with weights of its own: the set shows those */
        mvk_set_destroy(t->rig->device, &m.set);
        if (mvk_set_create(t->rig->device, &m.set,
                           &(mvk_bindings){.arena = &m.arena, .weights = &net->weights}))
            abort();
    }
    float *packed = packed_input(x, input);
    rig_write(t->rig, &m.arena, in_at * 16, packed, in_vec4s * 16);
    free(packed);
    float *before = rig_room(all * 4 * sizeof *before), *after = rig_room(all * 4 * sizeof *after);
    rig_read(t->rig, &m.arena, 0, before, all * 16);
    mvk_commands list;
    rig_begin(t->rig, &m, &list);
    mi_net_record(net, &list, (int32_t)base, (int32_t)in_at, false);
    rig_run(t->rig, &list);
    rig_read(t->rig, &m.arena, 0, after, all * 16);
    size_t end = (base + (size_t)net->plan.vec4s) * 4;
    bool clean = true;
    for (size_t i = 0; i < all * 4 && clean; i++)
        if ((i < base * 4 || i >= end) && i / 4 != WASTE &&
            memcmp(&before[i], &after[i], sizeof *before)) {
            fprintf(stderr, "value %zu of memory became %g (input %zu, own memory %zu..%zu)\n", i,
                    (double)after[i], in_at * 4, base * 4, end);
            clean = false;
        }
    for (int32_t k = 0; k < g->outputs; k++) {
        const mi_tensor *y = &g->tensor[g->output[k]];
        unpack_output(y, after + (size_t)mi_net_output(net, k, (int32_t)base) * 4, result);
        result += volume(y);
    }
    free(before);
    free(after);
    rig_memory_destroy(t->rig, &m);
    return clean;
}

static void describe(const mi_graph *g)
{
    for (int32_t i = 0; i < g->nodes; i++) {
        const mi_node *n = &g->node[i];
        const mi_tensor *o = &g->tensor[n->out];
        fprintf(stderr, "    %d = %s(", (int)n->out, mi_op_name(n->op));
        for (int32_t k = 0; k < n->inputs; k++)
            fprintf(stderr, "%s%d%s", k ? ", " : "", (int)n->in[k],
                    n->in[k] >= 0 && g->tensor[n->in[k]].data ? "c" : "");
        fprintf(stderr, ") -> %dx%dx%d", (int)o->c, (int)o->h, (int)o->w);
        if (n->op == MI_OP_CONV || n->op == MI_OP_CONV_TRANSPOSE)
            fprintf(stderr, " k%dx%d s%d,%d d%d,%d g%d pad %d %d %d %d", (int)n->conv.kh,
                    (int)n->conv.kw, (int)n->conv.stride_h, (int)n->conv.stride_w,
                    (int)n->conv.dilation_h, (int)n->conv.dilation_w, (int)n->conv.groups,
                    (int)n->conv.pad_t, (int)n->conv.pad_l, (int)n->conv.pad_b,
                    (int)n->conv.pad_r);
        if (n->op == MI_OP_PAD)
            fprintf(stderr, " mode %d pad %d %d %d %d", (int)n->pad_mode, (int)n->pad.t,
                    (int)n->pad.l, (int)n->pad.b, (int)n->pad.r);
        if (n->op == MI_OP_ACT)
            fprintf(stderr, " act %d", (int)n->act);
        if (n->op == MI_OP_RESIZE)
            fprintf(stderr, " mode %d", (int)n->resize);
        fprintf(stderr, "\n");
    }
}

static double nmse_limit(const mi_graph *g, const trial_options *o)
{
    int32_t convolutions = 0;
    if (o->choice == 0 || mi_gemm_storage(o->choice) == MI_STORAGE_FLOAT)
        return NMSE_LIMIT;
    for (int32_t i = 0; i < g->nodes; i++)
        convolutions += g->node[i].op == MI_OP_CONV;
    return NMSE_HALVES * convolutions;
}

/* One output; each has its own measure, since they may be of very different sizes. */
static bool good_output(net_trial *t, const mi_graph *g, const float *got, const float *want,
                        size_t count, int32_t output, const trial_options *o)
{
    double nmse = oracle_nmse(got, want, count), off = oracle_max_abs(got, want, count), top = 1;
    bool halves = o->choice > 0 && mi_gemm_storage(o->choice) != MI_STORAGE_FLOAT;
    for (size_t i = 0; i < count; i++)
        top = fmax(top, fabs((double)want[i]));
    if (nmse < nmse_limit(g, o) || off < ABS_LIMIT * top) {
        double *worst = halves ? &t->worst_halves : &t->worst;
        *worst = fmax(*worst, isfinite(nmse) ? nmse : 0);
        if (halves)
            t->halves_off = fmax(t->halves_off, off / top);
        return true;
    }
    size_t first = 0;
    while (first + 1 < count && fabs((double)got[first] - want[first]) < ABS_LIMIT * top)
        first++;
    char choice[64];
    mi_gemm_name(o->choice, choice, sizeof choice);
    fprintf(stderr, "%s, lanes8 %d, %s, output %d: NMSE %g, largest error %g; value %zu is %g, "
            "not %g\n", o->what, (int)o->lanes8, choice, (int)output, nmse, off, first,
            (double)got[first], (double)want[first]);
    return false;
}

static bool good_enough(net_trial *t, const mi_graph *g, const float *got, const float *want,
                        const trial_options *o)
{
    bool good = true;
    for (int32_t k = 0; k < g->outputs; k++) {
        size_t count = volume(&g->tensor[g->output[k]]);
        good = good_output(t, g, got, want, count, k, o) && good;
        got += count;
        want += count;
    }
    return good;
}

static void run_oracle(const mi_graph *g, const float *input, float *want)
{
    float *output[MI_GRAPH_OUTPUTS];
    if (oracle_run(g, input, output) != 0)
        abort();
    for (int32_t k = 0; k < g->outputs; k++) {
        size_t count = volume(&g->tensor[g->output[k]]);
        memcpy(want, output[k], count * sizeof *want);
        want += count;
        free(output[k]);
    }
}

bool net_trial_compute(net_trial *t, const mi_graph *g, const float *input, float *result)
{
    mi_net net;
    t->runs++;
    const trial_options usual = {.what = "as it comes"};
    if (net_of_kept(t, &net, g, mi_kernel_family(t->rig->device), &usual) != MIEN_OK)
        return false;
    bool clean = run_net(t, &net, g, input, result);
    if (!clean)
        mi_fail(&t->rig->log, MIEN_ERR_NO_DEVICE, "wrote outside its memory");
    drop_net(&net, false);
    return clean;
}

bool net_trial_run(net_trial *t, const mi_graph *g, dice *seed, const trial_options *o)
{
    size_t in = volume(&g->tensor[g->input]), out = volume_out(g);
    float *input = rig_room(in * sizeof *input), *got = rig_room(out * sizeof *got);
    float *want = rig_room(out * sizeof *want);
    bool plain = o->low >= o->high;
    dice_fill(seed, input, in, plain ? -1 : o->low, plain ? 1 : o->high);
    mi_net net;
    bool shuffle = t->rig->device->subgroup_shuffle;
    t->rig->device->subgroup_shuffle = shuffle && o->lanes8; /* how mi_kernel_family() decides */
    t->rig->device->as_gpu = o->gpu;
    mi_family family = mi_kernel_family(t->rig->device);
    int status = o->own_net ? mi_net_create(&net, t->rig->device, g, false, &t->rig->log)
                            : net_of_kept(t, &net, g, family, o);
    t->rig->device->subgroup_shuffle = shuffle;
    t->rig->device->as_gpu = false;
    t->runs++;
    bool ok = status == MIEN_OK;
    if (ok) {
        run_oracle(g, input, want);
        ok = run_net(t, &net, g, input, got);
        if (!ok)
            fprintf(stderr, "%s, lanes8 %d: wrote outside its memory\n", o->what, (int)o->lanes8);
        ok = good_enough(t, g, got, want, o) && ok;
        drop_net(&net, o->own_net);
    }
    if (!ok) {
        t->failures++;
        describe(g);
    }
    free(input);
    free(got);
    free(want);
    return ok;
}

bool net_trial_plan_has(const mi_graph *graph, const mi_variant *wanted)
{
    mi_plan plan;
    mi_family family = wanted->lanes8 ? MI_FAMILY_LANES8 : MI_FAMILY_PLAIN;
    if (mi_plan_create(&plan, graph, family, NULL) != MIEN_OK)
        return false;
    bool found = false;
    for (int32_t i = 0; i < plan.steps; i++)
        found = found || mi_variant_same(&plan.step[i].variant, wanted);
    mi_plan_destroy(&plan);
    return found;
}
