// Depthwise 3x3 convolution, stride STRIDE (1 or 2): 1 column x 4 rows x 4 channels an invocation.
// Columns of all channel quads stand side by side, so that small planes fill the lanes too.
// Weights: [quad][tap] vec4.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "net/finish.glsl"
layout(constant_id = 1) const int PAD = 0;

const int PIXELS = 4;
const int ROWS = PIXELS * STRIDE + 3 - STRIDE;

void main()
{
    int i = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y) * PIXELS;
    if (i >= p.ow * p.oq || y >= p.oh)
        return;
    // An integer division by a variable is slow; this one is exact while ow * oq < 2^22 (the
    // planner sees to that), since (i + 0.5) / ow is at least 0.5 / ow off any integer.
    int quad = int((float(i) + 0.5) / float(p.ow));
    int x = i - quad * p.ow;
    int base = p.in0 + quad * p.iw * p.ih;
    int col[3];
    [[unroll]] for (int k = 0; k < 3; k++)
        col[k] = source(x * STRIDE - p.pad_l + k, p.iw, PAD);
    vec4 w[9];
    [[unroll]] for (int k = 0; k < 9; k++)
        w[k] = texelFetch(weights, p.weights + quad * 9 + k);
    vec4 r[PIXELS];
    vec4 bias = texelFetch(weights, p.bias + quad);
    [[unroll]] for (int d = 0; d < PIXELS; d++)
        r[d] = bias;
    [[unroll]] for (int j = 0; j < ROWS; j++) {
        int row = source(y * STRIDE - p.pad_t + j, p.ih, PAD);
        int start = row == OUTSIDE ? OUTSIDE : base + row * p.iw;
        [[unroll]] for (int k = 0; k < 3; k++) {
            vec4 v = texelFetch(arena_vec4, max(start + col[k], 0)); // 0 holds zeros
            [[unroll]] for (int d = 0; d < PIXELS; d++) {
                int ky = j - d * STRIDE;
                if (ky >= 0 && ky < 3)
                    r[d] += w[ky * 3 + k] * v;
            }
        }
    }
    [[unroll]] for (int d = 0; d < PIXELS; d++) {
        int at = (quad * p.oh + y + d) * p.ow + x;
        bool inside = y + d < p.oh;
        vec4 o = finish(r[d], quad, inside ? at : 0);
        store(inside ? p.out0 + at : WASTE, o);
    }
}
