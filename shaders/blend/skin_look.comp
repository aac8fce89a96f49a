// A look at a face's skin, for skin_shift.comp: at every place of the maps the luma of the picture,
// where the skin has slipped as far as is known put back, and what the history took for it there.
// Beside the face there is nothing to compare: the look stays 0.
//
// An invocation makes the places of a tile, or none where the slip has been found.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

const int ACROSS = 4, DOWN = 2; // places of a tile

void main()
{
    ivec2 texel = tile_of(1);
    if (texel.x < 0)
        return;
    ivec2 first = texel / 2;
    int maps = p.size / 2;
    vec4 slip = slip_at(vec2(texel) + vec2(ACROSS, DOWN) - 0.5); // of all of them, nearly
    // lavapipe skips nothing but further rounds of a loop
    int places = is_settled(slip) ? 0 : ACROSS * DOWN;
    for (int k = 0; k < places; k++) {
        int x = first.x + k % ACROSS, y = first.y + k / ACROSS;
        vec4 at = between(p.at, maps, vec2(x, y) + 0.5 * slip.xy);
        store(p.look + y * maps + x, vec4(look_at(x, y, at), 0));
    }
}
