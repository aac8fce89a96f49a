// What an effect makes of each pixel of a face's square, for skin_apply.comp: as the effect on the
// face's texture shows it there. A pixel of the frame with luma y becomes y + b + g * y, and its
// chroma is shifted: vec4(b, cb, cr, g). The gain works on what is finer than the square's pixels:
// on y minus the square's own luma, which is part of b.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

// How surely nothing covers a place, below / above which nothing / all of the effect is shown.
const float BARE_LOW = 0.15, BARE_HIGH = 0.5;

// The texel whose shift leads to a place of the atlas, in texels: two steps between the four
// patches around.
vec2 texel_of(vec2 place)
{
    vec2 at = clamp((place + 0.5) / float(2 * PATCH) - 0.5, vec2(0), vec2(p.patches - 1));
    ivec2 q = min(ivec2(at), ivec2(p.patches - 2));
    vec2 f = at - vec2(q);
    int i = p.shift + q.y * p.patches + q.x;
    vec2 a = texelFetch(arena_vec4, i).xy, b = texelFetch(arena_vec4, i + 1).xy;
    vec2 c = texelFetch(arena_vec4, i + p.patches).xy;
    vec2 d = texelFetch(arena_vec4, i + p.patches + 1).xy;
    vec2 shift = mix(mix(a, b, f.x), mix(c, d, f.x), f.y);
    f -= shift / float(2 * PATCH);
    return place - mix(mix(a, b, f.x), mix(c, d, f.x), f.y);
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

void main()
{
    int x = int(u.box_x0) + int(gl_GlobalInvocationID.x);
    int y = int(u.box_y0) + int(gl_GlobalInvocationID.y);
    if (x >= p.square || y >= p.square)
        return;
    int maps = p.size / 2;
    vec4 model = vec4(0);
    float scale = float(maps) / float(p.square);
    vec2 at = clamp((vec2(x, y) + 0.5) * scale - 0.5, vec2(0), vec2(maps - 1));
    ivec2 q = min(ivec2(at), ivec2(maps - 2));
    vec2 f = at - vec2(q);
    int i = p.uv + q.y * maps + q.x;
    vec4 a = texelFetch(arena_vec4, i), b = texelFetch(arena_vec4, i + 1);
    vec4 c = texelFetch(arena_vec4, i + maps), d = texelFetch(arena_vec4, i + maps + 1);
    vec4 uv = mix(mix(a, b, f.x), mix(c, d, f.x), f.y);
    if (uv.z > 0.0) {
        vec2 texel = texel_of(uv.xy * float(p.size) - 0.5);
        vec2 right = scale * float(p.size) * mix(b.xy - a.xy, d.xy - c.xy, f.y);
        vec2 down = scale * float(p.size) * mix(c.xy - a.xy, d.xy - b.xy, f.x);
        float share = uv.z * smoothstep(BARE_LOW, BARE_HIGH, bare_at(texel));
        vec4 r = shown_around(texel, right, down) * (share * u.amount);
        float luma = luma_of(texelFetch(arena_vec4, p.crop + y * p.square + x).rgb);
        float l = luma_of(r.rgb);
        model = vec4(l - r.w * luma, (r.b - l) / (2.0 - 2.0 * p.kb),
                     (r.r - l) / (2.0 - 2.0 * p.kr), r.w);
    }
    store(p.model + y * p.square + x, model);
}
