// out = act(a OP b), with broadcasting of b: four vec4 an invocation, 64 apart.
//   OP 0: a   1: a + b   2: a - b   3: a * b   4: a / b   5: a * b + b' (per channel, weights)
//      6: prelu with slope b
// b lies in the arena (B_WEIGHTS 0) or the weight buffer (1) at in1, with the strides qs, ys, xs
// in vec4. B_SHAPE 0: one value a quad; 1: the same plane as a; 2: other strides. B_SCALAR 1: its
// first channel stands for all. SWAP 1: b OP a. c0: channels of the output; b' at p.bias.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;
#include "net/net.glsl"
layout(constant_id = 1) const int B_SHAPE = 0;
layout(constant_id = 3) const int OP = 0;
layout(constant_id = 4) const int B_WEIGHTS = 0;
layout(constant_id = 5) const int B_SCALAR = 0;
layout(constant_id = 6) const int SWAP = 0;

vec4 second(int quad, int i)
{
    int at = p.in1 + quad * p.qs;
    if (B_SHAPE == 1)
        at += i;
    else if (B_SHAPE == 2)
        at += i / p.ow * p.ys + i % p.ow * p.xs;
    vec4 b = B_WEIGHTS == 1 ? texelFetch(weights, at) : texelFetch(arena_vec4, at);
    return B_SCALAR == 1 ? b.xxxx : b;
}

vec4 combine(vec4 a, vec4 b, int quad)
{
    if (SWAP == 1) {
        vec4 t = a;
        a = b;
        b = t;
    }
    switch (OP) {
    case 1:
        return a + b;
    case 2:
        return a - b;
    case 3:
        return a * b;
    case 4:
        return a / b;
    case 5:
        return a * b + texelFetch(weights, p.bias + quad);
    case 6:
        return max(a, vec4(0)) + b * min(a, vec4(0));
    default:
        return a;
    }
}

void main()
{
    int plane = p.ow * p.oh, quad = int(gl_WorkGroupID.z);
    int first = int(gl_WorkGroupID.x) * 256 + int(gl_LocalInvocationID.x);
    [[unroll]] for (int k = 0; k < 4; k++) {
        int i = first + 64 * k, from = min(i, plane - 1);
        vec4 a = texelFetch(arena_vec4, p.in0 + quad * plane + from);
        vec4 b = OP == 0 ? vec4(0) : second(quad, from);
        vec4 o = keep_channels(activate(combine(a, b, quad)), quad, p.c0);
        store(i < plane ? p.out0 + quad * plane + i : WASTE, o);
    }
}
