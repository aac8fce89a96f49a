// The shift that gaze_slip.comp is about, from the sums of its rows. The mean change of brightness
// is taken out. It is taken to be small unless the picture says otherwise, and a little is left
// out of it: so the patch creeps back to where the points have it.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 1) in;
#include "blend/gaze.glsl"

const float NOISE = 1.5 / 255.0; // deviation of luma in the look,
const float USUAL = 0.5;         // and of shifts, pixels
const float MOST = 2.0;          // a longer shift is a mistake

void main()
{
    vec4 gg = vec4(0), ge = vec4(0);
    float e_sum = 0.0;
    for (int y = 0; y < p.h; y++) {
        gg += texelFetch(arena_vec4, p.rows + 3 * y);
        ge += texelFetch(arena_vec4, p.rows + 3 * y + 1);
        e_sum += texelFetch(arena_vec4, p.rows + 3 * y + 2).x;
    }
    vec2 d = vec2(0);
    if (u.eye[p.eye].past.x == 0.0 && gg.w > 0.0) {
        vec2 g = ge.zw;
        vec3 a = gg.xyz - vec3(g.x * g.x, g.x * g.y, g.y * g.y) / gg.w;
        vec2 b = ge.xy - g * (e_sum / gg.w);
        a += vec3(1, 0, 1) * (NOISE / USUAL) * (NOISE / USUAL);
        // past - look = gradient . d: look(t) is past(t - d)
        d = vec2(a.z * b.x - a.y * b.y, a.x * b.y - a.y * b.x) / (a.x * a.z - a.y * a.y);
        d = dot(d, d) > MOST * MOST ? vec2(0) : d * (1.0 - u.eye[p.eye].past.w);
    }
    store(p.memory + 2, vec4(d, 0, 0));
}
