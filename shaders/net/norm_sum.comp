// Instance norm, part 1: sums over strips of a channel quad. Invocation t of c1 sums the pixels
// t, t + c1, ...: sum(x - k) and sum((x - k)^2) with k the quad's first pixel, which keeps the
// variance exact where the mean is large. out: [quad][t] pairs of vec4.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8) in;
#include "net/net.glsl"

void main()
{
    int t = int(gl_GlobalInvocationID.x), quad = int(gl_WorkGroupID.z);
    if (t >= p.c1)
        return;
    int plane = p.iw * p.ih, base = p.in0 + quad * plane;
    vec4 k = texelFetch(arena_vec4, base), s1 = vec4(0), s2 = vec4(0);
    for (int i = t; i < plane; i += p.c1) {
        vec4 d = texelFetch(arena_vec4, base + i) - k;
        s1 += d;
        s2 += d * d;
    }
    int at = p.out0 + (quad * p.c1 + t) * 2;
    store(at, s1);
    store(at + 1, s2);
}
