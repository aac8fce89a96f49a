// Motion of every pixel from the patches around it (weighted by nearness and how well each one
// fits), and the luma error that is left: vec4(displacement, now - past(x + displacement), 1 if
// that place is inside the picture). Patches: two pixels of the picture a pixel of their level.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/blend.glsl"

const float STILL_PX = 0.12; // shorter displacements are noise and would only blur

float past(int x, int y)
{
    return texelFetch(arena_vec4,
                      p.past + clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1)).w;
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    // Patch i covers level pixels 4i-2 .. 4i+5: its centre is 4i + 1.5.
    vec2 at = ((vec2(x, y) + 0.5) * 0.5 - 0.5 - 1.5) * 0.25;
    ivec2 base = ivec2(floor(at));
    vec2 part = at - vec2(base);
    vec2 flow = vec2(0);
    float total = 0.0;
    [[unroll]] for (int k = 0; k < 4; k++) {
        ivec2 d = ivec2(k & 1, k >> 1);
        ivec2 c = clamp(base + d, ivec2(0), ivec2(p.patch_w, p.patch_h) - 1);
        vec4 patch_flow = texelFetch(arena_vec4, p.flow + c.y * p.patch_w + c.x);
        vec2 near = mix(1.0 - part, part, vec2(d));
        float cost = patch_flow.z + 1.0 / 255.0;
        float weight = (near.x * near.y + 1e-3) / (cost * cost);
        flow += weight * patch_flow.xy;
        total += weight;
    }
    flow *= 2.0 / total;
    if (max(abs(flow.x), abs(flow.y)) < STILL_PX)
        flow = vec2(0);
    vec2 from = vec2(x, y) + flow;
    bool inside = all(greaterThanEqual(from, vec2(-0.5))) &&
                  all(lessThanEqual(from, vec2(p.w, p.h) - 0.5));
    float v;
    if (flow == vec2(0)) {
        v = past(x, y);
    } else {
        ivec2 q = ivec2(floor(from));
        vec2 f = from - vec2(q);
        v = mix(mix(past(q.x, q.y), past(q.x + 1, q.y), f.x),
                mix(past(q.x, q.y + 1), past(q.x + 1, q.y + 1), f.x), f.y);
    }
    float now = texelFetch(arena_vec4, p.now + y * p.w + x).w;
    arena_store[p.warp + y * p.w + x] = vec4(flow, now - v, inside ? 1 : 0);
}
