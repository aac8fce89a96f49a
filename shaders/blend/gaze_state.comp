// Where an eye looks, steadied: what the network sees of an eye at rest trembles, and the iris that
// is drawn would tremble with it. An eye that moves in earnest, or whose lids do, has no past.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 1) in;
#include "blend/gaze.glsl"

const float STILL = 0.014, MOVED = 0.044;   // of a direction: 0.8 and 2.5 degrees
const float LIDS_STILL = 0.08, LIDS_MOVED = 0.2;

void main()
{
    vec4 now = texelFetch(arena_vec4, p.state), before = texelFetch(arena_vec4, p.memory);
    float moved = 1.0, count = 1.0;
    vec2 gaze = now.xy;
    if (u.eye[p.eye].past.x == 0.0 && before.w > 0.0) {
        moved = max(smoothstep(STILL, MOVED, distance(now.xy, before.xy)),
                    smoothstep(LIDS_STILL, LIDS_MOVED, abs(now.w - before.z)));
        gaze = mix(before.xy, now.xy, max(moved, max(u.eye[p.eye].past.y, 1.0 / (before.w + 1.0))));
        count = 1.0 + (1.0 - moved) * min(before.w, COUNT_MAX - 1.0);
    }
    store(p.memory, vec4(gaze, now.w, count));
    store(p.memory + 1, vec4(moved, 0, 0, 0));
}
