// How far the skin has slipped on the atlas: the points of a face tremble, lag behind fast motion
// and slide over the skin when the face moves, and what is fine would tremble with them. For every
// patch the shift d with now(t + d) = before(t), in texels, by steps of Lucas and Kanade (1981), of
// which this is one: the look is taken where the last one led. The mean change of brightness is
// taken out. A part slips little beside the whole face unless the picture says otherwise.
// Smaller windows follow the skin better than larger ones, and more steps than two the noise.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

const int REACH = 5;                // half a window, map elements
const float NOISE = 8.0 / 255.0;    // deviation of luma in the look, models' faults included,
const float USUAL = 0.5;            // and of slips, map elements
const float STRANGE = 24.0 / 255.0; // a larger difference is something in front of the skin
const float MOST = 3.0;             // no part slips farther than that, map elements

const int ACROSS = 2 * REACH + 3; // a window with the elements beside it

// Those of a row: luma before, luma now, how surely it is seen. A row is loaded once: loads are
// most of the work.
void row_of(int x0, int y, out vec3 look[ACROSS])
{
    int maps = p.size / 2, row = p.look + clamp(y, 0, maps - 1) * maps;
    [[unroll]] for (int k = 0; k < ACROSS; k++)
        look[k] = texelFetch(arena_vec4, row + clamp(x0 + k, 0, maps - 1)).xyz;
}

void main()
{
    int i = int(gl_GlobalInvocationID.x), j = int(gl_GlobalInvocationID.y);
    if (i >= p.patches || j >= p.patches)
        return;
    vec4 known = texelFetch(arena_vec4, p.shift + j * p.patches + i);
    if (is_settled(known))
        return;
    int x0 = i * PATCH + PATCH / 2 - REACH - 1, y0 = j * PATCH + PATCH / 2 - REACH - 1;
    vec3 gg = vec3(0); // sums of gx gx, gx gy, gy gy,
    vec2 ge = vec2(0), g_sum = vec2(0);
    float e_sum = 0.0, n = 0.0;
    vec3 above[ACROSS], here[ACROSS], below[ACROSS];
    row_of(x0, y0, above);
    row_of(x0, y0 + 1, here);
    for (int k = 2; k < ACROSS; k++) {
        row_of(x0, y0 + k, below);
        [[unroll]] for (int x = 1; x < ACROSS - 1; x++) {
            float e = here[x].x - here[x].y;
            vec2 g = 0.5 * vec2(here[x + 1].x - here[x - 1].x, below[x].x - above[x].x);
            float w = here[x].z * min(here[x - 1].z, here[x + 1].z);
            w = abs(e) < STRANGE ? w : 0.0;
            gg += w * vec3(g.x * g.x, g.x * g.y, g.y * g.y);
            ge += w * e * g;
            g_sum += w * g;
            e_sum += w * e;
            n += w;
        }
        above = here;
        here = below;
    }
    vec2 slip = 0.5 * (known.xy - known.zw);
    if (!begins_anew() && n > 0.0) {
        gg -= vec3(g_sum.x * g_sum.x, g_sum.x * g_sum.y, g_sum.y * g_sum.y) / n;
        ge -= g_sum * (e_sum / n);
        float prior = (NOISE / USUAL) * (NOISE / USUAL);
        gg += vec3(1, 0, 1) * prior;
        ge -= prior * slip;
        slip += vec2(gg.z * ge.x - gg.y * ge.y, gg.x * ge.y - gg.y * ge.x) /
                (gg.x * gg.z - gg.y * gg.y);
        slip *= MOST / max(length(slip), MOST);
    }
    store(p.shift + j * p.patches + i, vec4(known.zw + 2.0 * slip, known.zw));
}
