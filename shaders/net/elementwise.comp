// out = act(a OP b), or act(a * scale + shift), one vec4 an invocation, with broadcasting of b.
//   OP 0: a   1: a + b   2: a - b   3: a * b   4: a / b   5: a * b + b' (per channel, weights)
//      6: prelu with slope b
// b lies in the arena (B_WEIGHTS 0) or the weight buffer (1) at in1, with the strides qs, ys, xs
// in vec4 (0: the same for all); B_SCALAR 1: its first channel stands for all. SWAP 1: b OP a.
// c0: channels of the output; b' at p.bias.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;
#include "net/net.glsl"
layout(constant_id = 3) const int OP = 0;
layout(constant_id = 4) const int B_WEIGHTS = 0;
layout(constant_id = 5) const int B_SCALAR = 0;
layout(constant_id = 6) const int SWAP = 0;

void main()
{
    int i = int(gl_GlobalInvocationID.x);
    int plane = p.ow * p.oh;
    if (i >= plane * p.oq)
        return;
    int quad = i / plane, y = (i % plane) / p.ow, x = i % p.ow;
    vec4 a = texelFetch(arena_vec4, p.in0 + i);
    vec4 b = vec4(0);
    if (OP != 0) {
        int at = p.in1 + quad * p.qs + y * p.ys + x * p.xs;
        b = B_WEIGHTS == 1 ? texelFetch(weights, at) : texelFetch(arena_vec4, at);
        if (B_SCALAR == 1)
            b = b.xxxx;
    }
    if (SWAP == 1) {
        vec4 t = a;
        a = b;
        b = t;
    }
    vec4 o = a;
    if (OP == 1)
        o = a + b;
    else if (OP == 2)
        o = a - b;
    else if (OP == 3)
        o = a * b;
    else if (OP == 4)
        o = a / b;
    else if (OP == 5)
        o = a * b + texelFetch(weights, p.bias + quad);
    else if (OP == 6)
        o = max(a, vec4(0)) + b * min(a, vec4(0));
    arena_store[p.out0 + i] = keep_channels(activate(o), quad, p.c0);
}
