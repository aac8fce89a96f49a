// What this frame says of a face's texels: the network's result where each of them lies in the
// square, and the picture there beside what it was.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

void main()
{
    ivec2 place = texel_of_tile();
    int x = place.x, y = place.y, here = y * p.size + x;
    vec2 texel = vec2(x, y) + shift_at(vec2(x, y));
    vec4 at = between(p.at, p.size / 2, (texel + 0.5) * 0.5 - 0.5);
    vec4 present = vec4(0), view = vec4(0);
    if (at.w > 0.0) {
        vec2 pixel = at.xy * float(p.square) - 0.5;
        present = between(p.result, p.square, pixel);
        float luma = luma_of(between(p.crop, p.square, pixel).rgb);
        view = vec4(luma, luma - texelFetch(arena_vec4, p.state + here).x, at.zw);
    }
    store(p.present + here, present);
    store(p.view + here, view);
}
