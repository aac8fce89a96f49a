// What of a face nothing covers, for every 4x4 texels of its atlas. The face's networks say so in
// coarse cells, and take thin pieces of skin beside a hand for covered; what looks as it did when
// it was seen, in all of a window and in every colour, is bare for certain.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"
#include "blend/history.glsl"

const int REACH = 3, STEP = 3;   // samples around the middle of a window, texels between them
const int SAMPLES = (2 * REACH + 1) * (2 * REACH + 1);
const float CERTAIN = 0.99;      // that much of it is all, and needs no second look
const float KNOWN = 0.5;         // share of a window that must be skin seen before
const float SAME = 4.0 / 255.0;  // mean change of what is the same, with the camera's noise,
const float OTHER = 8.0 / 255.0; // and of what is not

// 1: the window looks as it did.
float sameness(ivec2 middle)
{
    float luma[SAMPLES], error = 0.0, colour = 0.0, change = 0.0, known = 0.0;
    for (int k = 0; k < SAMPLES; k++) {
        ivec2 offset = ivec2(k % (2 * REACH + 1), k / (2 * REACH + 1)) - REACH;
        ivec2 q = clamp(middle + STEP * offset, ivec2(0), ivec2(p.size - 1));
        vec4 view = texelFetch(arena_vec4, p.view + q.y * p.size + q.x);
        float here = view.x >= 0.0 ? view.z : 0.0;
        luma[k] = view.y;
        colour += here * view.x;
        change += here * view.y;
        known += here;
    }
    if (known < KNOWN * float(SAMPLES))
        return 0.0;
    float light = clamp(SHIFT * change / known, -SHIFT_MAX, SHIFT_MAX);
    for (int k = 0; k < SAMPLES; k++)
        error += abs(luma[k] - light);
    return 1.0 - smoothstep(SAME, OTHER, max(error / float(SAMPLES), colour / known));
}

void main()
{
    int cells = p.size / SEEN;
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= cells || y >= cells)
        return;
    ivec2 middle = SEEN * ivec2(x, y) + SEEN / 2;
    vec2 texel = vec2(middle) - 0.5;
    float bare = between(p.at, p.size / 2, 0.5 * (texel + shift_at(texel)) - 0.25).w;
    bare = bare < CERTAIN ? bare : 1.0;
    if (!begins_anew() && bare < CERTAIN)
        bare = max(bare, sameness(middle));
    store(p.seen + y * cells + x, vec4(bare, 0, 0, 0));
}
