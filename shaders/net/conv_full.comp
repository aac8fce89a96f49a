// A convolution whose kernel covers its whole input and whose output is one pixel: a matrix times
// a vector, 4 channels an invocation. c0: vec4 of the input, [quad][pixel].
// Weights: [input vec4][its component][output quad] vec4.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 32) in;
#include "net/finish.glsl"

void main()
{
    int quad = int(gl_GlobalInvocationID.x);
    if (quad >= p.oq)
        return;
    vec4 r = texelFetch(weights, p.bias + quad);
    int at = p.weights + quad;
    for (int i = 0; i < p.c0; i++) {
        vec4 v = texelFetch(arena_vec4, p.in0 + i);
        [[unroll]] for (int j = 0; j < 4; j++, at += p.oq)
            r += v[j] * texelFetch(weights, at);
    }
    store(p.out0 + quad, finish(r, quad, quad));
}
