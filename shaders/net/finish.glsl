// The end of a convolution: the activation is applied, with a second operand.
// RESIDUAL 1: added before the activation, 2: after it, 3: multiplied after it; it lies at in1, has
// the output's size and the first c1 of its channel quads. PRELU: one slope a channel at c2 of the
// weights.
#ifndef FINISH_GLSL
#define FINISH_GLSL
#include "net/net.glsl"
layout(constant_id = 2) const int RESIDUAL = 0;

const int ACT_PRELU = 3;

vec4 residual(int quad, int at)
{
    return texelFetch(arena_vec4, quad < p.c1 ? p.in1 + at : 0); // 0 holds zeros
}

vec4 finish(vec4 r, int quad, int at)
{
    if (RESIDUAL == 1)
        r += residual(quad, at);
    if (ACT == ACT_PRELU)
        r = max(r, vec4(0)) + texelFetch(weights, p.c2 + quad) * min(r, vec4(0));
    else
        r = activate(r);
    if (RESIDUAL == 2)
        r += residual(quad, at);
    if (RESIDUAL == 3)
        r *= residual(quad, at);
    return r;
}
#endif
