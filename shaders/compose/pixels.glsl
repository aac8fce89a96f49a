// Bytes of a packed frame and colour arithmetic, for import and export.
#ifndef PIXELS_GLSL
#define PIXELS_GLSL
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "slots.glsl"
#include "compose/pixel_push.h"

layout(set = 0, binding = 4) uniform usamplerBuffer frame_in;
layout(push_constant) uniform push_block
{
    pixel_push pushed;
};
pixel_push p = pushed; // a copy, see net/net.glsl

// Values of mien_format.
layout(constant_id = 0) const int FORMAT = 1;
// Frame pixels a low-resolution pixel, each way.
layout(constant_id = 1) const int SCALE = 2;
const int I420 = 1, NV12 = 2, YUY2 = 3, RGBA = 4, BGRA = 5, RGBX = 6, BGRX = 7;

uint word(int byte_index)
{
    return texelFetch(frame_in, byte_index >> 2).x;
}

float byte_at(int i)
{
    return float(bitfieldExtract(word(i), (i & 3) * 8, 8));
}

float byte_of(uint w, int i)
{
    return float(bitfieldExtract(w, i * 8, 8));
}

uint to_byte(float v)
{
    return uint(int(clamp(v, 0.0, 255.0) + 0.5)); // int: one instruction on CPU drivers
}

uint four(uint a, uint b, uint c, uint d)
{
    return a | b << 8 | c << 16 | d << 24;
}

// One chroma pair, raw bytes; the border is repeated.
vec2 chroma(int x, int y)
{
    int w = (p.width + 1) / 2, h = (p.height + 1) / 2;
    x = clamp(x, 0, w - 1);
    if (FORMAT == YUY2) {
        uint v = word(clamp(y, 0, p.height - 1) * p.pitch0 + x * 4);
        return vec2(byte_of(v, 1), byte_of(v, 3));
    }
    y = clamp(y, 0, h - 1);
    if (FORMAT == NV12) {
        int at = p.plane1 + y * p.pitch1 + x * 2;
        uint v = word(at);
        return vec2(byte_of(v, at & 3), byte_of(v, (at & 3) + 1));
    }
    return vec2(byte_at(p.plane1 + y * p.pitch1 + x), byte_at(p.plane2 + y * p.pitch2 + x));
}

vec3 rgb_of(uint w)
{
    vec4 v = unpackUnorm4x8(w);
    return FORMAT == BGRA || FORMAT == BGRX ? v.bgr : v.rgb;
}

float luma_of_rgb(vec3 c)
{
    return p.kr * c.r + (1.0 - p.kr - p.kb) * c.g + p.kb * c.b;
}

// Luma 0..1 and chroma -0.5..0.5 <-> R'G'B' 0..1.
vec3 ycc_of_rgb(vec3 c)
{
    float y = luma_of_rgb(c);
    return vec3(y, (c.b - y) / (2.0 - 2.0 * p.kb), (c.r - y) / (2.0 - 2.0 * p.kr));
}

vec3 rgb_of_ycc(vec3 c)
{
    float r = c.x + (2.0 - 2.0 * p.kr) * c.z, b = c.x + (2.0 - 2.0 * p.kb) * c.y;
    return vec3(r, (c.x - p.kr * r - p.kb * b) / (1.0 - p.kr - p.kb), b);
}
#endif
