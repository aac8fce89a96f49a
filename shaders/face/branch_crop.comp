// A branch's input: size x size samples of the feature map at `from` (FEATURE x FEATURE pixels,
// all its channel quads), where the matrix at `subset` says; zero beyond the map.
// The operator is MediaPipe's transform_tensor_bilinear, version 2.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "face/face.glsl"

const int FEATURE = 48;

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    int quad = int(gl_WorkGroupID.z);
    if (x >= p.size || y >= p.size)
        return;
    vec4 a = texelFetch(arena_vec4, p.subset), b = texelFetch(arena_vec4, p.subset + 1);
    vec3 g = vec3(float(x) + 0.5, float(y) + 0.5, 1.0);
    vec2 at = vec2(dot(a.xyz, g), dot(b.xyz, g)) - 0.5;
    bool inside = all(greaterThanEqual(at, vec2(0))) &&
                  all(lessThanEqual(at, vec2(FEATURE - 1)));
    at = clamp(at, vec2(0), vec2(FEATURE - 1));
    ivec2 q = min(ivec2(at), ivec2(FEATURE - 2));
    vec2 f = at - vec2(q);
    int i = p.from + (quad * FEATURE + q.y) * FEATURE + q.x;
    vec4 v = mix(mix(texelFetch(arena_vec4, i), texelFetch(arena_vec4, i + 1), f.x),
                 mix(texelFetch(arena_vec4, i + FEATURE), texelFetch(arena_vec4, i + FEATURE + 1),
                     f.x), f.y);
    arena_store[p.to + (quad * p.size + y) * p.size + x] = inside ? v : vec4(0);
}
