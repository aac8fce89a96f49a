// An effect on a face applied at the frame's own resolution and in the frame's own bytes: models of
// the pixels of the face's square (skin_model.comp) are interpolated, and where they are 0 no byte
// changes. The frame is changed in place: both frame slots show it.
//
// An invocation makes 8x2 pixels: whole words in every format.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "compose/pixels.glsl"
#include "blend/skin_uniform.h"

// A pixel is a mean of the model's (u.means); else of one place. A loop for one would cost lavapipe
// as much as all the rest.
layout(constant_id = 2) const bool MEANS = false;

layout(set = 0, binding = 5) writeonly buffer out_block
{
    uint frame_out[];
};
layout(set = 0, binding = 6) uniform uniform_block
{
    skin_uniform u;
};

// From the frame's pixels to the model's, whose first one has its middle at (0, 0): the position of
// the frame's corner, and the steps to the right and down.
vec2 model_origin, model_right, model_down;

void find_model()
{
    vec4 place = u.crop.square[0].place;
    float scale = float(p.low_w) / dot(place.zw, place.zw);
    model_right = scale * vec2(place.z, -place.w);
    model_down = scale * vec2(place.w, place.z);
    model_origin = 0.5 * float(p.low_w) - 0.5 - place.x * model_right - place.y * model_down;
}

// The model between four of its pixels.
vec4 model_between(vec2 pixel)
{
    vec2 first = vec2(u.box_x0, u.box_y0), last = vec2(u.box_x1, u.box_y1) - 1.0;
    bool inside = all(greaterThan(pixel, first)) && all(lessThan(pixel, last));
    pixel = clamp(pixel, first, last);
    ivec2 q = min(ivec2(pixel), ivec2(p.low_w - 2));
    vec2 f = pixel - vec2(q);
    int i = p.low + q.y * p.low_w + q.x;
    vec4 m = mix(mix(texelFetch(arena_vec4, i), texelFetch(arena_vec4, i + 1), f.x),
                 mix(texelFetch(arena_vec4, i + p.low_w), texelFetch(arena_vec4, i + p.low_w + 1),
                     f.x), f.y);
    return inside ? m : vec4(0);
}

// The mean model of a pixel of the frame, given by its middle: where faces are small it covers
// several of the model's, and what is fine would break up.
vec4 mean_at(vec2 at)
{
    int means = int(u.means);
    float share = 1.0 / float(means);
    vec2 corner = at - 0.5 + 0.5 * share;
    vec2 pixel = model_origin + corner.x * model_right + corner.y * model_down;
    vec4 sum = vec4(0);
    int column = 0, left = means * means;
    do {
        sum += model_between(pixel);
        column++;
        pixel += share * model_right;
        if (column == means) {
            column = 0;
            pixel += share * model_down - model_right;
        }
    } while (--left > 0);
    return share * share * sum;
}

vec4 model_at(vec2 at)
{
    if (MEANS)
        return mean_at(at);
    return model_between(model_origin + at.x * model_right + at.y * model_down);
}

// A luma byte from the frame's byte and the model. A model of 0 leaves it as it is.
uint luma_out(float byte_in, vec4 m)
{
    float y = (byte_in - p.y_offset) * p.y_scale;
    return to_byte(byte_in + (m.x + m.w * y) / p.y_scale);
}

void luma_word(int at, vec4 m[8], int i)
{
    uint w = word(at);
    frame_out[at >> 2] = four(luma_out(byte_of(w, 0), m[i]), luma_out(byte_of(w, 1), m[i + 1]),
                              luma_out(byte_of(w, 2), m[i + 2]), luma_out(byte_of(w, 3), m[i + 3]));
}

void row_rgb(int x, int y, vec4 m[8])
{
    [[unroll]] for (int k = 0; k < 8; k++) {
        if (x + k >= p.width)
            continue;
        int at = y * p.pitch0 + (x + k) * 4;
        uint w = word(at);
        vec3 rgb = rgb_of(w);
        float luma = luma_of_rgb(rgb);
        // chroma is shifted: the change is the colour of (luma's change, cb, cr)
        rgb += rgb_of_ycc(vec3(m[k].x + m[k].w * luma, m[k].yz));
        rgb *= 255.0;
        if (FORMAT == BGRA || FORMAT == BGRX)
            rgb = rgb.bgr;
        frame_out[at >> 2] = (w & 0xff000000u) | to_byte(rgb.r) | to_byte(rgb.g) << 8 |
                             to_byte(rgb.b) << 16;
    }
}

