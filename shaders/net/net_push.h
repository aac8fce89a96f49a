/* Push constants of the network kernels, shared by C and GLSL. Offsets are vec4 in the arena
 * (in0, in1, out) or in the weight buffer (weights, bias). */
#ifdef VULKAN /* GLSL */
#define NET_INT int
#define NET_FLOAT float
#else
#include <stdint.h>
#define NET_INT int32_t
#define NET_FLOAT float
#endif

struct net_push {
    NET_INT in0, in1, out0;
    NET_INT weights, bias;
    NET_INT iw, ih, iq;       /* input: pixels, rows, channel quads */
    NET_INT ow, oh, oq;       /* output */
    NET_INT pad_t, pad_l;
    NET_FLOAT act_a, act_b;
    NET_INT kh, kw, sh, sw, dh, dw; /* kernel, stride, dilation */
    NET_INT qs, ys, xs;       /* strides of the second operand; 0: broadcast */
    NET_INT c0, c1, c2;       /* see the kernel */
    NET_FLOAT f0, f1, f2;
};
