// A first look at a face's skin, for skin_shift.comp: at every place of the maps the luma of the
// picture, and what the history took for the luma there.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y), maps = p.size / 2;
    if (x >= maps || y >= maps)
        return;
    int here = y * maps + x, texel = p.state + 2 * y * p.size + 2 * x;
    vec4 at = texelFetch(arena_vec4, p.at + here);
    vec4 a = texelFetch(arena_vec4, texel), b = texelFetch(arena_vec4, texel + 1);
    vec4 c = texelFetch(arena_vec4, texel + p.size), d = texelFetch(arena_vec4, texel + p.size + 1);
    float now = luma_of(between(p.crop, p.square, at.xy * float(p.square) - 0.5).rgb);
    // a texel without history has nothing to compare
    float known = min(min(a.y, b.y), min(c.y, d.y)) > 0.0 ? 1.0 : 0.0;
    store(p.look + here,
          vec4(0.25 * (a.x + b.x + c.x + d.x), now, at.w > 0.0 ? at.z * known : 0.0, 0));
}
