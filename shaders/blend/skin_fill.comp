// Completes a face's texture: what is covered looks as it did before, so that the effect's network
// sees a bare face and draws beside a hand what it drew before that came.
//
// An invocation makes the texels of a cell, which mostly are bare, as its neighbours are.
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

// How surely nothing covers the cells from (x - 1, y) to (x + 1, y).
vec3 row_of(int x, int y)
{
    int cells = p.size / SEEN, row = p.seen + clamp(y, 0, cells - 1) * cells;
    return vec3(texelFetch(arena_vec4, row + max(x - 1, 0)).x, texelFetch(arena_vec4, row + x).x,
                texelFetch(arena_vec4, row + min(x + 1, cells - 1)).x);
}

void main()
{
    ivec2 first = tile_of(2);
    if (first.x < 0)
        return;
    first.x += SEEN * (invocation() % 2);
    ivec2 cell = first / SEEN;
    vec3 above = row_of(cell.x, cell.y - 1), here = row_of(cell.x, cell.y);
    vec3 below = row_of(cell.x, cell.y + 1), least = min(min(above, here), below);
    // lavapipe skips nothing but further rounds of a loop
    int texels = min(least.x, min(least.y, least.z)) >= 1.0 ? 0 : SEEN * SEEN;
    bool anew = begins_anew();
    for (int k = 0; k < texels; k++) {
        ivec2 at = ivec2(k % SEEN, k / SEEN);
        vec2 off = (vec2(at) + 0.5) / float(SEEN) - 0.5; // from the middle of the cell
        vec3 rows = mix(here, off.y < 0.0 ? above : below, abs(off.y));
        float bare = mix(rows.y, off.x < 0.0 ? rows.x : rows.z, abs(off.x));
        fill((first.y + at.y) * p.size + first.x + at.x, bare, anew);
    }
}
