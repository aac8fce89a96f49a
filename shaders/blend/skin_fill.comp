// Completes a face's texture: what is covered looks as it did before, so that the effect's network
// sees a bare face and draws beside a hand what it drew before that came.
//
// An invocation makes four texels below one another, which mostly are bare.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

// How surely nothing covers a place, below / above which the picture is not / wholly taken.
const float COVERED = 0.5, BARE = 0.9;

void fill(ivec2 place)
{
    int here = place.y * p.size + place.x;
    vec4 view = texelFetch(arena_vec4, p.view + here);
    float bare = bare_at(vec2(place));
    if (!begins_anew() && view.x >= 0.0) {
        vec4 picture = texelFetch(arena_vec4, p.texture + here);
        vec3 before = texelFetch(arena_vec4, p.state + here).rgb;
        picture.rgb = mix(before, picture.rgb, smoothstep(COVERED, BARE, bare));
        store(p.texture + here, picture);
    }
    view.z *= bare;
    store(p.view + here, view);
}

void main()
{
    ivec2 first = column_of_tile();
    if (first.x < 0)
        return;
    int cells = p.size / SEEN;
    ivec2 cell = ivec2(first.x + SEEN / 2, first.y) / SEEN - 1;
    float least = 1.0; // of all cells that count here
    for (int k = 0; k < 6; k++) {
        ivec2 q = clamp(cell + ivec2(k & 1, k >> 1), ivec2(0), ivec2(cells - 1));
        least = min(least, texelFetch(arena_vec4, p.seen + q.y * cells + q.x).x);
    }
    if (least >= 1.0)
        return;
    for (int k = 0; k < 4; k++)
        fill(first + ivec2(0, k));
}
