// A look at a face's skin, for skin_shift.comp: at every place of the maps the luma of the picture,
// where the face has swayed on its atlas put back, and what the history took for the luma there.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y), maps = p.size / 2;
    if (x >= maps || y >= maps)
        return;
    vec4 at = between(p.at, maps, vec2(x, y) + sway_at(vec2(x, y)));
    store(p.look + y * maps + x, vec4(look_at(x, y, at), 0));
}
