// Max and average pooling (padding does not count), one vec4 an invocation. MODE 0: max, 1: mean.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 8) in;
#include "net/net.glsl"
layout(constant_id = 3) const int MODE = 0;

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    int quad = int(gl_WorkGroupID.z);
    if (x >= p.ow || y >= p.oh)
        return;
    vec4 o = vec4(MODE == 0 ? -3.4e38 : 0.0);
    float n = 0.0;
    int ky = 0;
    do {
        int sy = y * p.sh - p.pad_t + ky * p.dh, kx = 0;
        do {
            int sx = x * p.sw - p.pad_l + kx * p.dw;
            bool inside = sy >= 0 && sy < p.ih && sx >= 0 && sx < p.iw;
            vec4 v = texelFetch(arena_vec4,
                                inside ? p.in0 + (quad * p.ih + sy) * p.iw + sx : 0);
            vec4 taken = MODE == 0 ? max(o, v) : o + v;
            o = inside ? taken : o;
            n += inside ? 1.0 : 0.0;
        } while (++kx < p.kw);
    } while (++ky < p.kh);
    if (MODE == 1)
        o /= max(n, 1.0);
    store(p.out0 + (quad * p.oh + y) * p.ow + x, activate(o));
}
