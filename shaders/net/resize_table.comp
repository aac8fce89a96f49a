// Resize by tables of weights: one vec4 an invocation. A table has, for each row (at weights) or
// column (at bias) of the result, the first of the kh or kw sources and their weights, padded to
// whole vec4.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 8) in;
#include "net/net.glsl"

float entry(int at, int k)
{
    vec4 v = texelFetch(weights, at + k / 4);
    return k % 4 == 0 ? v.x : k % 4 == 1 ? v.y : k % 4 == 2 ? v.z : v.w;
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    int quad = int(gl_WorkGroupID.z);
    if (x >= p.ow || y >= p.oh)
        return;
    int row = p.weights + y * ((p.kh + 4) / 4), column = p.bias + x * ((p.kw + 4) / 4);
    int top = int(entry(row, 0)), left = int(entry(column, 0));
    vec4 o = vec4(0);
    for (int i = 0; i < p.kh; i++) {
        vec4 line = vec4(0);
        int at = p.in0 + (quad * p.ih + top + i) * p.iw + left;
        for (int k = 0; k < p.kw; k++)
            line += entry(column, 1 + k) * texelFetch(arena_vec4, at + k);
        o += entry(row, 1 + i) * line;
    }
    store(p.out0 + (quad * p.oh + y) * p.ow + x, activate(o));
}
