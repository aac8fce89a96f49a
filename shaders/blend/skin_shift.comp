// How far the skin has slipped on the atlas: the points of a face tremble, lag behind fast motion
// and slide over the skin when the face moves, and what is fine would tremble with them. For every
// patch the shift d with now(t + d) = before(t), in texels, by one step of Lucas and Kanade (1981).
// The mean change of brightness is taken out. A shift is taken to be small unless the picture says
// otherwise: on plain skin it is 0, and there it matters to nobody.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

const int REACH = 7;                // half a patch, map elements
const float NOISE = 1.5 / 255.0;    // deviation of luma in the look,
const float USUAL = 0.5;            // and of shifts, map elements
const float STRANGE = 24.0 / 255.0; // a larger difference is something in front of the skin
const float MOST = 1.5;             // a longer shift, map elements, is a mistake

vec4 look(int x, int y)
{
    int maps = p.size / 2;
    return texelFetch(arena_vec4, p.look + clamp(y, 0, maps - 1) * maps + clamp(x, 0, maps - 1));
}

void main()
{
    int i = int(gl_GlobalInvocationID.x), j = int(gl_GlobalInvocationID.y);
    if (i >= p.patches || j >= p.patches)
        return;
    int x0 = i * PATCH + PATCH / 2, y0 = j * PATCH + PATCH / 2;
    vec3 gg = vec3(0); // sums of gx gx, gx gy, gy gy,
    vec2 ge = vec2(0), g_sum = vec2(0);
    float e_sum = 0.0, n = 0.0;
    for (int y = y0 - REACH; y <= y0 + REACH; y++) {
        vec4 left = look(x0 - REACH - 1, y), here = look(x0 - REACH, y);
        for (int x = x0 - REACH; x <= x0 + REACH; x++) {
            vec4 right = look(x + 1, y);
            float e = here.x - here.y;
            vec2 g = 0.5 * vec2(right.x - left.x, look(x, y + 1).x - look(x, y - 1).x);
            float w = here.z * min(left.z, right.z) * (abs(e) < STRANGE ? 1.0 : 0.0);
            gg += w * vec3(g.x * g.x, g.x * g.y, g.y * g.y);
            ge += w * e * g;
            g_sum += w * g;
            e_sum += w * e;
            n += w;
            left = here;
            here = right;
        }
    }
    vec2 d = vec2(0);
    if (!begins_anew() && n > 0.0) {
        gg -= vec3(g_sum.x * g_sum.x, g_sum.x * g_sum.y, g_sum.y * g_sum.y) / n;
        ge -= g_sum * (e_sum / n);
        gg += vec3(1, 0, 1) * (NOISE / USUAL) * (NOISE / USUAL);
        d = vec2(gg.z * ge.x - gg.y * ge.y, gg.x * ge.y - gg.y * ge.x) /
            (gg.x * gg.z - gg.y * gg.y);
        d = dot(d, d) > MOST * MOST ? vec2(0) : d;
    }
    store(p.shift + j * p.patches + i, vec4(2.0 * (d + sway_at(vec2(x0, y0))), 0, 0));
}
