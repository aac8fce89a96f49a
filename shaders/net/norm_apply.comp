// Instance norm, part 3: y = act(x * scale + shift), scale and shift from norm_scale at in1.
// RESIDUAL 1: a tensor of the same size, at c0, is added before the activation, 2: after it.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;
#include "net/net.glsl"
layout(constant_id = 2) const int RESIDUAL = 0;

void main()
{
    int plane = p.ow * p.oh, quad = int(gl_WorkGroupID.z);
    int first = int(gl_WorkGroupID.x) * 256 + int(gl_LocalInvocationID.x);
    vec4 scale = texelFetch(arena_vec4, p.in1 + quad * 2);
    vec4 shift = texelFetch(arena_vec4, p.in1 + quad * 2 + 1);
    [[unroll]] for (int k = 0; k < 4; k++) {
        int i = first + 64 * k, at = quad * plane + min(i, plane - 1);
        vec4 o = texelFetch(arena_vec4, p.in0 + at) * scale + shift;
        if (RESIDUAL == 1)
            o += texelFetch(arena_vec4, p.c0 + at);
        o = activate(o);
        if (RESIDUAL == 2)
            o += texelFetch(arena_vec4, p.c0 + at);
        store(i < plane ? p.out0 + at : WASTE, o);
    }
}
