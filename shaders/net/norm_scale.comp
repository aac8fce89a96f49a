// Instance norm, part 2: one invocation a quad adds up the strips of norm_sum (in1) and writes
// the scale and shift of the quad: y = x * scale + shift. f0: epsilon; weights: gamma, bias: beta.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8) in;
#include "net/net.glsl"

void main()
{
    int quad = int(gl_GlobalInvocationID.x);
    if (quad >= p.iq)
        return;
    float n = float(p.iw * p.ih);
    vec4 s1 = vec4(0), s2 = vec4(0);
    for (int t = 0; t < p.c1; t++) {
        int at = p.in1 + (quad * p.c1 + t) * 2;
        s1 += texelFetch(arena_vec4, at);
        s2 += texelFetch(arena_vec4, at + 1);
    }
    vec4 d = s1 / n;
    vec4 mean = texelFetch(arena_vec4, p.in0 + quad * p.iw * p.ih) + d;
    vec4 variance = max(s2 / n - d * d, vec4(0));
    vec4 scale = texelFetch(weights, p.weights + quad) * inversesqrt(variance + p.f0);
    store(p.out0 + quad * 2, scale);
    store(p.out0 + quad * 2 + 1, texelFetch(weights, p.bias + quad) - mean * scale);
}
