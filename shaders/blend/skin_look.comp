// A look at a face's skin, for skin_shift.comp: at every place of the maps the luma of the picture,
// where the skin has slipped as far as is known put back, and what the history took for it there.
// Beside the face there is nothing to compare: the look stays 0.
//
// An invocation makes 2x2 places, or none where the slip has been found.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

const int SIDE = 2;

void main()
{
    ivec2 texel = tile_of(2);
    if (texel.x < 0)
        return;
    ivec2 first = texel / 2 + ivec2(SIDE * (invocation() % 2), 0);
    int maps = p.size / 2;
    bool settled = is_settled(slip_at(2.0 * vec2(first) + float(SIDE) - 0.5));
    // lavapipe skips nothing but further rounds of a loop
    int places = settled ? 0 : SIDE * SIDE;
    for (int k = 0; k < places; k++) {
        int x = first.x + k % SIDE, y = first.y + k / SIDE;
        vec4 at = between(p.at, maps, vec2(x, y) + 0.5 * slip_at(2.0 * vec2(x, y) + 0.5).xy);
        store(p.look + y * maps + x, vec4(look_at(x, y, at), 0));
    }
}
