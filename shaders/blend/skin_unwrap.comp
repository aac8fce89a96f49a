// The picture of a face's texture: what each texel looks like in this frame, and beside what it
// was. Where the skin has slipped on the atlas it is put back, so that the same texel is the same
// place of the skin for the network and for the history.
//
// An invocation makes the 2x2 texels of a map element, which slip alike.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y), maps = p.size / 2;
    if (x >= maps || y >= maps)
        return;
    vec2 place = vec2(x, y) + 0.5 * shift_at(2.0 * vec2(x, y) + 0.5);
    for (int k = 0; k < 4; k++) {
        ivec2 part = ivec2(k & 1, k >> 1);
        int here = (2 * y + part.y) * p.size + 2 * x + part.x;
        vec4 at = between(p.at, maps, place + 0.5 * vec2(part) - 0.25);
        vec4 picture = between(p.crop, p.square, at.xy * float(p.square) - 0.5);
        vec4 state = texelFetch(arena_vec4, p.state + here);
        vec3 change = picture.rgb - state.rgb;
        float luma = luma_of(change);
        float colour = state.w < 1.0 ? -1.0 : max(abs(change.r - luma), abs(change.b - luma));
        store(p.texture + here, picture);
        store(p.view + here, vec4(colour, luma, at.z, 0));
    }
}
