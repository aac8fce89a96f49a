// A look at a face's skin, for skin_shift.comp: at every place of the maps the luma of the picture,
// where the skin has slipped as far as is known put back, and what the history took for it there.
// Beside the face there is nothing to compare: the look stays 0.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

void main()
{
    ivec2 first = tile_of(8);
    if (first.x < 0)
        return;
    int n = invocation() % 8, x = first.x / 2 + n % 4, y = first.y / 2 + n / 4, maps = p.size / 2;
    vec4 shift = slip_at(2.0 * vec2(x, y) + 0.5);
    if (is_settled(shift))
        return;
    vec4 at = between(p.at, maps, vec2(x, y) + 0.5 * shift.xy);
    store(p.look + y * maps + x, vec4(look_at(x, y, at), 0));
}
