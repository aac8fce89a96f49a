// Where an eye looks, steadied: what the network sees of an eye at rest trembles, by how much the
// light and the camera say, and the iris that is drawn would tremble with it. An eye that moves in
// earnest, by more than is usual at rest, or whose lids do, has no past.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 1) in;
#include "blend/gaze.glsl"

const float STILL = 0.014, STILL_MOST = 0.04; // of a direction: 0.8 and 2.3 degrees,
const float REST = 2.2;                       // within them this many times the usual distance;
const float MOVED = 0.03;                     // so much farther: 1.7 degrees
const float FIRST = 0.008, WATCH = 0.1;       // the usual one at first, weight of a frame in it
const float LIDS_STILL = 0.08, LIDS_MOVED = 0.2;

void main()
{
    vec4 now = texelFetch(arena_vec4, p.state), before = texelFetch(arena_vec4, p.memory);
    float moved = 1.0, count = 1.0;
    float usual = FIRST;
    vec2 gaze = now.xy;
    if (u.eye[p.eye].past.x == 0.0 && before.w > 0.0) {
        usual = texelFetch(arena_vec4, p.memory + 1).y;
        float way = distance(now.xy, before.xy), still = clamp(REST * usual, STILL, STILL_MOST);
        moved = max(smoothstep(still, still + MOVED, way),
                    smoothstep(LIDS_STILL, LIDS_MOVED, abs(now.w - before.z)));
        gaze = mix(before.xy, now.xy, max(moved, max(u.eye[p.eye].past.y, 1.0 / (before.w + 1.0))));
        usual = mix(usual, min(way, STILL_MOST), WATCH * (1.0 - moved));
        count = 1.0 + (1.0 - moved) * min(before.w, COUNT_MAX - 1.0);
    }
    store(p.memory, vec4(gaze, now.w, count));
    store(p.memory + 1, vec4(moved, usual, 0, 0));
}
