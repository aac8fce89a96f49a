// Convolution of any kernel, stride, dilation and padding for GPUs, as a matrix product that is
// never laid out in memory (implicit GEMM): rows are output pixels, columns output channels, and
// what is summed over are steps of four input channels at one tap. A workgroup makes a tile of
// pixels x channel quads; KC steps at a time are brought to shared memory, from where each
// invocation reads what its register tile of TM pixels x TN quads needs. What comes next is on its
// way from memory while the present steps are worked on. Knows nothing of subgroups.
//
// Compile-time variants: STORAGE 0: shared memory and weights hold floats; 1: halves, packed in
// pairs, which any device has; 2: halves as a type of the device's. Sums are floats in all.
// The shape of the tile is specialization constants, rows of the table in core/net/gemm.c.
//
// Workgroups: x and y are tiles of pixels, p.qs of them in a row of y; z: tiles of quads.
//
// Weights: a row for each step and input channel, [quad][tap][channel in quad], of output quads;
// halves: two quads a vec4, whose bits they are.
#version 460
#extension GL_GOOGLE_include_directive : require
#if STORAGE == 2
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
#endif
layout(local_size_x_id = 4, local_size_y_id = 5) in;
#include "net/finish.glsl"
layout(constant_id = 1) const int PAD = 0;
layout(constant_id = 3) const int SUM_RELU = 0; // a ReLU follows the sum
layout(constant_id = 6) const uint TM = 4;
layout(constant_id = 7) const uint TN = 1;
layout(constant_id = 8) const uint KC = 4;
// One of: the input is seen through a nearest x2 upsampling; a second input of half the size, at
// c0, is added to the first one, seen so; the output's 12 channels [y][x][colour] are stored as
// 2x2 pixels, and each pixel is a column. As in conv_tile.comp.
layout(constant_id = 9) const int UP = 0;
layout(constant_id = 10) const int SUM = 0;
layout(constant_id = 11) const int D2S = 0;

const uint WG_M = gl_WorkGroupSize.x, WG_N = gl_WorkGroupSize.y;
const uint THREADS = WG_M * WG_N;
const uint BM = WG_M * TM, BN = WG_N * TN;

#if STORAGE == 0
#define STORED vec4
#define PACK(v) (v)
#define UNPACK(s) (s)
#elif STORAGE == 1
#define STORED uvec2
#define PACK(v) uvec2(packHalf2x16((v).xy), packHalf2x16((v).zw))
#define UNPACK(s) vec4(unpackHalf2x16((s).x), unpackHalf2x16((s).y))
#else
#define STORED f16vec4
#define PACK(v) f16vec4(v)
#define UNPACK(s) vec4(s)
#endif

shared STORED pixels[KC * BM];
shared STORED filters[KC * 4 * BN];

// What an invocation brings: values of pixels, and whole vec4 of the weights.
const uint PIXEL_LOADS = (KC * BM + THREADS - 1) / THREADS;
#if STORAGE == 0
const uint FILTER_TEXELS = KC * 4 * BN;
#else
const uint FILTER_TEXELS = KC * 2 * BN; // BN is even
#endif
const uint FILTER_LOADS = (FILTER_TEXELS + THREADS - 1) / THREADS;

const float HALF_MOST = 65504;

// a / b rounded down, for 0 <= a < 2^18 and one over b.
int over(int a, float by)
{
    return int((float(a) + 0.5) * by);
}

float by_taps = 1.0 / float(p.kh * p.kw), by_width = 1.0 / float(p.kw);
int taps = p.kh * p.kw, steps = p.iq * taps;

// The input that output pixel (x, y) sees in step k.
vec4 seen(int k, int x, int y)
{
    int c = over(k, by_taps), tap = k - c * taps;
    int ky = over(tap, by_width), kx = tap - ky * p.kw;
    int sy = source(y * p.sh - p.pad_t + ky * p.dh, UP == 1 ? 2 * p.ih : p.ih, PAD);
    int sx = source(x * p.sw - p.pad_l + kx * p.dw, UP == 1 ? 2 * p.iw : p.iw, PAD);
    if (sy < 0 || sx < 0 || k >= steps)
        return vec4(0);
    if (UP == 1) {
        sy >>= 1;
        sx >>= 1;
    }
    vec4 v = texelFetch(arena_vec4, p.in0 + (c * p.ih + sy) * p.iw + sx);
    if (SUM == 1) {
        v += texelFetch(arena_vec4, p.c0 + (c * (p.ih >> 1) + (sy >> 1)) * (p.iw >> 1) + (sx >> 1));
        if (SUM_RELU == 1)
            v = max(v, vec4(0));
    }
    return v;
}

