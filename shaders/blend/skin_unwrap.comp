// The picture of a face's texture: what each texel looks like in this frame, and beside what it
// was. Where the skin has slipped on the atlas it is put back, so that the same texel is the same
// place of the skin for the network and for the history.
//
// An invocation makes the 2x2 texels of a map element, which slip alike and are seen as surely;
// where they lie goes on from its place by the map's slopes there.
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
    place = clamp(place, vec2(0), vec2(maps - 1));
    ivec2 q = min(ivec2(place), ivec2(maps - 2));
    vec2 f = place - vec2(q);
    int i = p.at + q.y * maps + q.x;
    vec4 a = texelFetch(arena_vec4, i), b = texelFetch(arena_vec4, i + 1);
    vec4 c = texelFetch(arena_vec4, i + maps), d = texelFetch(arena_vec4, i + maps + 1);
    vec4 middle = mix(mix(a, b, f.x), mix(c, d, f.x), f.y);
    vec2 right = mix(b.xy - a.xy, d.xy - c.xy, f.y), down = mix(c.xy - a.xy, d.xy - b.xy, f.x);
    for (int k = 0; k < 4; k++) {
        ivec2 part = ivec2(k & 1, k >> 1);
        int here = (2 * y + part.y) * p.size + 2 * x + part.x;
        vec2 off = 0.5 * vec2(part) - 0.25, at = middle.xy + off.x * right + off.y * down;
        vec4 picture = between(p.crop, p.square, at * float(p.square) - 0.5);
        vec4 state = texelFetch(arena_vec4, p.state + here);
        vec3 change = picture.rgb - state.rgb;
        float luma = luma_of(change);
        float colour = state.w < 1.0 ? -1.0 : max(abs(change.r - luma), abs(change.b - luma));
        store(p.texture + here, picture);
        store(p.view + here, vec4(colour, luma, middle.z, 1));
    }
}