// What chroma is shifted by at luma pixel k of a row's models, 0..1: its sample lies there, or
// between that and the next.
vec2 chroma_of(vec4 m[8], int k)
{
    return p.site_x > 0.0 ? 0.5 * (m[k].yz + m[k + 1].yz) : m[k].yz;
}

void row_yuy2(int x, int y, vec4 m[8])
{
    [[unroll]] for (int k = 0; k < 8; k += 2) {
        if (x + k >= p.width)
            continue;
        int at = y * p.pitch0 + (x + k) * 2;
        uint w = word(at);
        vec2 c = chroma_of(m, k) / p.c_scale;
        frame_out[at >> 2] = four(luma_out(byte_of(w, 0), m[k]), to_byte(byte_of(w, 1) + c.x),
                                  luma_out(byte_of(w, 2), m[k + 1]), to_byte(byte_of(w, 3) + c.y));
    }
}

void models_of_row(int x, int y, out vec4 m[8])
{
    [[unroll]] for (int k = 0; k < 8; k++)
        m[k] = model_at(vec2(x + k, y) + 0.5);
}

void row(int x, int y, vec4 m[8])
{
    if (FORMAT >= RGBA) {
        row_rgb(x, y, m);
    } else if (FORMAT == YUY2) {
        row_yuy2(x, y, m);
    } else {
        int at = p.plane0 + y * p.pitch0 + x;
        luma_word(at, m, 0);
        if (x + 4 < p.pitch0)
            luma_word(at + 4, m, 4);
    }
}

// Four bytes of one chroma plane, `lane` of the change.
void chroma_word(int at, vec2 c[4], int lane)
{
    uint w = word(at);
    frame_out[at >> 2] =
        four(to_byte(byte_of(w, 0) + c[0][lane]), to_byte(byte_of(w, 1) + c[1][lane]),
             to_byte(byte_of(w, 2) + c[2][lane]), to_byte(byte_of(w, 3) + c[3][lane]));
}

void chroma_row(int x, int y, vec2 c[4])
{
    if (FORMAT == I420) {
        int at = y / 2 * p.pitch1 + x / 2;
        chroma_word(p.plane1 + at, c, 0);
        chroma_word(p.plane2 + at, c, 1);
        return;
    }
    [[unroll]] for (int k = 0; k < 4; k += 2) {
        if (x + 2 * k >= p.pitch1)
            continue;
        int at = p.plane1 + y / 2 * p.pitch1 + x + 2 * k;
        uint w = word(at);
        frame_out[at >> 2] =
            four(to_byte(byte_of(w, 0) + c[k].x), to_byte(byte_of(w, 1) + c[k].y),
                 to_byte(byte_of(w, 2) + c[k + 1].x), to_byte(byte_of(w, 3) + c[k + 1].y));
    }
}

void main()
{
    int x = int(u.x0) + int(gl_GlobalInvocationID.x) * 8;
    int y = int(u.y0) + int(gl_GlobalInvocationID.y) * 2;
    if (x >= p.width || y >= p.height)
        return;
    find_model();
    vec4 m[8];
    vec2 c[4];
    models_of_row(x, y, m);
    row(x, y, m);
    [[unroll]] for (int k = 0; k < 4; k++)
        c[k] = (1.0 - p.site_y) * chroma_of(m, 2 * k);
    models_of_row(x, y + 1, m);
    if (y + 1 < p.height)
        row(x, y + 1, m);
    [[unroll]] for (int k = 0; k < 4; k++)
        c[k] = (c[k] + p.site_y * chroma_of(m, 2 * k)) / p.c_scale;
    if (FORMAT == I420 || FORMAT == NV12)
        chroma_row(x, y, c);
}
