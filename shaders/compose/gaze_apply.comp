// An eye turned at the frame's own resolution and in the frame's own bytes: each sample takes its
// value from where the flow says, from a copy of the frame (gaze_copy.comp), times a gain plus a
// light, as far as the matte goes. Where that is 0 no byte changes. p.low: flow (columns, rows of
// the patch), matte, gain; then as many of light and of the luma above which there is a highlight;
// then by how much the patch has slipped from where the uniform has it (gaze_slip.comp), and by how
// much highlights are moved. p.square: the eye's number.
//
// Highlights (gaze_glint.comp) do not go with the eye: what comes from elsewhere comes without
// them, and they are added from where the mirror has them now.
//
// Luma and R'G'B' are read by a cubic, since straight lines would blur the eye; chroma by these.
// An invocation makes 8x2 pixels: whole words in every format.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "compose/pixels.glsl"
#include "blend/gaze_uniform.h"
#include "cubic.glsl"

layout(set = 0, binding = 5) writeonly buffer out_block
{
    uint frame_out[];
};
layout(set = 0, binding = 6) uniform uniform_block
{
    gaze_uniform u;
};

const float GLINT_SHARE = 1.6; // of the matte: so much of highlights is moved, all at most

// What becomes of a sample: from where in the frame it comes, and where the highlight that it gets
// comes from; the luma above which these are highlights, and above which it has one itself; matte,
// gain, light.
struct change {
    vec2 from, glint_from;
    float top, glint_top, own_top, matte, gain, light;
};

// Of the patch, 0, 0 being the middle of its first pixel.
float top_at(vec2 pixel)
{
    ivec2 last = ivec2(p.low_w - 1, p.low_h - 1);
    pixel = clamp(pixel, vec2(0), vec2(last));
    ivec2 q = min(ivec2(pixel), last - 1);
    vec2 f = pixel - vec2(q);
    int i = p.low + (p.low_h + q.y) * p.low_w + q.x, j = i + p.low_w;
    return mix(mix(texelFetch(arena_vec4, i).w, texelFetch(arena_vec4, i + 1).w, f.x),
               mix(texelFetch(arena_vec4, j).w, texelFetch(arena_vec4, j + 1).w, f.x), f.y);
}

// At a position of the frame; the middle of the top left pixel is (0.5, 0.5).
change change_at(vec2 at)
{
    vec3 place = vec3(at, 1);
    vec2 pixel = vec2(dot(u.eye[p.square].column.xyz, place), dot(u.eye[p.square].row.xyz, place));
    vec4 whole = texelFetch(arena_vec4, p.low + 2 * p.low_w * p.low_h);
    pixel -= 0.5 + whole.xy;
    vec2 last = vec2(p.low_w - 1, p.low_h - 1);
    change c = change(at, at, 1, 1, 1, 0, 1, 0);
    if (any(lessThanEqual(pixel, vec2(0))) || any(greaterThanEqual(pixel, last)))
        return c;
    ivec2 q = min(ivec2(pixel), ivec2(last) - 1);
    vec2 f = pixel - vec2(q);
    int i = p.low + q.y * p.low_w + q.x, j = i + p.low_w, light = p.low_w * p.low_h;
    vec4 m = mix(mix(texelFetch(arena_vec4, i), texelFetch(arena_vec4, i + 1), f.x),
                 mix(texelFetch(arena_vec4, j), texelFetch(arena_vec4, j + 1), f.x), f.y);
    if (m.z == 0.0)
        return c;
    vec4 kept = u.eye[p.square].kept, back = u.eye[p.square].back;
    c.light = mix(mix(texelFetch(arena_vec4, i + light).x,
                      texelFetch(arena_vec4, i + light + 1).x, f.x),
                  mix(texelFetch(arena_vec4, j + light).x,
                      texelFetch(arena_vec4, j + light + 1).x, f.x), f.y);
    // two pixels from the copy's edge: no sample beside it is looked at
    c.from = clamp(at + m.x * back.xy + m.y * back.zw, kept.xy + 2.0, kept.zw - 2.0);
    c.glint_from = clamp(at + whole.z * back.xy + whole.w * back.zw, kept.xy + 2.0, kept.zw - 2.0);
    c.top = top_at(pixel + m.xy);
    c.glint_top = top_at(pixel + whole.zw);
    c.own_top = top_at(pixel);
    c.matte = m.z;
    c.gain = m.w;
    return c;
}

