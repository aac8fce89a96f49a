// out = act(a OP b), with broadcasting of b: four vec4 an invocation, 64 apart.
//   OP 0: a   1: a + b   2: a - b   3: a * b   4: a / b   5: a * b + b' (per channel, weights)
//      6: prelu with slope b   7: max(a, b)   8: min(a, b)   9: a to the power of b
//      from 15 on: a function of a, a value of mi_act in core/net/graph.h; f0, f1: its numbers
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

// Abramowitz and Stegun 7.1.26 has too few digits near 0: there its series.
vec4 error_function(vec4 x)
{
    vec4 a = abs(x), t = 1.0 / (1.0 + 0.3275911 * a), q = a * a;
    vec4 far = 1.0 - t * exp(-min(q, vec4(80))) *
               (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 +
                                                                          t * 1.061405429))));
    vec4 near = 1.1283791671 * a * (1.0 - q * (1.0 / 3.0 - q * (0.1 - q * (1.0 / 42.0 -
                q * (1.0 / 216.0 - q / 1320.0)))));
    return sign(x) * mix(far, near, lessThan(a, vec4(0.9)));
}

vec4 hyperbolic_tangent(vec4 x) // tanh() overflows on some drivers for large arguments
{
    vec4 e = exp(-2.0 * min(abs(x), vec4(20)));
    return sign(x) * (1.0 - e) / (1.0 + e);
}

vec4 soft_plus(vec4 x)
{
    return max(x, vec4(0)) + log(1.0 + exp(-abs(x)));
}

// pow() is undefined for negative numbers; their whole powers are numbers, the others are none.
vec4 power(vec4 a, vec4 b)
{
    vec4 size = mix(pow(abs(a), b), vec4(1), equal(b, vec4(0)));
    bvec4 odd = greaterThan(abs(b - 2.0 * floor(b / 2.0)), vec4(0.5));
    vec4 negative = mix(size, -size, odd);
    negative = mix(vec4(uintBitsToFloat(0x7fc00000u)), negative, equal(b, floor(b)));
    return mix(size, negative, lessThan(a, vec4(0)));
}

vec4 function_of(vec4 x)
{
    vec4 above = max(x, vec4(0)), below = min(x, vec4(0));
    switch (OP) {
    case 15:
        return log(x);
    case 16:
        return floor(x);
    case 17:
        return ceil(x);
    case 18:
        return roundEven(x);
    case 19:
        return sign(x);
    case 20:
        return sin(x);
    case 21:
        return cos(x);
    case 22:
        return error_function(x);
    case 23:
        return x / (1.0 + abs(x));
    case 24:
        return x * hyperbolic_tangent(soft_plus(x));
    case 25:
        return 0.5 * x * (1.0 + error_function(x * 0.70710678));
    case 26:
        return 0.5 * x * (1.0 + hyperbolic_tangent(0.79788456 * (x + 0.044715 * x * x * x)));
    case 27:
        return p.f1 * (above + p.f0 * (exp(below) - 1.0));
    case 28:
        return above + p.f0 * (exp(below / p.f0) - 1.0);
    default:
        return mix(vec4(0), x, greaterThan(x, vec4(p.f0)));
    }
}

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
    case 7:
        return max(a, b);
    case 8:
        return min(a, b);
    case 9:
        return power(a, b);
    case 0:
        return a;
    default:
        return function_of(a);
    }
}

void main()
{
    int plane = p.ow * p.oh, quad = int(gl_WorkGroupID.z);
    int first = int(gl_WorkGroupID.x) * 256 + int(gl_LocalInvocationID.x);
    [[unroll]] for (int k = 0; k < 4; k++) {
        int i = first + 64 * k, from = min(i, plane - 1);
        vec4 a = texelFetch(arena_vec4, p.in0 + quad * plane + from);
        vec4 b = OP == 0 || OP >= 15 ? vec4(0) : second(quad, from);
        vec4 o = keep_channels(activate(combine(a, b, quad)), quad, p.c0);
        store(i < plane ? p.out0 + quad * plane + i : WASTE, o);
    }
}
