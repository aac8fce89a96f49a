// Motion of 8x8 patches, one level of the pyramid: now(x) = past(x + flow). One invocation a
// patch; patches overlap by half. The past is the luma that the history belongs to, not the last
// frame: it has less noise, and what a motion was off, or too slow to be seen from one frame to the
// next, adds up in it until it shows. Dense inverse search (Kroeger et al. 2016) in our own form:
// candidates (coarser level, its neighbour, this patch's motion in the last frame, none), the
// best one refined by two inverse Gauss-Newton steps, a constant change of brightness left out
// of the error. Standing still is preferred: noise must not make a still picture crawl.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/blend.glsl"

const int CANDIDATES = 4; // with standing still, which is the first one
const int STEPS = 2;
const float SHIFT = 0.8;    // share of a patch's mean brightness change that counts as no error
const float STILL = 0.93;   // a motion must bring the error below this share of standing still,
const float NOISE = 64.0 * 2.0 * (1.5 / 255.0) * (1.5 / 255.0); // and by more than this (two
                                                                // frames of noise, sigma 1.5);
const float NEAR = 0.03; // less for motions shorter than a pixel, which are no mistaken matches:
                         // in proportion to them, but this share

float plane(int base, int x, int y)
{
    return texelFetch(arena_float,
                      base + clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1)).x;
}

// Sums of the error r = past(x + f) - now(x) over the patch: sum r, sum r^2, and with the
// gradient of now: sum gx r, sum gy r. t[]: now with a border of one pixel, 10x10.
void compare(float t[100], int px, int py, vec2 f, out vec4 sums)
{
    ivec2 whole = ivec2(floor(f));
    vec2 part = f - vec2(whole);
    float above[9];
    sums = vec4(0);
    [[unroll]] for (int y = 0; y < 9; y++) {
        float row[9];
        [[unroll]] for (int x = 0; x < 9; x++)
            row[x] = plane(p.past, px + whole.x + x, py + whole.y + y);
        if (y > 0) {
            [[unroll]] for (int x = 0; x < 8; x++) {
                int c = y * 10 + x + 1;
                float v = mix(mix(above[x], above[x + 1], part.x), mix(row[x], row[x + 1], part.x),
                              part.y);
                float r = v - t[c];
                sums += vec4(r, r * r, 0.5 * (t[c + 1] - t[c - 1]) * r,
                             0.5 * (t[c + 10] - t[c - 10]) * r);
            }
        }
        above = row;
    }
}

float cost_of(vec4 sums)
{
    return sums.y - SHIFT * sums.x * sums.x / 64.0;
}

void main()
{
    int i = int(gl_GlobalInvocationID.x), j = int(gl_GlobalInvocationID.y);
    if (i >= p.patch_w || j >= p.patch_h)
        return;
    int px = i * 4 - 2, py = j * 4 - 2, own = p.flow + j * p.patch_w + i;
    float t[100];
    [[unroll]] for (int y = 0; y < 10; y++)
        [[unroll]] for (int x = 0; x < 10; x++)
            t[y * 10 + x] = plane(p.now, px + x - 1, py + y - 1);

    // Hessian of the patch, the mean gradient removed as in the error
    float xx = 1e-5, xy = 0.0, yy = 1e-5, gx = 0.0, gy = 0.0, sum = 0.0, square = 0.0;
    [[unroll]] for (int y = 1; y < 9; y++)
        [[unroll]] for (int x = 1; x < 9; x++) {
            int c = y * 10 + x;
            float dx = 0.5 * (t[c + 1] - t[c - 1]), dy = 0.5 * (t[c + 10] - t[c - 10]);
            xx += dx * dx;
            xy += dx * dy;
            yy += dy * dy;
            gx += dx;
            gy += dy;
            sum += t[c];
            square += t[c] * t[c];
        }
    xx -= SHIFT * gx * gx / 64.0;
    xy -= SHIFT * gx * gy / 64.0;
    yy -= SHIFT * gy * gy / 64.0;
    // A patch with structure in one direction only is regularised towards its candidate.
    float ridge = 1e-3 + 0.02 * (xx + yy);
    float det = (xx + ridge) * (yy + ridge) - xy * xy;
    // Standing still, the candidates, the steps from the best of them: one loop, so that the
    // comparison, most of the code, is there once.
    vec4 sums = vec4(0), best_sums = vec4(0);
    vec2 flow = vec2(0), from = vec2(0), limit = vec2(p.w, p.h) * 0.5;
    float still = 0.0, best = 0.0;
    for (int k = 0; k < CANDIDATES + STEPS; k++) {
        vec2 f = vec2(0);
        if (k == CANDIDATES) {
            from = flow;
            sums = best_sums;
        }
        if (k >= CANDIDATES) {
            float bx = sums.z - SHIFT * gx * sums.x / 64.0;
            float by = sums.w - SHIFT * gy * sums.x / 64.0;
            vec2 d = vec2((yy + ridge) * bx - xy * by, (xx + ridge) * by - xy * bx) / det;
            f = from - clamp(d, vec2(-2), vec2(2));
        } else if (k == CANDIDATES - 1) {
            f = texelFetch(arena_vec4, own).xy;
        } else if (k > 0) {
            if (p.coarse_w == 0)
                continue;
            // the coarse patch below this one, then the next nearest on the diagonal
            ivec2 c = ivec2(i / 2, j / 2) + (k - 1) * (ivec2(i % 2, j % 2) * 2 - 1);
            c = clamp(c, ivec2(0), ivec2(p.coarse_w, p.coarse_h) - 1);
            f = 2.0 * texelFetch(arena_vec4, p.coarse_flow + c.y * p.coarse_w + c.x).xy;
        }
        f = clamp(f, -limit, limit);
        if (k > 0 && k < CANDIDATES && f == vec2(0))
            continue;
        compare(t, px, py, f, sums);
        from = f;
        if (k == 0)
            still = best = cost_of(sums);
        if (k == 0 || cost_of(sums) < best) {
            best = cost_of(sums);
            best_sums = sums;
            flow = f;
        }
    }
    if (best > STILL * still - NOISE * clamp(max(abs(flow.x), abs(flow.y)), NEAR, 1.0)) {
        flow = vec2(0);
        best = still;
    }
    float contrast = sqrt(max(square - sum * sum / 64.0, 0.0) / 64.0);
    store(own, vec4(flow, sqrt(max(best, 0.0) / 64.0), contrast));
}
