#include "gemm.h"
#include "planner.h"

#include <stdlib.h>
#include <string.h>

int32_t mi_quads(int32_t channels)
{
    return (channels + 3) / 4;
}

const mi_tensor *mi_planner_tensor(const planner *p, int32_t t)
{
    return &p->g->tensor[t];
}

uint32_t mi_divide_up(int32_t a, int32_t b)
{
    return (uint32_t)((a + b - 1) / b);
}

int mi_planner_fail(const planner *p, const char *why)
{
    const mi_node *n = &p->g->node[p->node];
    return mi_fail(p->log, MIEN_ERR_UNSUPPORTED, "node '%s' (%s): %s", n->name ? n->name : "",
                   mi_op_name(n->op), why);
}

int mi_planner_no_memory(const planner *p)
{
    return mi_fail(p->log, MIEN_ERR_NOMEM, "out of memory");
}

int32_t mi_planner_piece(planner *p, int64_t vec4s)
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

int32_t mi_planner_place(planner *p, int32_t t)
{
    const mi_tensor *x = mi_planner_tensor(p, t);
    int32_t b = mi_planner_piece(p, (int64_t)mi_quads(x->c) * x->h * x->w);
    p->buffer[t] = b;
    return b;
}

mi_step *mi_planner_step(planner *p, mi_kernel kernel)
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
    s->variant.lanes8 = p->rules->family == MI_FAMILY_LANES8;
    s->in0 = s->in1 = s->in2 = s->out = s->stats = MI_BUFFER_NONE;
    s->node = p->g->node[p->node].name;
    return s;
}

static void touch(planner *p, int32_t b)
{
    if (b != MI_BUFFER_NONE && p->plan->piece[b].last < p->plan->steps)
        p->plan->piece[b].last = p->plan->steps;
}

void mi_planner_commit(planner *p, mi_step *s)
{
    touch(p, s->in0);
    touch(p, s->in1);
    touch(p, s->in2);
    touch(p, s->out);
    touch(p, s->stats);
    p->plan->mac += s->mac;
    p->plan->steps++;
}

void mi_planner_shapes(planner *p, mi_step *s, int32_t in, int32_t out)
{
    const mi_tensor *i = mi_planner_tensor(p, in), *o = mi_planner_tensor(p, out);
    s->push.iw = i->w;
    s->push.ih = i->h;
    s->push.iq = mi_quads(i->c);
    s->push.ow = o->w;
    s->push.oh = o->h;
    s->push.oq = mi_quads(o->c);
    s->in0 = p->buffer[in];
}

const mi_node *mi_only_reader(const planner *p, int32_t t)
{
    if (p->uses[t] != 1)
        return NULL;
    for (int32_t i = p->node + 1; i < p->g->nodes; i++)
        for (int32_t k = 0; k < p->g->node[i].inputs; k++)
            if (p->g->node[i].in[k] == t)
                return p->done[i] ? NULL : &p->g->node[i];
    return NULL;
}

void mi_swallow(planner *p, const mi_node *n, int32_t *out)
{
    p->done[n - p->g->node] = true;
    *out = n->out;
}

bool mi_plain_act(const mi_node *n)
{
    return n->op == MI_OP_ACT && n->act != MI_ACT_PRELU && n->act != MI_ACT_NONE &&
           n->act < MI_ACT_RARE;
}

void mi_set_act(mi_step *s, const mi_node *n)
{
    s->spec[0] = (uint32_t)n->act;
    s->push.act_a = n->act_a;
    s->push.act_b = n->act_b;
}

bool mi_same_size(const mi_tensor *a, const mi_tensor *b)
{
    return a->c == b->c && a->h == b->h && a->w == b->w;
}

const mi_node *mi_left_producer(const planner *p, int32_t t)
{
    int32_t n = p->producer[t];
    return n >= 0 && p->left[n] ? &p->g->node[n] : NULL;
}

bool mi_is_ready(const planner *p, int32_t t)
{
    return p->buffer[t] != MI_BUFFER_NONE;
}

bool mi_make_ready(planner *p, int32_t t)
{
    int32_t i = p->producer[t], turn = p->node;
    if (mi_is_ready(p, t) || i < 0)
        return mi_is_ready(p, t);
    const mi_node *n = &p->g->node[i];
    bool simple = n->op == MI_OP_MAX_POOL || n->op == MI_OP_AVERAGE_POOL ||
                  mi_is_channel_pad(p, n);
    if (!simple || !mi_make_ready(p, n->in[0]))
        return false;
    p->node = i;
    bool planned = mi_plan_other(p, n) == MIEN_OK;
    p->done[i] = true;
    p->node = turn;
    return planned && mi_is_ready(p, t);
}

/* Vulkan promises 65535 workgroups along each axis and many devices have no more. */
static int check_groups(const planner *p)
{
    for (int32_t i = 0; i < p->plan->steps; i++)
        for (int k = 0; k < 3; k++)
            if (p->plan->step[i].groups[k] > 65535)
                return mi_fail(p->log, MIEN_ERR_UNSUPPORTED, "node '%s': its values are too many "
                               "in one direction for a device", p->plan->step[i].node);
    return MIEN_OK;
}

