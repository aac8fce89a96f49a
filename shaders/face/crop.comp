// A parallelogram of the frame as a picture of low_w x low_h: R'G'B' (scaled as the network wants
// it) and a number; with QUADS 2 four more, the same everywhere, follow as a picture of their own.
// The mean of n x n nearest samples a pixel; where n is 1, and everywhere for SMOOTH, bilinear
// ones: they do not jump when the place moves by less than a pixel. For SMOOTH chroma, which has a
// quarter of the samples, is one of them.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "compose/pixels.glsl"
#include "face/face_uniform.h"
layout(set = 0, binding = 6) uniform uniform_block
{
    face_uniform u;
};
layout(constant_id = 2) const int SMOOTH = 0;
layout(constant_id = 3) const int QUADS = 1;

float luma_at(int x, int y)
{
    return byte_at(p.plane0 + y * p.pitch0 + (FORMAT == YUY2 ? 2 * x : x));
}

// A position counted from the middle of the first pixel, in chroma samples.
vec2 chroma_place(vec2 at)
{
    return vec2((at.x - p.site_x) * 0.5, FORMAT == YUY2 ? at.y : (at.y - p.site_y) * 0.5);
}

vec2 chroma_near(vec2 at)
{
    ivec2 q = ivec2(floor(chroma_place(at) + 0.5));
    return chroma(q.x, q.y);
}

vec2 chroma_linear(vec2 at)
{
    at = chroma_place(at);
    ivec2 q = ivec2(floor(at));
    vec2 f = at - vec2(q);
    return mix(mix(chroma(q.x, q.y), chroma(q.x + 1, q.y), f.x),
               mix(chroma(q.x, q.y + 1), chroma(q.x + 1, q.y + 1), f.x), f.y);
}

// Luma (0..255) and chroma of one frame pixel, or its colour 0..1.
vec3 raw_at(ivec2 q)
{
    q = clamp(q, ivec2(0), ivec2(p.width - 1, p.height - 1));
    if (FORMAT >= RGBA)
        return rgb_of(word(q.y * p.pitch0 + q.x * 4));
    return vec3(luma_at(q.x, q.y), SMOOTH == 1 ? vec2(0) : chroma_near(vec2(q)));
}

bool beyond(ivec2 q)
{
    return any(lessThan(q, ivec2(0))) || any(greaterThanEqual(q, ivec2(p.width, p.height)));
}

// What black is in raw values.
vec3 raw_black()
{
    return FORMAT >= RGBA ? vec3(0) : vec3(p.y_offset, 128.0, 128.0);
}

vec3 sample_at(ivec2 q, bool black)
{
    return black && beyond(q) ? raw_black() : raw_at(q);
}

vec3 sample_linear(vec2 at, bool black)
{
    at -= 0.5;
    ivec2 q = ivec2(floor(at));
    vec2 f = at - vec2(q);
    vec3 sum = vec3(0);
    [[unroll]] for (int k = 0; k < 4; k++)
        sum += sample_at(q + ivec2(k & 1, k >> 1), black) * ((k & 1) == 1 ? f.x : 1.0 - f.x) *
               ((k >> 1) == 1 ? f.y : 1.0 - f.y);
    return sum;
}

// The mean of n x n samples of a pixel, whose corner this is. One loop, which tests at its end
// (net/net.glsl), for all: the four that a bilinear one is made of are samples of their own weight.
vec3 mean_of(vec2 corner, vec2 across, vec2 down, int n, bool black)
{
    bool linear = SMOOTH == 0 && n <= 1;
    int count = linear ? 2 : max(n, 1), i = 0, j = 0;
    float step = 1.0 / float(max(n, 1));
    vec2 middle = corner + 0.5 * (across + down) - 0.5, f = middle - floor(middle);
    vec3 sum = vec3(0);
    do {
        vec2 at = corner + across * ((float(i) + 0.5) * step) + down * ((float(j) + 0.5) * step);
        if (SMOOTH == 1) {
            sum += sample_linear(at, black);
        } else {
            ivec2 q = ivec2(floor(linear ? middle : at)) + (linear ? ivec2(i, j) : ivec2(0));
            float share = (i == 1 ? f.x : 1.0 - f.x) * (j == 1 ? f.y : 1.0 - f.y);
            sum += sample_at(q, black) * (linear ? share : 1.0);
        }
        i++;
        j = i == count ? j + 1 : j;
        i = i == count ? 0 : i;
    } while (j < count);
    return sum * (step * step);
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.low_w || y >= p.low_h)
        return;
    vec4 place = u.square[p.square].place, how = u.square[p.square].how;
    vec4 side = u.square[p.square].down;
    vec2 across = place.zw / float(p.low_w), down = side.xy / float(p.low_h);
    vec2 corner = place.xy + across * (float(x) - 0.5 * float(p.low_w)) +
                  down * (float(y) - 0.5 * float(p.low_h));
    bool black = how.w > 0.0;
    vec3 raw = mean_of(corner, across, down, int(how.x), black);
    if (SMOOTH == 1 && FORMAT < RGBA)
        raw.yz = chroma_linear(corner + 0.5 * (across + down) - 0.5);
    vec3 rgb = FORMAT >= RGBA
                   ? raw
                   : clamp(rgb_of_ycc(vec3((raw.x - p.y_offset) * p.y_scale,
                                           (raw.yz - 128.0) * p.c_scale)), vec3(0), vec3(1));
    int to = p.low + y * p.low_w + x;
    store(to, vec4(rgb * how.y + how.z, side.w));
    if (QUADS == 2)
        store(to + p.low_w * p.low_h, u.square[p.square].more);
}
