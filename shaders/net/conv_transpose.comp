// Transposed convolution, any kernel and stride, as a gather: 1 pixel x 4 channels an invocation.
// Weights: [co quad][ci quad][tap][ci in quad] vec4(4 co).
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/net.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    int quad = int(gl_WorkGroupID.z);
    if (x >= p.ow || y >= p.oh)
        return;
    vec4 r = texelFetch(weights, p.bias + quad);
    for (int ky = 0; ky < p.kh; ky++) {
        int ty = y + p.pad_t - ky * p.dh;
        if (ty < 0 || ty % p.sh != 0 || ty / p.sh >= p.ih)
            continue;
        for (int kx = 0; kx < p.kw; kx++) {
            int tx = x + p.pad_l - kx * p.dw;
            if (tx < 0 || tx % p.sw != 0 || tx / p.sw >= p.iw)
                continue;
            int from = p.in0 + (ty / p.sh) * p.iw + tx / p.sw;
            for (int c = 0; c < p.iq; c++) {
                vec4 v = texelFetch(arena_vec4, from + c * p.iw * p.ih);
                int k = p.weights + (((quad * p.iq + c) * p.kh + ky) * p.kw + kx) * 4;
                r += v.x * texelFetch(weights, k) + v.y * texelFetch(weights, k + 1) +
                     v.z * texelFetch(weights, k + 2) + v.w * texelFetch(weights, k + 3);
            }
        }
    }
    store(p.out0 + (quad * p.oh + y) * p.ow + x, activate(r));
}
