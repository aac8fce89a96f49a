// Resize: four vec4 an invocation, 64 apart. MODE as mi_resize_mode in core/net/graph.h; f0, f1:
// scale of rows and columns (output / input). A second operand and the activation as in
// finish.glsl.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;
#include "net/finish.glsl"
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

vec4 pixel(int quad, int y, int x)
{
    y = clamp(y, 0, p.ih - 1);
    x = clamp(x, 0, p.iw - 1);
    return texelFetch(arena_vec4, p.in0 + (quad * p.ih + y) * p.iw + x);
}

vec4 resized(int quad, int y, int x)
{
    float sy = position(y, p.ih, p.oh, p.f0), sx = position(x, p.iw, p.ow, p.f1);
    // a hair more than the quotient: 3 / 1.5 must not become 1.9999999
    if (MODE == NEAREST_FLOOR)
        return pixel(quad, int(floor(sy + 1e-5)), int(floor(sx + 1e-5)));
    if (MODE == NEAREST_ROUND)
        return pixel(quad, int(ceil(sy - 0.5 - 1e-5)), int(ceil(sx - 0.5 - 1e-5)));
    sy = clamp(sy, 0.0, float(p.ih - 1));
    sx = clamp(sx, 0.0, float(p.iw - 1));
    int y0 = int(floor(sy)), x0 = int(floor(sx));
    vec4 top = mix(pixel(quad, y0, x0), pixel(quad, y0, x0 + 1), sx - float(x0));
    vec4 low = mix(pixel(quad, y0 + 1, x0), pixel(quad, y0 + 1, x0 + 1), sx - float(x0));
    return mix(top, low, sy - float(y0));
}

// Column and row of pixel i. Caches fetch ahead what goes through planes pixel by pixel, and not in
// squares: half the time with a second operand. An integer division is slow; one of floats may be
// one off.
ivec2 place(int i)
{
    int y = int(float(i) / float(p.ow)), x = i - y * p.ow;
    int off = x < 0 ? -1 : x >= p.ow ? 1 : 0;
    return ivec2(x - off * p.ow, y + off);
}

void main()
{
    int plane = p.ow * p.oh, quad = int(gl_WorkGroupID.z), k = 0;
    int i = int(gl_WorkGroupID.x) * 256 + int(gl_LocalInvocationID.x);
    do {
        int here = min(i, plane - 1), to = quad * plane + here;
        ivec2 at = place(here);
        store(i < plane ? p.out0 + to : WASTE, finish(resized(quad, at.y, at.x), quad, to));
        i += 64;
    } while (++k < 4);
}
