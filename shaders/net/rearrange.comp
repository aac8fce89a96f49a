// Moves channels and pixels: one output vec4 an invocation, each channel from its own place.
//   MODE 0: pad, slice, concat part: source = output * step (c1, ys, xs) + begin (c0, pad_t,
//           pad_l), outside handled by PAD (f0: the constant)
//   MODE 1: depth to space in blocks of BLOCK, c1 = 1: CRD order, else DCR
//   MODE 2: space to depth
//   MODE 3: depth to space in blocks of 2, CRD order: one pixel of the input an invocation
// WHOLE 1: quads stay together, so that one load does for four channels (not for CRD order).
// c2: channels of the input. kh: channels of the output; only output channels kw..kh are
// written (concat writes its parts one after the other, keeping what is below kw).
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 32, local_size_y = 2) in; // wide: it also cuts up long vectors
#include "net/net.glsl"
layout(constant_id = 1) const int PAD = 0;
layout(constant_id = 3) const int MODE = 0;
layout(constant_id = 4) const int BLOCK = 1;
layout(constant_id = 5) const int WHOLE = 0;

vec4 quad_at(int quad, int y, int x)
{
    return texelFetch(arena_vec4, p.in0 + (quad * p.ih + y) * p.iw + x);
}

// A quad that is one in the source too.
vec4 moved_quad(int quad, int y, int x)
{
    if (MODE == 1) {
        int part = y % BLOCK * BLOCK + x % BLOCK;
        return quad_at(part * p.oq + quad, y / BLOCK, x / BLOCK);
    }
    if (MODE == 2) {
        int part = int((float(quad) + 0.5) / float(p.iq)); // exact; an integer division is slow
        return quad_at(quad - part * p.iq, y * BLOCK + part / BLOCK, x * BLOCK + part % BLOCK);
    }
    int sy = source(y * p.ys + p.pad_t, p.ih, PAD), sx = source(x * p.xs + p.pad_l, p.iw, PAD);
    int from = quad + p.c0 / 4;
    bool outside = from < 0 || from >= p.iq || sy == OUTSIDE || sx == OUTSIDE;
    vec4 v = quad_at(outside ? 0 : from, outside ? 0 : sy, outside ? 0 : sx);
    return keep_channels(outside ? vec4(p.f0) : v, quad, p.kh);
}

// A pixel of the input for 2x2 of the result; its channels beyond the last are zeros.
void spread(int quad, int y, int x)
{
    vec4 v[4];
    [[unroll]] for (int k = 0; k < 4; k++) {
        int from = quad * 4 + k;
        v[k] = texelFetch(arena_vec4, from < p.iq ? p.in0 + (from * p.ih + y) * p.iw + x : 0);
    }
    [[unroll]] for (int k = 0; k < 4; k++)
        store(p.out0 + (quad * p.oh + y * 2 + k / 2) * p.ow + x * 2 + k % 2,
              activate(vec4(v[0][k], v[1][k], v[2][k], v[3][k])));
}

float channel(int c, int y, int x)
{
    vec4 v = quad_at(c / 4, y, x);
    int k = c % 4;
    return k == 0 ? v.x : k == 1 ? v.y : k == 2 ? v.z : v.w;
}

float moved(int c, int y, int x)
{
    const int b = BLOCK;
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
    if (MODE == 3) {
        if (x < p.iw && y < p.ih)
            spread(quad, y, x);
        return;
    }
    if (x >= p.ow || y >= p.oh)
        return;
    int at = p.out0 + (quad * p.oh + y) * p.ow + x;
    vec4 o = vec4(0);
    if (WHOLE == 1) {
        store(at, activate(moved_quad(quad, y, x)));
        return;
    }
    if (quad * 4 < p.kw)
        o = arena_store[at];
    [[unroll]] for (int k = 0; k < 4; k++) {
        int c = quad * 4 + k;
        if (c >= p.kw && c < p.kh)
            o[k] = moved(c, y, x);
    }
    store(at, activate(o));
}
