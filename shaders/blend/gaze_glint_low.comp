// The darkest around each pixel: the second of three steps, see gaze_glint.comp.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/glint.glsl"

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h || off_iris(x, y) > OUTSIDE + float(REACH) + 0.5)
        return;
    float low = 1.0;
    for (int j = -REACH; j <= REACH; j++)
        for (int i = -REACH; i <= REACH; i++)
            if (i * i + j * j <= ROUND)
                low = min(low, texelFetch(arena_vec4, place_of(0, x + i, y + j)).x);
    store(place_of(1, x, y), vec4(low, 0, 0, 0));
}
