// The picture of a face's texture: what each texel looks like in this frame, as the network wants
// it and beside what it was. Where the skin has slipped on the atlas it is put back, so that the
// same texel is the same place of the skin for the network and for the history.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y), here = y * p.size + x;
    if (x >= p.size || y >= p.size)
        return;
    vec2 texel = vec2(x, y) + shift_at(vec2(x, y));
    vec4 at = between(p.at, p.size / 2, (texel + 0.5) * 0.5 - 0.5);
    vec4 picture = between(p.crop, p.square, at.xy * float(p.square) - 0.5);
    float luma = luma_of(picture.rgb);
    store(p.texture + here, picture);
    store(p.view + here, vec4(luma, luma - texelFetch(arena_vec4, p.state + here).x, at.zw));
}
