// Luma around the iris without its noise, which would be highlights: the first of three steps, see
// gaze_glint.comp.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/glint.glsl"

float luma_at(int x, int y)
{
    int i = p.crop + clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1);
    return dot(texelFetch(arena_vec4, i).rgb, vec3(p.kr, 1.0 - p.kr - p.kb, p.kb));
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h || off_iris(x, y) > OUTSIDE + float(2 * REACH) + 1.0)
        return;
    float sum = 0.0;
    for (int k = 0; k < 9; k++) {
        int i = k % 3 - 1, j = k / 3 - 1;
        sum += float((2 - abs(i)) * (2 - abs(j))) * luma_at(x + i, y + j);
    }
    store(place_of(0, x, y), vec4(sum / 16.0, 0, 0, 0));
}
