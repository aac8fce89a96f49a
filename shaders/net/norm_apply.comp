// Instance norm, part 3: y = act(x * scale + shift), scale and shift from norm_scale at in1.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;
#include "net/net.glsl"

void main()
{
    int i = int(gl_GlobalInvocationID.x), plane = p.ow * p.oh;
    if (i >= plane * p.oq)
        return;
    int quad = i / plane;
    vec4 scale = texelFetch(arena_vec4, p.in1 + quad * 2);
    vec4 shift = texelFetch(arena_vec4, p.in1 + quad * 2 + 1);
    arena_store[p.out0 + i] = activate(texelFetch(arena_vec4, p.in0 + i) * scale + shift);
}
