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

void main()
{
    int x = int(u.box_x0) + int(gl_GlobalInvocationID.x);
    int y = int(u.box_y0) + int(gl_GlobalInvocationID.y);
    if (x >= p.square || y >= p.square)
        return;
    int maps = p.size / 2;
    vec4 model = vec4(0);
    vec4 uv = between(p.uv, maps, (vec2(x, y) + 0.5) * (float(maps) / float(p.square)) - 0.5);
    if (uv.z > 0.0) {
        vec2 texel = uv.xy * float(p.size) - 0.5;
        texel -= shift_at(texel);
        float share = uv.z * smoothstep(BARE_LOW, BARE_HIGH, bare_at(texel));
        vec4 r = between(p.shown, p.size, texel) * (share * u.amount);
        float luma = luma_of(texelFetch(arena_vec4, p.crop + y * p.square + x).rgb);
        float l = luma_of(r.rgb);
        model = vec4(l - r.w * luma, (r.b - l) / (2.0 - 2.0 * p.kb),
                     (r.r - l) / (2.0 - 2.0 * p.kr), r.w);
    }
    store(p.model + y * p.square + x, model);
}
