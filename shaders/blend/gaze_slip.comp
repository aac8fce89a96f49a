// How far an eye's patch has slipped over the face since the frames of its history: the points that
// place it tremble, and lag behind fast motion. The shift d with look(t + d) = past(t), by one step
// of Lucas and Kanade (1981), from all that is not the eye itself, which moves on its own. Here the
// sums of a row: gx gx, gx gy, gy gy, n; gx e, gy e, gx, gy; e, 0, 0, 0.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8) in;
#include "blend/gaze.glsl"

const int EDGE = 3;                 // pixels at the border of the patch that are left out
const float EYE = 0.02;             // a larger matte is the eye
const float STRANGE = 24.0 / 255.0; // a larger difference is something in front of the face

float past(int x, int y)
{
    return texelFetch(arena_vec4, p.light + y * p.w + x).y;
}

void main()
{
    int y = int(gl_GlobalInvocationID.x);
    if (y >= p.h)
        return;
    vec4 gg = vec4(0), ge = vec4(0);
    float e_sum = 0.0;
    if (y >= EDGE && y < p.h - EDGE) {
        for (int x = EDGE; x < p.w - EDGE; x++) {
            float e = past(x, y) - dot(texelFetch(arena_vec4, p.look + y * p.w + x).rgb,
                                       vec3(p.kr, 1.0 - p.kr - p.kb, p.kb));
            float eye = texelFetch(arena_vec4, p.history + y * p.w + x).z;
            float w = eye < EYE && abs(e) < STRANGE ? 1.0 : 0.0;
            vec2 g = 0.5 * vec2(past(x + 1, y) - past(x - 1, y), past(x, y + 1) - past(x, y - 1));
            gg += w * vec4(g.x * g.x, g.x * g.y, g.y * g.y, 1);
            ge += w * vec4(e * g, g);
            e_sum += w * e;
        }
    }
    store(p.rows + 3 * y, gg);
    store(p.rows + 3 * y + 1, ge);
    store(p.rows + 3 * y + 2, vec4(e_sum, 0, 0, 0));
}
