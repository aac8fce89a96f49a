// Motion of 2x2 pixels from the patches around them (weighted by nearness and by how well each one
// fits), and what it leaves unexplained: a pixel gets vec4(displacement, now - past(x +
// displacement), luma now), and where it moves the past's luma there goes into the plane
// `luma_out`, in which resolve.comp looks for it. An error of OUTSIDE says that the past has no
// such place.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/blend.glsl"

layout(set = 0, binding = 0) buffer arena_float_block
{
    float arena_store_float[];
};

const float OUTSIDE = 2.0;
const float FIT = 3.0 / 255.0; // rms error of a patch that is noise,
const float FIT_SHARE = 0.3;   // and share of its contrast that is interpolation;
const float DOUBT = 3.0;       // what exceeds them, this many times, is error of its pixels
const float STILL_PX = 0.02;   // shorter displacements are noise

float past(int x, int y)
{
    return texelFetch(arena_float,
                      p.past + clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1)).x;
}

// The past of 2x2 pixels, of which the first one lies `part` after (x, y).
void between(int x, int y, vec2 part, out float v[4])
{
    vec4 wx = cubic(part.x), wy = cubic(part.y);
    v = float[4](0.0, 0.0, 0.0, 0.0);
    [[unroll]] for (int r = 0; r < 5; r++) {
        float row[5];
        [[unroll]] for (int k = 0; k < 5; k++)
            row[k] = past(x + k - 1, y + r - 1);
        [[unroll]] for (int k = 0; k < 2; k++) {
            float sum = wx[0] * row[k] + wx[1] * row[k + 1] + wx[2] * row[k + 2] +
                        wx[3] * row[k + 3];
            if (r < 4)
                v[k] += wy[min(r, 3)] * sum;
            if (r > 0)
                v[2 + k] += wy[max(r - 1, 0)] * sum;
        }
    }
}

// An error made larger by a doubt >= 0.
float doubted(float error, float doubt)
{
    return error < 0.0 ? error - doubt : error + doubt;
}

void main()
{
    int i = int(gl_GlobalInvocationID.x), j = int(gl_GlobalInvocationID.y);
    if (2 * i >= p.w || 2 * j >= p.h)
        return;
    // Level 0 of the pyramid has a pixel for 2x2 of the picture; patch k covers its pixels
    // 4k-2 .. 4k+5, so the patch's centre is 4k + 1.5.
    vec2 at = (vec2(i, j) - 1.5) * 0.25;
    ivec2 base = ivec2(floor(at));
    vec2 part = at - vec2(base);
    vec2 flow = vec2(0);
    float total = 0.0, misfit = 0.0;
    [[unroll]] for (int k = 0; k < 4; k++) {
        ivec2 d = ivec2(k & 1, k >> 1);
        ivec2 c = clamp(base + d, ivec2(0), ivec2(p.patch_w, p.patch_h) - 1);
        vec4 patch_flow = texelFetch(arena_vec4, p.flow + c.y * p.patch_w + c.x);
        vec2 near = mix(1.0 - part, part, vec2(d));
        float cost = patch_flow.z + 1.0 / 255.0;
        float weight = (near.x * near.y + 1e-3) / (cost * cost);
        flow += weight * patch_flow.xy;
        total += weight;
        misfit += weight * max(patch_flow.z - max(FIT, FIT_SHARE * patch_flow.w), 0.0);
    }
    flow *= 2.0 / total;
    // Patches that fit badly were guessed: a pixel that happens to fit must not believe them.
    float doubt = DOUBT * misfit / total;
    if (max(abs(flow.x), abs(flow.y)) < STILL_PX)
        flow = vec2(0);
    ivec2 q = ivec2(floor(flow));
    float v[4];
    if (flow == vec2(0)) {
        [[unroll]] for (int k = 0; k < 4; k++)
            v[k] = past(2 * i + (k & 1), 2 * j + (k >> 1));
    } else {
        between(2 * i + q.x, 2 * j + q.y, flow - vec2(q), v);
    }
    [[unroll]] for (int k = 0; k < 4; k++) {
        int x = 2 * i + (k & 1), y = 2 * j + (k >> 1), here = y * p.w + x;
        if (x >= p.w || y >= p.h)
            continue;
        vec2 from = vec2(x, y) + flow;
        bool inside = all(greaterThanEqual(from, vec2(-0.5))) &&
                      all(lessThanEqual(from, vec2(p.w, p.h) - 0.5));
        float now = texelFetch(arena_vec4, p.now + here).w;
        store(p.warp + here, vec4(flow, inside ? doubted(now - v[k], doubt) : OUTSIDE, now));
        if (flow != vec2(0))
            arena_store_float[p.luma_out + here] = v[k];
    }
}
