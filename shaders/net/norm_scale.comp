// Instance norm, part 2: one invocation a quad adds up what is at in1 and writes the scale and
// shift of the quad: y = x * scale + shift. f0: epsilon; weights: gamma, bias: beta. At in1 are,
// for TILES 0, the c1 strips of norm_sum; else a convolution's means and squared deviations of
// tiles of 8 columns and c1 rows (tile_stats.glsl), put together as by Chan, Golub and LeVeque,
// "Updating formulae and a pairwise algorithm for computing sample variances", 1979.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8) in;
#include "net/net.glsl"
layout(constant_id = 3) const int TILES = 0;

void of_strips(int quad, float n, out vec4 mean, out vec4 variance)
{
    vec4 s1 = vec4(0), s2 = vec4(0);
    for (int t = 0; t < p.c1; t++) {
        int at = p.in1 + (quad * p.c1 + t) * 2;
        s1 += texelFetch(arena_vec4, at);
        s2 += texelFetch(arena_vec4, at + 1);
    }
    vec4 d = s1 / n;
    mean = texelFetch(arena_vec4, p.in0 + quad * p.iw * p.ih) + d;
    variance = max(s2 / n - d * d, vec4(0));
}

void of_tiles(int quad, float n, out vec4 mean, out vec4 variance)
{
    int columns = (p.iw + 7) / 8, rows = (p.ih + p.c1 - 1) / p.c1;
    int first = p.in1 + quad * rows * columns * 2;
    vec4 sum = vec4(0), squares = vec4(0);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            float pixels = float(min(8, p.iw - 8 * x) * min(p.c1, p.ih - p.c1 * y));
            sum += pixels * texelFetch(arena_vec4, first + (y * columns + x) * 2);
        }
    mean = sum / n;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            float pixels = float(min(8, p.iw - 8 * x) * min(p.c1, p.ih - p.c1 * y));
            int at = first + (y * columns + x) * 2;
            vec4 off = texelFetch(arena_vec4, at) - mean;
            squares += texelFetch(arena_vec4, at + 1) + pixels * off * off;
        }
    variance = squares / n;
}

void main()
{
    int quad = int(gl_GlobalInvocationID.x);
    if (quad >= p.iq)
        return;
    vec4 mean, variance;
    if (TILES == 0)
        of_strips(quad, float(p.iw * p.ih), mean, variance);
    else
        of_tiles(quad, float(p.iw * p.ih), mean, variance);
    vec4 scale = texelFetch(weights, p.weights + quad) * inversesqrt(variance + p.f0);
    store(p.out0 + quad * 2, scale);
    store(p.out0 + quad * 2 + 1, texelFetch(weights, p.bias + quad) - mean * scale);
}
