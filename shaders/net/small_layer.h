/* Records of small.comp, shared by C and GLSL: SMALL_VEC4S vec4 of integers each, in the order
 *   kind, in0, in1, out0
 *   iw, ih, iq, ow
 *   oh, oq, kh, kw
 *   sh, sw, pad_t, pad_l
 *   weights, bias, slopes, residual
 *   residual quads, where operands lie, zoom, flags
 * as in net_push.h; offsets in the arena (in0, in1, out0) are relative to the network's part of it
 * or to its input; `slopes`: what negative values are multiplied by, one a channel; residual: 0:
 * there is none, else as in finish.glsl; zoom of a window: its input is seen upsampled 2^zoom
 * times.
 * Values are a OP b, with OP as in elementwise.comp up to 4, a cut out and b broadcast. For them
 *   kw, kh: the first channel of the result that is made, and the first that is not; those below
 *   the one stay
 *   sh, sw, pad_t, pad_l: from row to row and column to column of a, and the first ones
 *   weights, bias, zoom: strides of b in vec4, of quads, rows and columns
 *   residual, residual quads: OP; what to add to a channel for a's. */
#define SMALL_VEC4S 6
#define SMALL_DENSE 0
#define SMALL_DEPTH 1
#define SMALL_WINDOW 2
#define SMALL_VALUES 3
#define SMALL_IN0_IS_INPUT 1
#define SMALL_IN1_IS_INPUT 2
#define SMALL_IN1_IS_CONSTANT 4 /* of values: it lies in the weights */
#define SMALL_B_IS_SCALAR 1 /* its first channel stands for all */
#define SMALL_SWAPPED 2     /* b OP a */
#define SMALL_SIGMOID 4     /* the activation, instead of slopes */
