/* Records of small.comp, shared by C and GLSL: SMALL_VEC4S vec4 of integers each, in the order
 *   kind, in0, in1, out0
 *   iw, ih, iq, ow
 *   oh, oq, kh, kw
 *   sh, sw, pad_t, pad_l
 *   weights, bias, slopes, residual
 *   residual quads, operands that are the network's input, zoom
 * as in net_push.h; offsets in the arena (in0, in1, out0) are relative to the network's part of it
 * or to its input; `slopes`: what negative values are multiplied by, one a channel; residual: 0:
 * there is none, else as in finish.glsl; zoom of a window: its input is seen upsampled 2^zoom
 * times. */
#define SMALL_VEC4S 6
#define SMALL_DENSE 0
#define SMALL_DEPTH 1
#define SMALL_WINDOW 2
#define SMALL_IN0_IS_INPUT 1
#define SMALL_IN1_IS_INPUT 2
