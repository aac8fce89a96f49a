// A coarse look at a face's skin, for skin_sway.comp: means over half of 4x4 places of the maps, as
// on a chessboard, of what the history took for the luma, of the luma now, and of how surely that
// is the skin.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

void main()
{
    int coarse = p.size / (2 * GLANCE);
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= coarse || y >= coarse)
        return;
    vec3 sum = vec3(0);
    for (int k = 0; k < GLANCE * GLANCE / 2; k++) {
        int row = 2 * k / GLANCE, column = 2 * k % GLANCE + row % 2;
        ivec2 q = GLANCE * ivec2(x, y) + ivec2(column, row);
        sum += look_at(q.x, q.y, texelFetch(arena_vec4, p.at + q.y * (p.size / 2) + q.x));
    }
    store(p.glance + y * coarse + x, vec4(sum / float(GLANCE * GLANCE / 2), 0));
}