float luma_sample(int x, int y)
{
    x = clamp(x, 0, p.width - 1);
    y = clamp(y, 0, p.height - 1);
    return byte_at(p.plane0 + y * p.pitch0 + (FORMAT == YUY2 ? 2 * x : x));
}

vec3 rgb_sample(int x, int y)
{
    return rgb_of(word(clamp(y, 0, p.height - 1) * p.pitch0 + clamp(x, 0, p.width - 1) * 4));
}

// 0..1
float luma_from(vec2 at)
{
    at -= 0.5;
    ivec2 q = ivec2(floor(at));
    vec2 f = at - vec2(q);
    vec4 wx = cubic_weights(f.x), wy = cubic_weights(f.y);
    float v = 0.0;
    [[unroll]] for (int k = 0; k < 4; k++)
        v += wy[k] * dot(wx, vec4(luma_sample(q.x - 1, q.y + k - 1), luma_sample(q.x, q.y + k - 1),
                                  luma_sample(q.x + 1, q.y + k - 1),
                                  luma_sample(q.x + 2, q.y + k - 1)));
    return (v - p.y_offset) * p.y_scale;
}

// What highlights add to a sample of which a share was taken as the matte says, its own with it:
// close under a lid the matte fades, but a highlight goes on.
float added_glint(change c, float glint, float luma)
{
    float share = min(GLINT_SHARE * c.matte, 1.0);
    float own = c.own_top < 1.0 ? max(luma - c.own_top, 0.0) : 0.0;
    return share * glint - (share - c.matte) * own;
}

float moved_luma(float byte_in, change c)
{
    float glint = c.glint_top < 1.0 ? max(luma_from(c.glint_from) - c.glint_top, 0.0) : 0.0;
    float v = luma_from(c.from);
    if (c.top < 1.0) // a video's luma may go beyond
        v = min(v, c.top);
    float was = (byte_in - p.y_offset) * p.y_scale;
    v = mix(was, clamp(v * c.gain + c.light, 0.0, 1.0), c.matte) + added_glint(c, glint, was);
    return min(v, max(was, 1.0)) / p.y_scale + p.y_offset;
}

vec3 rgb_from(vec2 at)
{
    at -= 0.5;
    ivec2 q = ivec2(floor(at));
    vec2 f = at - vec2(q);
    vec4 wx = cubic_weights(f.x), wy = cubic_weights(f.y);
    vec3 v = vec3(0);
    [[unroll]] for (int k = 0; k < 4; k++)
        v += wy[k] * (wx.x * rgb_sample(q.x - 1, q.y + k - 1) +
                      wx.y * rgb_sample(q.x, q.y + k - 1) +
                      wx.z * rgb_sample(q.x + 1, q.y + k - 1) +
                      wx.w * rgb_sample(q.x + 2, q.y + k - 1));
    return v;
}

vec3 moved_rgb(vec3 rgb, change c)
{
    vec3 v = rgb_from(c.from);
    float glint = 0.0;
    if (c.glint_top < 1.0)
        glint = max(luma_of_rgb(rgb_from(c.glint_from)) - c.glint_top, 0.0);
    if (c.top < 1.0)
        v = max(v - max(luma_of_rgb(v) - c.top, 0.0), vec3(0));
    return mix(rgb, clamp(v * c.gain + c.light, vec3(0), vec3(1)), c.matte) +
           added_glint(c, glint, luma_of_rgb(rgb));
}

// Chroma bytes of sample (i, j) of their plane.
vec2 moved_chroma(int i, int j)
{
    bool rows = FORMAT != YUY2;
    vec2 site = vec2(p.site_x, rows ? p.site_y : 0.0) + 0.5, step = vec2(2, rows ? 2 : 1);
    vec2 was = chroma(i, j);
    change c = change_at(vec2(i, j) * step + site);
    if (c.matte == 0.0)
        return was;
    vec2 at = (c.from - site) / step;
    ivec2 q = ivec2(floor(at));
    vec2 f = at - vec2(q);
    vec2 v = mix(mix(chroma(q.x, q.y), chroma(q.x + 1, q.y), f.x),
                 mix(chroma(q.x, q.y + 1), chroma(q.x + 1, q.y + 1), f.x), f.y);
    return was + c.matte * ((v - 128.0) * c.gain + 128.0 - was);
}

