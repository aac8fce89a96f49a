// Depthwise convolution (one filter a channel), any kernel: 4 pixels of a row x 4 channels an
// invocation. Weights: [quad][tap] vec4.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/finish.glsl"
layout(constant_id = 1) const int PAD = 0;

void main()
{
    int x = int(gl_GlobalInvocationID.x) * 4, y = int(gl_GlobalInvocationID.y);
    int quad = int(gl_WorkGroupID.z);
    if (y >= p.oh || x >= p.ow)
        return;
    vec4 r[4];
    [[unroll]] for (int i = 0; i < 4; i++)
        r[i] = texelFetch(weights, p.bias + quad);
    int base = p.in0 + quad * p.iw * p.ih;
    int tap = p.weights + quad * p.kh * p.kw;
    int ky = 0;
    do {
        int sy = source(y * p.sh - p.pad_t + ky * p.dh, p.ih, PAD);
        int kx = 0;
        do {
            vec4 k = texelFetch(weights, tap);
            [[unroll]] for (int i = 0; i < 4; i++) {
                int sx = source((x + i) * p.sw - p.pad_l + kx * p.dw, p.iw, PAD);
                int at = sy == OUTSIDE || sx == OUTSIDE ? 0 : base + sy * p.iw + sx;
                r[i] += k * texelFetch(arena_vec4, at);
            }
            tap++;
        } while (++kx < p.kw);
    } while (++ky < p.kh);
    [[unroll]] for (int i = 0; i < 4; i++) {
        if (x + i >= p.ow)
            continue;
        int at = (quad * p.oh + y) * p.ow + x + i;
        store(p.out0 + at, finish(r[i], quad, at));
    }
}
