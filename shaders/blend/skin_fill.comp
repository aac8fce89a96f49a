// Completes a face's texture: what is covered looks as it did before, so that the effect's network
// sees a bare face and draws beside a hand what it drew before that came.
//
// An invocation makes four texels below one another, which lie between the same six cells and
// mostly are bare.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

// How surely nothing covers a place, below / above which the picture is not / wholly taken.
const float COVERED = 0.5, BARE = 0.9;
// The same of the effect, nothing / all of which is shown.
const float SHOWN_LOW = 0.15, SHOWN_HIGH = 0.5;

void fill(int here, float bare, bool anew)
{
    vec4 view = texelFetch(arena_vec4, p.view + here);
    if (!anew && view.x >= 0.0) {
        vec4 picture = texelFetch(arena_vec4, p.texture + here);
        vec3 before = texelFetch(arena_vec4, p.state + here).rgb;
        picture.rgb = mix(before, picture.rgb, smoothstep(COVERED, BARE, bare));
        store(p.texture + here, picture);
    }
    view.z *= bare;
    view.w = smoothstep(SHOWN_LOW, SHOWN_HIGH, bare);
    store(p.view + here, view);
}

void main()
{
    ivec2 first = tile_of(8);
    if (first.x < 0)
        return;
    first.x += invocation() % 8;
    int cells = p.size / SEEN;
    ivec2 cell = ivec2(first.x + SEEN / 2, first.y) / SEEN - 1;
    float across = (float(first.x) + 0.5) / float(SEEN) - 0.5 - float(cell.x);
    float bare[3]; // between the cells on both sides, row by row
    [[unroll]] for (int k = 0; k < 3; k++) {
        ivec2 q = clamp(cell + ivec2(0, k), ivec2(0), ivec2(cells - 1));
        int at = p.seen + q.y * cells + q.x, right = min(cell.x + 1, cells - 1) - q.x;
        bare[k] = mix(texelFetch(arena_vec4, at).x, texelFetch(arena_vec4, at + right).x, across);
    }
    if (min(bare[0], min(bare[1], bare[2])) >= 1.0)
        return;
    bool anew = begins_anew();
    for (int k = 0; k < SEEN; k++) {
        float down = (float(k) + 0.5) / float(SEEN) + 0.5; // from the first of them
        fill((first.y + k) * p.size + first.x,
             down < 1.0 ? mix(bare[0], bare[1], down) : mix(bare[1], bare[2], down - 1.0), anew);
    }
}