static int plan_node(planner *p, const mi_node *n)
{
    if (mi_planner_tensor(p, n->out)->data)
        return MIEN_OK;
    p->left[p->node] = mi_left_to_reader(p, n);
    if (p->left[p->node])
        return MIEN_OK;
    switch (n->op) {
    case MI_OP_CONV:
        return mi_plan_conv(p, n);
    case MI_OP_CONV_TRANSPOSE:
        return mi_plan_conv_transpose(p, n);
    default:
        return mi_plan_other(p, n);
    }
}

/* A node for the kernel of small pictures whose result is one pixel and whose operands are there,
 * or -1. */
static int32_t find_pixel(const planner *p)
{
    for (int32_t i = p->node + 1; i < p->g->nodes; i++) {
        const mi_node *n = &p->g->node[i];
        const mi_tensor *out = mi_planner_tensor(p, n->out);
        bool can = !p->done[i] && !out->data && out->h == 1 && out->w == 1 &&
                   (n->op == MI_OP_SLICE || n->op == MI_OP_CONCAT ||
                    (n->op >= MI_OP_ADD && n->op <= MI_OP_DIV) ||
                    (n->op == MI_OP_CONV && mi_small_conv(p, n)));
        for (int32_t k = 0; k < n->inputs && can; k++)
            can = n->in[k] < 0 || mi_planner_tensor(p, n->in[k])->data ||
                  mi_is_ready(p, n->in[k]);
        if (can)
            return i;
    }
    return -1;
}

/* While layers of small pictures follow each other, those of one pixel that can be done are: they
 * go into the same dispatch, and would be dispatches of their own later. */
static int plan_pixels(planner *p)
{
    int32_t turn = p->node, i;
    int status = MIEN_OK;
    while (status == MIEN_OK && mi_small_goes_on(p) && (i = find_pixel(p)) >= 0) {
        p->node = i;
        status = plan_node(p, &p->g->node[i]);
        p->done[i] = true;
        p->node = turn;
    }
    return status;
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
    for (int32_t k = 0; k < g->outputs; k++)
        p->uses[g->output[k]]++;
}

/* Outputs live to the end. */
static int place_outputs(planner *p)
{
    mi_plan *plan = p->plan;
    plan->outputs = p->g->outputs;
    for (int32_t k = 0; k < plan->outputs; k++) {
        int32_t b = plan->output[k] = p->buffer[p->g->output[k]];
        if (b < 0 || plan->steps == 0)
            return mi_fail(p->log, MIEN_ERR_MODEL, "the network computes nothing from its input");
        plan->piece[b].last = plan->steps;
    }
    return MIEN_OK;
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

int mi_plan_create_by(mi_plan *plan, const mi_graph *graph, const mi_plan_rules *rules,
                      mi_log *log)
{
    memset(plan, 0, sizeof *plan);
    size_t tensors = (size_t)graph->tensors + 1;
    planner p = {.plan = plan, .g = graph, .log = log, .rules = rules,
                 .buffer = calloc(tensors, sizeof *p.buffer),
                 .producer = calloc(tensors, sizeof *p.producer),
                 .uses = calloc(tensors, sizeof *p.uses),
                 .stats = calloc(tensors, sizeof *p.stats),
                 .done = calloc((size_t)graph->nodes + 1, sizeof *p.done),
                 .left = calloc((size_t)graph->nodes + 1, sizeof *p.left)};
    int status = MIEN_ERR_NOMEM;
    if (!p.buffer || !p.producer || !p.uses || !p.stats || !p.done || !p.left) {
        mi_fail(log, status, "out of memory");
        goto error;
    }
    count_uses(&p);
    plan->input = mi_planner_place(&p, graph->input);
    status = plan->input < 0 ? mi_fail(log, MIEN_ERR_NOMEM, "out of memory") : MIEN_OK;
    for (p.node = 0; p.node < graph->nodes && status == MIEN_OK; p.node++) {
        if (!p.done[p.node])
            status = plan_node(&p, &graph->node[p.node]);
        if (status == MIEN_OK)
            status = plan_pixels(&p);
    }
    if (status == MIEN_OK)
        status = check_groups(&p);
    if (status != MIEN_OK)
        goto error;
    status = place_outputs(&p);
    if (status != MIEN_OK)
        goto error;
    status = mi_place_pieces(plan);
    if (status != MIEN_OK) {
        mi_fail(log, status, status == MIEN_ERR_NOMEM ? "out of memory"
                                                      : "the network needs too much memory");
        goto error;
    }
    mi_small_records(plan);
    if (plan->blob.failed || keep_names(plan) != MIEN_OK)
        status = mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
error:
    free(p.buffer);
    free(p.producer);
    free(p.uses);
    free(p.stats);
    free(p.done);
    free(p.left);
    if (status != MIEN_OK)
        mi_plan_destroy(plan);
    return status;
}

int mi_plan_create(mi_plan *plan, const mi_graph *graph, mi_family family, mi_log *log)
{
    return mi_plan_create_by(plan, graph, &(mi_plan_rules){.family = family,
                                                           .usable = mi_gemm_usable(NULL),
                                                           .force = -1}, log);
}

void mi_plan_destroy(mi_plan *plan)
{
    free(plan->step);
    free(plan->piece);
    free(plan->names);
    mi_blob_free(&plan->blob);
    memset(plan, 0, sizeof *plan);
}
