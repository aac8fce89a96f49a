// The history where the picture shows another part of the frame than before, or at another scale:
// what was at n * past_step + past is at n now, a mean over what a pixel covers. A pixel that was
// not in the picture gets an age of 0 and no place in the blend (resolve.comp).
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/blend.glsl"

layout(set = 0, binding = 0) buffer arena_float_block
{
    float arena_store_float[];
};

// Of the history (xyzw) and its luma, between four pixels; their edge is repeated.
void between(vec2 at, out vec4 colour, out float luma)
{
    ivec2 q = ivec2(floor(at));
    vec2 part = at - vec2(q);
    colour = vec4(0);
    luma = 0.0;
    [[unroll]] for (int k = 0; k < 4; k++) {
        ivec2 d = ivec2(k & 1, k >> 1), c = clamp(q + d, ivec2(0), ivec2(p.w, p.h) - 1);
        vec2 near = mix(1.0 - part, part, vec2(d));
        int place = c.y * p.w + c.x;
        colour += near.x * near.y * texelFetch(arena_vec4, p.history_in + place);
        luma += near.x * near.y * texelFetch(arena_float, p.luma_in + place).x;
    }
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    vec2 at = vec2(x, y) * u.past_step + vec2(u.past_x, u.past_y);
    int samples = max(int(u.past_step + 0.5), 1);
    vec4 sum = vec4(0);
    float luma_sum = 0.0;
    for (int j = 0; j < samples; j++)
        for (int i = 0; i < samples; i++) {
            vec4 colour;
            float luma;
            vec2 d = (vec2(i, j) + 0.5) / float(samples) - 0.5;
            between(at + d * u.past_step, colour, luma);
            sum += colour;
            luma_sum += luma;
        }
    float share = 1.0 / float(samples * samples);
    ivec2 nearest = ivec2(floor(at + 0.5));
    bool inside = all(greaterThanEqual(nearest, ivec2(0))) &&
                  all(lessThan(nearest, ivec2(p.w, p.h)));
    nearest = clamp(nearest, ivec2(0), ivec2(p.w, p.h) - 1);
    int here = y * p.w + x;
    float age = texelFetch(arena_float, p.age_in + nearest.y * p.w + nearest.x).x;
    store(p.history_out + here, share * sum);
    arena_store_float[p.luma_out + here] = share * luma_sum;
    arena_store_float[p.age_out + here] = inside ? age : 0.0;
}
