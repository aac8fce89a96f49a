// Layers of small pictures, one after the other in one dispatch, by one subgroup: on a CPU driver a
// dispatch costs more than such a layer. Lanes are output quads; each sees the same pixels.
// The weights hold c1 records of small_layer.h from `weights` on; in0 is what their offsets in the
// arena are relative to, in1 where the network's input lies. Only as variant LANES8.
//
// Weights of a dense layer: [block of 8 output quads][tap][8 input quads][quad of these][channel]
// [output quad] vec4, filled up with zeros. Of a depthwise one: [quad][tap] vec4.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require
layout(local_size_x = 8) in;
#define ARENA_ACCESS coherent
#include "net/net.glsl"
#include "net/small_layer.h"

#define lane int(gl_SubgroupInvocationID)
// A kind of layer costs the others an idle pass: drivers run both sides of a branch.
layout(constant_id = 3) const int WITH_VALUES = 0;
const int PIXELS = 4; // of a dense layer at once: more leave no registers

// The arena as it is now: what an earlier layer of this dispatch stored too.
layout(set = 0, binding = 8, rgba32f) uniform coherent readonly imageBuffer arena_now;

struct layer
{
    int kind, in0, in1, out0;
    int iw, ih, iq, ow;
    int oh, oq, kh, kw;
    int sh, sw, pad_t, pad_l;
    int weights, bias, slopes, residual;
    int residual_quads, operands, zoom, flags;
};

layer layer_at(int at)
{
    ivec4 e[SMALL_VEC4S];
    [[unroll]] for (int i = 0; i < SMALL_VEC4S; i++)
        e[i] = ivec4(texelFetch(weight_bits, at + i));
    layer l;
    l.kind = e[0].x;
    l.in0 = e[0].y + ((e[5].y & SMALL_IN0_IS_INPUT) != 0 ? p.in1 : p.in0);
    l.operands = e[5].y;
    l.in1 = e[0].z + ((e[5].y & SMALL_IN1_IS_INPUT) != 0 ? p.in1 : p.in0);
    l.out0 = e[0].w + p.in0;
    l.iw = e[1].x;
    l.ih = e[1].y;
    l.iq = e[1].z;
    l.ow = e[1].w;
    l.oh = e[2].x;
    l.oq = e[2].y;
    l.kh = e[2].z;
    l.kw = e[2].w;
    l.sh = e[3].x;
    l.sw = e[3].y;
    l.pad_t = e[3].z;
    l.pad_l = e[3].w;
    l.weights = e[4].x;
    l.bias = e[4].y;
    l.slopes = e[4].z;
    l.residual = e[4].w;
    l.residual_quads = e[5].x;
    l.zoom = e[5].z;
    l.flags = e[5].w;
    return l;
}

vec4 load(bool there, int at)
{
    return imageLoad(arena_now, there ? at : 0); // 0 holds zeros
}

// What is below zero is multiplied by `slope`: 1 and 0 make no activation and a ReLU.
vec4 bend(vec4 r, vec4 slope)
{
    return max(r, vec4(0)) + slope * min(r, vec4(0));
}

// An integer division by a variable is slow; this is exact for small numbers.
int row_of(layer l, int i)
{
    return int((float(i) + 0.5) / float(l.ow));
}

void dense(layer l)
{
    int pixels = l.ow * l.oh, plane = l.iw * l.ih, passes = l.kh * l.kw * ((l.iq + 7) / 8);
    int quad = lane;
    int block = l.weights + lane;
    do {
        vec4 bias = texelFetch(weights, l.bias + min(quad, l.oq - 1));
        vec4 slope = texelFetch(weights, l.slopes + min(quad, l.oq - 1));
        int first = 0;
        do {
            vec4 r[PIXELS];
            int y[PIXELS], x[PIXELS];
            [[unroll]] for (int i = 0; i < PIXELS; i++) {
                int row = row_of(l, first + i);
                y[i] = row * l.sh - l.pad_t;
                x[i] = (first + i - row * l.ow) * l.sw - l.pad_l;
                r[i] = bias;
            }
            int n = 0, c = 0, ky = 0, kx = 0, at = block;
            do {
                vec4 v[PIXELS];
                int from = l.in0 + (c + lane) * plane;
                [[unroll]] for (int i = 0; i < PIXELS; i++) {
                    int sy = y[i] + ky, sx = x[i] + kx;
                    bool there = sy >= 0 && sy < l.ih && sx >= 0 && sx < l.iw && c + lane < l.iq;
                    v[i] = load(there, from + sy * l.iw + sx);
                }
                [[unroll]] for (int k = 0; k < 8; k++)
                    [[unroll]] for (int j = 0; j < 4; j++) {
                        vec4 w = texelFetch(weights, at + (k * 4 + j) * 8);
                        [[unroll]] for (int i = 0; i < PIXELS; i++)
                            r[i] += subgroupShuffle(v[i][j], uint(k)) * w;
                    }
                at += 256;
                c += 8;
                bool next = c >= l.iq;
                c = next ? 0 : c;
                kx += next ? 1 : 0;
                next = kx == l.kw;
                kx = next ? 0 : kx;
                ky += next ? 1 : 0;
            } while (++n < passes);
            [[unroll]] for (int i = 0; i < PIXELS; i++) {
                bool inside = first + i < pixels && quad < l.oq;
                int to = quad * pixels + first + i;
                vec4 side = load(inside && quad < l.residual_quads, l.in1 + to);
                vec4 o = bend(r[i] + (l.residual == 1 ? side : vec4(0)), slope);
                store(inside ? l.out0 + to : WASTE, o + (l.residual == 2 ? side : vec4(0)));
            }
            first += PIXELS;
        } while (first < pixels);
        quad += 8;
        block += passes * 256;
    } while (quad - lane < l.oq);
}

