// What all network kernels share.
#ifndef NET_GLSL
#define NET_GLSL
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "slots.glsl"
#include "net/net_push.h"

layout(push_constant) uniform push_block
{
    net_push pushed;
};
// A copy: read in the middle of a loop, lavapipe gathers push constants lane by lane.
net_push p = pushed;

// Loops of the hot kernels test at their end. lavapipe cannot leave a loop in its middle: from the
// test on it masks the lanes, so that one at the head costs a whole idle pass. Where the sums are
// many and the passes eight and more (conv_pair, conv_point) what the compiler keeps twice then
// costs more than that pass.

// Values of mi_act in core/net/graph.h.
layout(constant_id = 0) const int ACT = 0;

vec4 activate(vec4 x)
{
    switch (ACT) {
    case 1:
        return max(x, vec4(0));
    case 2:
        return max(x, vec4(0)) + p.act_a * min(x, vec4(0));
    case 4:
        return clamp(x, vec4(p.act_a), vec4(p.act_b));
    case 5: {
        // tanh() overflows on some drivers for large arguments
        vec4 e = exp(-2.0 * min(abs(x), vec4(20)));
        return sign(x) * (1.0 - e) / (1.0 + e);
    }
    case 6:
        return 1.0 / (1.0 + exp(-clamp(x, vec4(-80), vec4(80))));
    case 7:
        return max(x, vec4(0)) + p.act_a * (exp(min(x, vec4(0))) - 1.0);
    case 8:
        return clamp(p.act_a * x + p.act_b, vec4(0), vec4(1));
    case 9:
        return x * clamp(x / 6.0 + 0.5, vec4(0), vec4(1));
    case 10:
        return max(x, vec4(0)) + log(1.0 + exp(-abs(x)));
    case 11:
        return exp(x);
    case 12:
        return abs(x);
    case 13:
        return -x;
    case 14:
        return sqrt(x);
    default:
        return x;
    }
}

// Zeroes the channels of the last quad that the tensor does not have.
vec4 keep_channels(vec4 v, int quad, int channels)
{
    return mix(vec4(0), v, lessThan(ivec4(quad * 4) + ivec4(0, 1, 2, 3), ivec4(channels)));
}

// Values of mi_pad_mode in core/net/graph.h.
const int PAD_ZERO = 0, PAD_EDGE = 1, PAD_REFLECT = 2;
const int OUTSIDE = -(1 << 30); // makes any index that it is added to negative

// Position i on an axis of n samples under a padding mode; OUTSIDE for a padded zero.
int source(int i, int n, int mode)
{
    if (mode == PAD_ZERO)
        return i < 0 || i >= n ? OUTSIDE : i;
    if (mode == PAD_REFLECT) {
        i = abs(i);
        i = i >= n ? 2 * n - 2 - i : i;
    }
    return clamp(i, 0, n - 1);
}
#endif