void luma_word(int at, change c[8], int i)
{
    uint w = word(at), out_word = 0;
    [[unroll]] for (int k = 0; k < 4; k++) {
        float b = byte_of(w, k);
        out_word |= to_byte(c[i + k].matte == 0.0 ? b : moved_luma(b, c[i + k])) << (8 * k);
    }
    frame_out[at >> 2] = out_word;
}

void row_rgb(int x, int y, change c[8])
{
    [[unroll]] for (int k = 0; k < 8; k++) {
        if (x + k >= p.width || c[k].matte == 0.0)
            continue;
        int at = y * p.pitch0 + (x + k) * 4;
        uint w = word(at);
        vec3 rgb = moved_rgb(rgb_of(w), c[k]) * 255.0;
        if (FORMAT == BGRA || FORMAT == BGRX)
            rgb = rgb.bgr;
        frame_out[at >> 2] = (w & 0xff000000u) | to_byte(rgb.r) | to_byte(rgb.g) << 8 |
                             to_byte(rgb.b) << 16;
    }
}

void row_yuy2(int x, int y, change c[8])
{
    [[unroll]] for (int k = 0; k < 8; k += 2) {
        if (x + k >= p.width)
            continue;
        int at = y * p.pitch0 + (x + k) * 2;
        uint w = word(at);
        vec2 cc = moved_chroma((x + k) / 2, y);
        float a = byte_of(w, 0), b = byte_of(w, 2);
        frame_out[at >> 2] = four(to_byte(c[k].matte == 0.0 ? a : moved_luma(a, c[k])),
                                  to_byte(cc.x),
                                  to_byte(c[k + 1].matte == 0.0 ? b : moved_luma(b, c[k + 1])),
                                  to_byte(cc.y));
    }
}

void row(int x, int y)
{
    change c[8];
    [[unroll]] for (int k = 0; k < 8; k++)
        c[k] = change_at(vec2(x + k, y) + 0.5);
    if (FORMAT >= RGBA) {
        row_rgb(x, y, c);
    } else if (FORMAT == YUY2) {
        row_yuy2(x, y, c);
    } else {
        int at = p.plane0 + y * p.pitch0 + x;
        luma_word(at, c, 0);
        if (x + 4 < p.pitch0)
            luma_word(at + 4, c, 4);
    }
}

void chroma_rows(int x, int y)
{
    vec2 c[4];
    [[unroll]] for (int k = 0; k < 4; k++)
        c[k] = moved_chroma(x / 2 + k, y / 2);
    if (FORMAT == I420) {
        int at = y / 2 * p.pitch1 + x / 2;
        frame_out[(p.plane1 + at) >> 2] =
            four(to_byte(c[0].x), to_byte(c[1].x), to_byte(c[2].x), to_byte(c[3].x));
        frame_out[(p.plane2 + at) >> 2] =
            four(to_byte(c[0].y), to_byte(c[1].y), to_byte(c[2].y), to_byte(c[3].y));
        return;
    }
    [[unroll]] for (int k = 0; k < 4; k += 2) {
        if (x + 2 * k >= p.pitch1)
            continue;
        frame_out[(p.plane1 + y / 2 * p.pitch1 + x + 2 * k) >> 2] =
            four(to_byte(c[k].x), to_byte(c[k].y), to_byte(c[k + 1].x), to_byte(c[k + 1].y));
    }
}

void main()
{
    vec4 box = u.eye[p.square].box;
    int x = int(box.x) + int(gl_GlobalInvocationID.x) * 8;
    int y = int(box.y) + int(gl_GlobalInvocationID.y) * 2;
    if (x >= int(box.z) || y >= int(box.w))
        return;
    row(x, y);
    if (y + 1 < p.height)
        row(x, y + 1);
    if (FORMAT == I420 || FORMAT == NV12)
        chroma_rows(x, y);
}