void depth(layer l)
{
    int plane = l.iw * l.ih, quad = lane;
    do {
        int known = min(quad, l.oq - 1), from = l.in0 + known * plane;
        vec4 w[9], bias = texelFetch(weights, l.bias + known);
        vec4 slope = texelFetch(weights, l.slopes + known);
        [[unroll]] for (int k = 0; k < 9; k++)
            w[k] = texelFetch(weights, l.weights + known * 9 + k);
        int y = 0, at = known * l.ow * l.oh;
        do {
            int x = 0;
            do {
                vec4 r = bias;
                [[unroll]] for (int k = 0; k < 9; k++) {
                    int sy = y * l.sh - l.pad_t + k / 3, sx = x * l.sw - l.pad_l + k % 3;
                    r += w[k] * load(sy >= 0 && sy < l.ih && sx >= 0 && sx < l.iw,
                                     from + sy * l.iw + sx);
                }
                store(quad < l.oq ? l.out0 + at : WASTE, bend(r, slope));
                at++;
            } while (++x < l.ow);
        } while (++y < l.oh);
        quad += 8;
    } while (quad - lane < l.oq);
}

// The largest of kh x kw values: pools; of one: copies, upsampled copies and sums.
void window(layer l)
{
    int plane = l.iw * l.ih, pixels = l.ow * l.oh, quad = lane;
    do {
        int known = min(quad, l.oq - 1), from = l.in0 + known * plane;
        vec4 slope = texelFetch(weights, l.slopes + known);
        int y = 0, at = known * pixels;
        do {
            int x = 0;
            do {
                vec4 r = vec4(-3.4e38);
                int ky = 0;
                do {
                    int kx = 0;
                    do {
                        int sy = y * l.sh - l.pad_t + ky, sx = x * l.sw - l.pad_l + kx;
                        sy >>= l.zoom;
                        sx >>= l.zoom;
                        bool there = sy >= 0 && sy < l.ih && sx >= 0 && sx < l.iw;
                        vec4 v = load(there, from + sy * l.iw + sx);
                        r = there ? max(r, v) : r;
                    } while (++kx < l.kw);
                } while (++ky < l.kh);
                r += load(l.residual != 0, l.in1 + at);
                store(quad < l.oq ? l.out0 + at : WASTE, bend(r, slope));
                at++;
            } while (++x < l.ow);
        } while (++y < l.oh);
        quad += 8;
    } while (quad - lane < l.oq);
}

// The quad from channel c on, which need not be the first of one.
vec4 quad_from(layer l, int c, int pixel)
{
    int plane = l.iw * l.ih, quad = c >> 2, at = l.in0 + quad * plane + pixel, skip = c & 3;
    vec4 v = load(quad >= 0 && quad < l.iq, at);
    vec4 next = load(quad >= -1 && quad + 1 < l.iq, at + plane);
    vec4 two = skip == 1 ? vec4(v.yzw, next.x) : vec4(v.zw, next.xy);
    return skip == 0 ? v : skip == 3 ? vec4(v.w, next.xyz) : two;
}

vec4 combine(layer l, vec4 a, vec4 b)
{
    bool swap = (l.flags & SMALL_SWAPPED) != 0;
    vec4 x = swap ? b : a, y = swap ? a : b;
    vec4 sum = l.residual == 2 ? x - y : x + y, product = l.residual == 4 ? x / y : x * y;
    return l.residual == 0 ? a : l.residual < 3 ? sum : product;
}

void values(layer l)
{
    int pixels = l.ow * l.oh, quad = l.kw / 4 + lane, quads = (l.kh + 3) / 4;
    bool constant = (l.operands & SMALL_IN1_IS_CONSTANT) != 0;
    do {
        int known = min(quad, quads - 1), at = known * pixels, y = 0;
        vec4 slope = texelFetch(weights, l.slopes + known);
        do {
            int x = 0;
            do {
                int pixel = (y * l.sh + l.pad_t) * l.iw + x * l.sw + l.pad_l;
                vec4 a = quad_from(l, known * 4 + l.residual_quads, pixel);
                int other = known * l.weights + y * l.bias + x * l.zoom;
                vec4 b = load(l.residual != 0 && !constant, l.in1 + other);
                b = constant ? texelFetch(weights, l.in1 - p.in0 + other) : b;
                vec4 r = combine(l, a, (l.flags & SMALL_B_IS_SCALAR) != 0 ? b.xxxx : b);
                r = (l.flags & SMALL_SIGMOID) != 0 ? 1.0 / (1.0 + exp(-clamp(r, -80.0, 80.0)))
                                                   : bend(r, slope);
                ivec4 channel = known * 4 + ivec4(0, 1, 2, 3);
                r = mix(r, load(known * 4 < l.kw, l.out0 + at), lessThan(channel, ivec4(l.kw)));
                store(quad < quads ? l.out0 + at : WASTE, keep_channels(r, known, l.kh));
                at++;
            } while (++x < l.ow);
        } while (++y < l.oh);
        quad += 8;
    } while (quad - lane < quads);
}

void main()
{
    int k = 0;
    do {
        layer l = layer_at(p.weights + k * SMALL_VEC4S);
        if (l.kind == SMALL_DENSE)
            dense(l);
        if (l.kind == SMALL_DEPTH)
            depth(l);
        if (l.kind == SMALL_WINDOW)
            window(l);
        if (WITH_VALUES == 1 && l.kind == SMALL_VALUES)
            values(l);
        subgroupBarrier();
    } while (++k < p.c1);
}