void main()
{
    int columns = D2S == 1 ? 4 : p.oq, plane = p.ow * p.oh;
    int texels = (columns + 1) / 2; // a row of halves
    int thread = int(gl_LocalInvocationIndex);
    int tile = (int(gl_WorkGroupID.y) * p.qs + int(gl_WorkGroupID.x)) * int(BM);
    int column = int(gl_WorkGroupID.z * BN);
    int x[PIXEL_LOADS], y[PIXEL_LOADS];
    vec4 next[PIXEL_LOADS];
#if STORAGE == 0
    vec4 next_filter[FILTER_LOADS];
#else
    uvec4 next_filter[FILTER_LOADS];
#endif
    [[unroll]] for (uint i = 0; i < PIXEL_LOADS; i++) {
        int at = min(tile + int((uint(thread) + i * THREADS) % BM), plane - 1);
        y[i] = at / p.ow;
        x[i] = at - y[i] * p.ow;
    }
    vec4 r[TM][TN];
    [[unroll]] for (uint q = 0; q < TN; q++) {
        int n = min(column + int(q * WG_N + gl_LocalInvocationID.y), columns - 1);
        vec4 b = texelFetch(weights, p.bias + n);
        [[unroll]] for (uint i = 0; i < TM; i++)
            r[i][q] = b;
    }
    for (int k = -int(KC); k < steps; k += int(KC)) {
        if (k >= 0) {
            barrier(); // the steps before are done with
            [[unroll]] for (uint i = 0; i < PIXEL_LOADS; i++) {
                uint e = uint(thread) + i * THREADS;
                if (e < KC * BM)
#if STORAGE == 0
                    pixels[e] = next[i];
#else
                    pixels[e] = PACK(clamp(next[i], vec4(-HALF_MOST), vec4(HALF_MOST)));
#endif
            }
            [[unroll]] for (uint i = 0; i < FILTER_LOADS; i++) {
                uint e = uint(thread) + i * THREADS;
                if (e < FILTER_TEXELS) {
#if STORAGE == 0
                    filters[e] = next_filter[i];
#elif STORAGE == 1
                    filters[2 * e] = next_filter[i].xy;
                    filters[2 * e + 1] = next_filter[i].zw;
#else
                    filters[2 * e] = f16vec4(unpackFloat2x16(next_filter[i].x),
                                             unpackFloat2x16(next_filter[i].y));
                    filters[2 * e + 1] = f16vec4(unpackFloat2x16(next_filter[i].z),
                                                 unpackFloat2x16(next_filter[i].w));
#endif
                }
            }
            barrier();
        }
        int ahead = k + int(KC);
        if (ahead < steps) { // the same for the whole workgroup
            [[unroll]] for (uint i = 0; i < PIXEL_LOADS; i++)
                next[i] = seen(ahead + int((uint(thread) + i * THREADS) / BM), x[i], y[i]);
            [[unroll]] for (uint i = 0; i < FILTER_LOADS; i++) {
                uint e = uint(thread) + i * THREADS;
#if STORAGE == 0
                int row = ahead * 4 + int(e / BN), n = column + int(e % BN);
                bool there = row < steps * 4 && n < columns;
                next_filter[i] = there ? texelFetch(weights, p.weights + row * columns + n)
                                       : vec4(0);
#else
                int row = ahead * 4 + int(e / (BN / 2)), n = column / 2 + int(e % (BN / 2));
                bool there = row < steps * 4 && n < texels;
                next_filter[i] = there ? texelFetch(weight_bits, p.weights + row * texels + n)
                                       : uvec4(0);
#endif
            }
        }
        if (k < 0)
            continue;
        for (uint s = 0; s < KC; s++) {
            vec4 v[TM];
            [[unroll]] for (uint i = 0; i < TM; i++)
                v[i] = UNPACK(pixels[s * BM + i * WG_M + gl_LocalInvocationID.x]);
            [[unroll]] for (uint j = 0; j < 4; j++)
                [[unroll]] for (uint q = 0; q < TN; q++) {
                    vec4 w = UNPACK(filters[(s * 4 + j) * BN + q * WG_N + gl_LocalInvocationID.y]);
                    [[unroll]] for (uint i = 0; i < TM; i++)
                        r[i][q] += v[i][j] * w;
                }
        }
    }
    [[unroll]] for (uint i = 0; i < TM; i++) {
        int pixel = tile + int(i * WG_M + gl_LocalInvocationID.x);
        if (pixel >= plane)
            continue;
        [[unroll]] for (uint q = 0; q < TN; q++) {
            int n = column + int(q * WG_N + gl_LocalInvocationID.y);
            if (n >= columns)
                continue;
            int at = n * plane + pixel;
            if (D2S == 1) {
                int oy = pixel / p.ow, ox = pixel - oy * p.ow;
                at = (2 * oy + n / 2) * (2 * p.ow) + 2 * ox + n % 2;
            }
            store(p.out0 + at, finish(r[i][q], D2S == 1 ? 0 : n, at));
        }
    }
}
