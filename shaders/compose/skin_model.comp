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
const int ROUNDS = 2; // until the texel is found whose shift leads here, nearly

// What is to be seen around a texel: the mean of four places of a pixel, whose edges are the steps.
// A face may have more texels than pixels, and what is fine would come and go as it moves.
vec4 shown_around(vec2 texel, vec2 right, vec2 down)
{
    vec2 a = 0.25 * (right + down), b = 0.25 * (right - down);
    return 0.25 * (between(p.shown, p.size, texel - a) + between(p.shown, p.size, texel - b) +
                   between(p.shown, p.size, texel + b) + between(p.shown, p.size, texel + a));
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
        vec2 place = uv.xy * float(p.size) - 0.5, texel = place;
        for (int k = 0; k < ROUNDS; k++)
            texel = place - shift_at(texel);
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
