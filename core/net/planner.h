/* State and helpers that the parts of the planner share: plan.c (order), plan_fuse.c (what
 * goes into a neighbour's step), plan_conv.c,
 * plan_wino.c and plan_other.c (steps), plan_place.c (memory). */
#ifndef MI_PLANNER_H
#define MI_PLANNER_H

#include "plan.h"

/* Means and squared deviations of a tensor's tiles, which the convolution that made it left for the
 * instance norm that reads it. */
typedef struct mi_tile_stats {
    int32_t piece, rows; /* rows of a tile; 0: there are none */
} mi_tile_stats;

/* State while a plan is made. */
typedef struct planner {
    mi_plan *plan;
    const mi_graph *g;
    mi_log *log;
    const mi_plan_rules *rules;
    int32_t *buffer;   /* of each tensor; MI_BUFFER_NONE: not computed (constant, fused away) */
    int32_t *producer; /* node that makes each tensor; -1 */
    int32_t *uses;     /* nodes that read each tensor; the output counts once more */
    mi_tile_stats *stats; /* of each tensor */
    bool *done;        /* nodes fused into an earlier step */
    bool *left;        /* nodes left to the convolution that reads them */
    int32_t node;      /* being planned */
} planner;

int32_t mi_quads(int32_t channels);
uint32_t mi_divide_up(int32_t a, int32_t b);
const mi_tensor *mi_planner_tensor(const planner *p, int32_t t);
bool mi_same_size(const mi_tensor *a, const mi_tensor *b);

/* Fails with a line that names the present node. */
int mi_planner_fail(const planner *p, const char *why);
int mi_planner_no_memory(const planner *p);

/* A piece of arena, or the one for a tensor; MI_BUFFER_NONE if memory ran out. */
int32_t mi_planner_piece(planner *p, int64_t vec4s);
int32_t mi_planner_place(planner *p, int32_t t);

/* A zeroed step for the present node, or NULL; what it reads and writes is filled in, then it is
 * committed. */
mi_step *mi_planner_step(planner *p, mi_kernel kernel);
void mi_planner_commit(planner *p, mi_step *s);
/* Sizes of tensors `in` and `out`, and `in` as the first operand. */
void mi_planner_shapes(planner *p, mi_step *s, int32_t in, int32_t out);

/* The node that alone reads tensor t, or NULL. */
const mi_node *mi_only_reader(const planner *p, int32_t t);
/* The node that makes t and was left to its only reader, or NULL. */
const mi_node *mi_left_producer(const planner *p, int32_t t);
/* True if a step may read tensor t now: it has been computed. */
bool mi_is_ready(const planner *p, int32_t t);
/* Makes sure that a step may read t, planning its producer ahead of its turn where that is a pool
 * or a channel pad that can run now. False: it is not ready. */
bool mi_make_ready(planner *p, int32_t t);
/* A pad behind the last channels, with zeros: what remains is a tensor with fewer quads. */
bool mi_is_channel_pad(const planner *p, const mi_node *n);
/* Marks n as done by the present step, whose output becomes *out. */
void mi_swallow(planner *p, const mi_node *n, int32_t *out);
/* An activation that a kernel can apply to what it stores. */
bool mi_plain_act(const mi_node *n);
void mi_set_act(mi_step *s, const mi_node *n);

/* The slopes of a PRelu, one a channel, in the weights. */
int32_t mi_pack_slopes(planner *p, const mi_node *prelu, int32_t channels);

bool mi_is_conv3x3(const mi_node *n);
/* A nearest upsampling to twice the size. */
bool mi_is_up2(const planner *p, const mi_node *n);
/* A depthwise 3x3 convolution of stride 1 or 2. */
bool mi_is_depth3(const planner *p, const mi_node *n);
/* Will the node's only reader, a convolution, do this node's work in its loads? */
bool mi_left_to_reader(const planner *p, const mi_node *n);

/* Gives every piece but the input its place, so that no two that live at the same time overlap,
 * and plan->vec4s. MIEN_ERR_UNSUPPORTED: more than 2^31 vec4; MIEN_ERR_NOMEM; logs nothing. */
int mi_place_pieces(mi_plan *plan);

/* Output quads an invocation, one of `variants` (larger ones first, a zero ends them): least work,
 * where a pass over the input costs as much as `pass` quads more. */
int mi_choose_q(int32_t co_quads, const uint8_t *variants, int32_t pass);

/* Is the 3x3 convolution, planned as a step of conv_tile but for its weights, faster as two
 * dispatches of Winograd's kind? The place for what is measured of a device. */
bool mi_wino_pays(const planner *p, const mi_step *conv_tile);
/* Plans it so; `order` of the output channels as pack.h has it, `out`: the tensor after fusion. */
int mi_plan_wino(planner *p, const mi_step *conv_tile, const mi_filter_bank *bank,
                 const int32_t *order, int32_t out);

/* Layers of small pictures. Is the last step one of them, so that another costs no dispatch? */
bool mi_small_goes_on(const planner *p);
/* Can MI_KERNEL_SMALL do a convolution, and does it pay? Or what takes
 * the maximum of so many taps for each value of `out`? */
bool mi_small_conv(const planner *p, const mi_node *n);
bool mi_small_window(const planner *p, const mi_tensor *out, int32_t taps);
/* Can it apply the activation, which may be NULL? */
bool mi_small_act(const mi_node *act);
/* Makes the step, whose shapes are set, one of its: of a kind of small_layer.h, for so many output
 * channels; `residual` as in small_layer.h. */
void mi_small_set(planner *p, mi_step *s, int kind, const mi_node *act, int32_t channels,
                  int residual);
/* Makes a step of elementwise.comp or rearrange.comp, complete but for its activation, one of its
 * that writes tensor `out` with the activation, as mi_small_act() has it or a sigmoid, or NULL;
 * false: it cannot, or it does not pay. */
bool mi_small_values(planner *p, mi_step *s, const mi_tensor *out, const mi_node *act);
/* Writes what the kernel reads of such steps to the weights, when all pieces have their places. */
void mi_small_records(mi_plan *plan);

int mi_plan_conv(planner *p, const mi_node *n);
int mi_plan_conv_transpose(planner *p, const mi_node *n);
int mi_plan_other(planner *p, const mi_node *n);

#endif
