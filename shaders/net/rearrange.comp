// Moves channels and pixels: one output vec4 an invocation, each channel from its own place.
//   MODE 0: pad, slice, concat part: source = output * step (c1, ys, xs) + begin (c0, pad_t,
//           pad_l), outside handled by PAD (f0: the constant)
//   MODE 1: depth to space, block c0, c1 = 1: CRD order, else DCR
//   MODE 2: space to depth, block c0
// c2: channels of the input. kh: channels of the output; only output channels kw..kh are
// written (concat writes its parts one after the other, keeping what is below kw).
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 32, local_size_y = 2) in; // wide: it also cuts up long vectors
#include "net/net.glsl"
layout(constant_id = 1) const int PAD = 0;
layout(constant_id = 3) const int MODE = 0;

float channel(int c, int y, int x)
{
    vec4 v = texelFetch(arena_vec4, p.in0 + (c / 4 * p.ih + y) * p.iw + x);
    int k = c % 4;
    return k == 0 ? v.x : k == 1 ? v.y : k == 2 ? v.z : v.w;
}

float moved(int c, int y, int x)
{
    int b = p.c0;
    if (MODE == 1) {
        int dy = y % b, dx = x % b;
        int from = p.c1 == 1 ? c * b * b + dy * b + dx : (dy * b + dx) * p.kh + c;
        return channel(from, y / b, x / b);
    }
    if (MODE == 2) {
        int part = c / p.c2;
        return channel(c % p.c2, y * b + part / b, x * b + part % b);
    }
    int sc = source(c * p.c1 + p.c0, p.c2, PAD);
    int sy = source(y * p.ys + p.pad_t, p.ih, PAD);
    int sx = source(x * p.xs + p.pad_l, p.iw, PAD);
    return sc == OUTSIDE || sy == OUTSIDE || sx == OUTSIDE ? p.f0 : channel(sc, sy, sx);
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    int quad = int(gl_WorkGroupID.z) + p.kw / 4;
    if (x >= p.ow || y >= p.oh)
        return;
    int at = p.out0 + (quad * p.oh + y) * p.ow + x;
    vec4 o = vec4(0);
    if (quad * 4 < p.kw)
        o = arena_store[at];
    [[unroll]] for (int k = 0; k < 4; k++) {
        int c = quad * 4 + k;
        if (c >= p.kw && c < p.kh)
            o[k] = moved(c, y, x);
    }
    store(at, activate(o));
}
