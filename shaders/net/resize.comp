// Resize, one vec4 an invocation. MODE as mi_resize_mode in core/net/graph.h; f0, f1: scale of
// rows and columns (output / input).
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 8) in;
#include "net/net.glsl"
layout(constant_id = 3) const int MODE = 0;

const int NEAREST_FLOOR = 0, NEAREST_ROUND = 1, HALF_PIXEL = 2, ALIGN_CORNERS = 3;

float position(int i, int n_in, int n_out, float scale)
{
    if (MODE == NEAREST_ROUND || MODE == HALF_PIXEL)
        return (float(i) + 0.5) / scale - 0.5;
    if (MODE == ALIGN_CORNERS)
        return n_out == 1 ? 0.0 : float(i) * float(n_in - 1) / float(n_out - 1);
    return float(i) / scale;
}

vec4 at(int quad, int y, int x)
{
    y = clamp(y, 0, p.ih - 1);
    x = clamp(x, 0, p.iw - 1);
    return texelFetch(arena_vec4, p.in0 + (quad * p.ih + y) * p.iw + x);
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    int quad = int(gl_WorkGroupID.z);
    if (x >= p.ow || y >= p.oh)
        return;
    float sy = position(y, p.ih, p.oh, p.f0), sx = position(x, p.iw, p.ow, p.f1);
    vec4 o;
    if (MODE == NEAREST_FLOOR) {
        // a hair more than the quotient: 3 / 1.5 must not become 1.9999999
        o = at(quad, int(floor(sy + 1e-5)), int(floor(sx + 1e-5)));
    } else if (MODE == NEAREST_ROUND) {
        o = at(quad, int(ceil(sy - 0.5 - 1e-5)), int(ceil(sx - 0.5 - 1e-5)));
    } else {
        sy = clamp(sy, 0.0, float(p.ih - 1));
        sx = clamp(sx, 0.0, float(p.iw - 1));
        int y0 = int(floor(sy)), x0 = int(floor(sx));
        vec4 top = mix(at(quad, y0, x0), at(quad, y0, x0 + 1), sx - float(x0));
        vec4 low = mix(at(quad, y0 + 1, x0), at(quad, y0 + 1, x0 + 1), sx - float(x0));
        o = mix(top, low, sy - float(y0));
    }
    store(p.out0 + (quad * p.oh + y) * p.ow + x, activate(o));
}
