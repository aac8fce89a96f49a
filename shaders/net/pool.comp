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
    for (int ky = 0; ky < p.kh; ky++) {
        int sy = y * p.sh - p.pad_t + ky * p.dh;
        for (int kx = 0; kx < p.kw; kx++) {
            int sx = x * p.sw - p.pad_l + kx * p.dw;
            if (sy < 0 || sy >= p.ih || sx < 0 || sx >= p.iw)
                continue;
            vec4 v = texelFetch(arena_vec4, p.in0 + (quad * p.ih + sy) * p.iw + sx);
            o = MODE == 0 ? max(o, v) : o + v;
            n += 1.0;
        }
    }
    if (MODE == 1)
        o /= max(n, 1.0);
    store(p.out0 + (quad * p.oh + y) * p.ow + x, activate(o));
}
