// What an effect makes of each pixel of a face's square, for skin_apply.comp: as the effect on the
// face's texture shows it there. A pixel of the frame with luma y becomes y + b + g * y, and its
// chroma is shifted: vec4(b, cb, cr, g). The gain works on what is finer than the square's pixels:
// on y minus the square's own luma, which is part of b.
//
// An invocation makes 2x2 pixels: they lie between the same nine elements of the map and, but for a
// little, the same four shifts.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

// The shifts of the four patches around a place, and where the first of them lies, in patches.
struct shifts {
    vec2 at;
    vec2 a, b, c, d;
};

shifts shifts_at(vec2 place)
{
    vec2 at = clamp((place + 0.5) / float(2 * PATCH) - 0.5, vec2(0), vec2(p.patches - 1));
    ivec2 q = min(ivec2(at), ivec2(p.patches - 2));
    int i = p.shift + q.y * p.patches + q.x;
    return shifts(vec2(q), texelFetch(arena_vec4, i).xy, texelFetch(arena_vec4, i + 1).xy,
                  texelFetch(arena_vec4, i + p.patches).xy,
                  texelFetch(arena_vec4, i + p.patches + 1).xy);
}

// The texel whose shift leads to a place of the atlas, in texels, in two steps.
vec2 texel_of(shifts s, vec2 place)
{
    vec2 f = clamp((place + 0.5) / float(2 * PATCH) - 0.5, vec2(0), vec2(p.patches - 1)) - s.at;
    vec2 shift = mix(mix(s.a, s.b, f.x), mix(s.c, s.d, f.x), f.y);
    f -= shift / float(2 * PATCH);
    return place - mix(mix(s.a, s.b, f.x), mix(s.c, s.d, f.x), f.y);
}

// What is to be seen in half a pixel, with such edges, each way: the mean between two places, of
// columns and rows. A face may have more texels than pixels, and what is fine would come and go as
// it moves.
vec4 shown_around(vec2 texel, vec2 right, vec2 down)
{
    vec2 reach = min(0.25 * (abs(right) + abs(down)), vec2(0.5));
    vec2 first = clamp(texel - reach, vec2(0), vec2(p.size - 1));
    vec2 last = clamp(texel + reach, vec2(0), vec2(p.size - 1));
    ivec2 q = ivec2(first);
    vec4 sum = vec4(0);
    [[unroll]] for (int j = 0; j < 3; j++)
        [[unroll]] for (int i = 0; i < 3; i++) {
            ivec2 at = q + ivec2(i, j);
            vec2 w = max(vec2(0), 1.0 - abs(first - vec2(at))) +
                     max(vec2(0), 1.0 - abs(last - vec2(at)));
            at = min(at, ivec2(p.size - 1)); // what lies beyond has no weight
            sum += 0.25 * w.x * w.y * texelFetch(arena_vec4, p.shown + at.y * p.size + at.x);
        }
    return sum;
}

vec4 model_of(int pixel, vec4 uv, vec2 texel, vec2 right, vec2 down)
{
    vec4 r = shown_around(texel, right, down) * (uv.z * u.amount);
    float luma = luma_of(texelFetch(arena_vec4, p.crop + pixel).rgb);
    float l = luma_of(r.rgb);
    vec4 model = vec4(l - r.w * luma, (r.b - l) / (2.0 - 2.0 * p.kb),
                     (r.r - l) / (2.0 - 2.0 * p.kr), r.w);
    return uv.z > 0.0 ? model : vec4(0);
}

void main()
{
    int x = int(u.box_x0) + 2 * int(gl_GlobalInvocationID.x);
    int y = int(u.box_y0) + 2 * int(gl_GlobalInvocationID.y);
    if (x >= p.square || y >= p.square)
        return;
    int maps = p.size / 2;
    float scale = float(maps) / float(p.square);
    vec2 at[2]; // of the first pixel and the last, among the map's elements
    at[0] = clamp((vec2(x, y) + 0.5) * scale - 0.5, vec2(0), vec2(maps - 1));
    at[1] = clamp((vec2(x, y) + 1.5) * scale - 0.5, vec2(0), vec2(maps - 1));
    ivec2 q = ivec2(at[0]), last = ivec2(maps - 1);
    vec4 uv[4] = {vec4(0), vec4(0), vec4(0), vec4(0)};
    [[unroll]] for (int j = 0; j < 3; j++) {
        vec4 across[2] = {vec4(0), vec4(0)};
        int row = p.uv + min(q.y + j, last.y) * maps;
        [[unroll]] for (int i = 0; i < 3; i++) {
            vec4 v = texelFetch(arena_vec4, row + min(q.x + i, last.x));
            across[0] += max(0.0, 1.0 - abs(at[0].x - float(q.x + i))) * v;
            across[1] += max(0.0, 1.0 - abs(at[1].x - float(q.x + i))) * v;
        }
        [[unroll]] for (int k = 0; k < 4; k++)
            uv[k] += max(0.0, 1.0 - abs(at[k >> 1].y - float(q.y + j))) * across[k & 1];
    }
    float size = float(p.size);
    vec2 right = size * (uv[1].xy - uv[0].xy), down = size * (uv[2].xy - uv[0].xy);
    vec3 middle = vec3(0); // beside the face a map says nothing
    [[unroll]] for (int k = 0; k < 4; k++)
        middle += vec3(uv[k].z * uv[k].xy, uv[k].z);
    shifts s = shifts_at(size * middle.xy / max(middle.z, 1e-6) - 0.5);
    [[unroll]] for (int k = 0; k < 4; k++) {
        int pixel = (y + (k >> 1)) * p.square + x + (k & 1);
        vec2 texel = texel_of(s, uv[k].xy * size - 0.5);
        store(p.model + pixel, model_of(pixel, uv[k], texel, right, down));
    }
}
