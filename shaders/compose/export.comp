// Low-resolution style + frame bytes -> frame bytes at native resolution.
//
// The low-resolution picture holds, a pixel, a linear model of the output: luma = b + g * luma of
// the frame, and the chroma: vec4(b, cb, cr, g) (see blend/resolve.comp). The models, not the
// colours, are interpolated, so the frame's own edges and texture come through at native
// resolution where the style follows them (guided upsampling, as in the fast guided filter of He
// and Sun 2015).
//
// What shows through is the frame's luma steadied over time where nothing moves: its noise would
// otherwise flicker on top of a still style.
//
// The picture begins at the frame's pixel (view_x, view_y); what it does not show is not written,
// but for the rest of a block. An invocation makes such a block of 8x2 pixels: whole words in every
// format, and within a row's pitch, which is a multiple of 16 bytes, where it begins within the
// frame.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "compose/pixels.glsl"
#include "frame_uniform.glsl"

// The frame out by words and by two and four of them: the fewer stores the better, the most so on
// lavapipe, which makes a loop over lanes of each and takes numbers of 64 bits as fast as of 32.
layout(set = 0, binding = 5) writeonly buffer out_block
{
    uint frame_out[];
};
#ifdef LANES8
layout(set = 0, binding = 5) writeonly buffer out_block2
{
    double frame_out2[];
};
layout(set = 0, binding = 5) writeonly buffer out_block4
{
    dvec2 frame_out4[];
};
#else
layout(set = 0, binding = 5) writeonly buffer out_block2
{
    uvec2 frame_out2[];
};
layout(set = 0, binding = 5) writeonly buffer out_block4
{
    uvec4 frame_out4[];
};
#endif

#ifndef LANES8
layout(set = 0, binding = 0) buffer arena_word_block
{
    uvec4 arena_words[];
};
#endif
// A pixel that differs more than this from its own past has changed, whatever its neighbourhood
// says (bytes; six to ten times the noise of an indoor webcam, sigma 2).
const float CHANGE_LOW = 12.0, CHANGE_HIGH = 22.0;

// Columns of the low-resolution picture that 8 pixels lie in, at most, and that they lie between.
const int LIE_IN = (7 + SCALE - 1) / SCALE + 1;
const int COLUMNS = SCALE == 1 ? 8 : LIE_IN + 1;

// Floor of a / b for b > 0.
int floor_div(int a, int b)
{
    return (a >= 0 ? a : a - b + 1) / b;
}

// Models of 8 pixels of row y from column x on, both counted from where the picture begins.
void models(int x, int y, out vec4 m[8])
{
    // Pixel centre (x + 0.5) / SCALE - 0.5 in low-resolution pixels, in units of 1 / (2 SCALE).
    int vy = 2 * y + 1 - SCALE;
    int y0 = floor_div(vy, 2 * SCALE);
    float fy = float(vy - y0 * 2 * SCALE) / float(2 * SCALE);
    int top = p.low + clamp(y0, 0, p.low_h - 1) * p.low_w;
    int bottom = p.low + clamp(y0 + 1, 0, p.low_h - 1) * p.low_w;
    int first = floor_div(2 * x + 1 - SCALE, 2 * SCALE);
    vec4 column[10]; // as many as are counted to, loaded or not
    [[unroll]] for (int i = 0; i < 8; i++)
        if (i < COLUMNS) {
            int c = clamp(first + i, 0, p.low_w - 1);
            column[i] = texelFetch(arena_vec4, top + c);
            if (SCALE > 1)
                column[i] = mix(column[i], texelFetch(arena_vec4, bottom + c), fy);
        }
    // How far the first pixel is from its column. Of the two columns that another one may have as
    // its left one, only the remainder decides; where 8 is a multiple of SCALE it is a constant.
    int from = 8 % SCALE == 0 ? 1 - SCALE : 2 * x + 1 - SCALE;
    int rest = from - floor_div(from, 2 * SCALE) * 2 * SCALE;
    [[unroll]] for (int k = 0; k < 8; k++) {
        int c = k / SCALE, over = rest + 2 * (k % SCALE);
        if (SCALE == 1) {
            m[k] = column[k];
            continue;
        }
        bool next = over >= 2 * SCALE;
        float fx = float(next ? over - 2 * SCALE : over) / float(2 * SCALE);
        m[k] = mix(next ? column[c + 1] : column[c], next ? column[c + 2] : column[c + 1], fx);
    }
}

// Luma of 8 pixels from (x, y) on, 0..255.
void luma_row(int x, int y, out float luma[8])
{
    if (FORMAT >= RGBA) {
        [[unroll]] for (int k = 0; k < 8; k++)
            luma[k] = 255.0 * luma_of_rgb(rgb_of(word(y * p.pitch0 + min(x + k, p.width - 1) * 4)));
    } else if (FORMAT == YUY2) {
        [[unroll]] for (int k = 0; k < 8; k += 2) {
            uint w = word(y * p.pitch0 + min(x + k, p.width - 1) / 2 * 4);
            luma[k] = byte_of(w, 0);
            luma[k + 1] = byte_of(w, 2);
        }
    } else {
        [[unroll]] for (int k = 0; k < 8; k++)
            luma[k] = byte_of(word(p.plane0 + y * p.pitch0 + x + k / 4 * 4), k % 4);
    }
}

// What is kept of the luma of 8 pixels: 8.8 bits each.
uvec4 kept(int at)
{
#ifdef LANES8
    return floatBitsToUint(texelFetch(arena_vec4, at)); // as in slots.glsl
#else
    return arena_words[at];
#endif
}

void keep(int at, uvec4 words)
{
#ifdef LANES8
    arena_pairs[at] = dvec2(packDouble2x32(words.xy), packDouble2x32(words.zw));
#else
    arena_words[at] = words;
#endif
}

// How surely 8 pixels from the frame's (x, y) on stand still.
void stillness(int x, int y, out float still[8])
{
    x -= u.view_x;
    y -= u.view_y;
    int column = x / SCALE, rest = 8 % SCALE == 0 ? 0 : x - column * SCALE;
    int at = p.still + min(y / SCALE, p.low_h - 1) * p.low_w + column;
    float found[10];
    [[unroll]] for (int i = 0; i < 8; i++)
        if (i < LIE_IN)
            found[i] = texelFetch(arena_float, at + i).x;
    [[unroll]] for (int k = 0; k < 8; k++)
        still[k] = rest + k % SCALE >= SCALE ? found[k / SCALE + 1] : found[k / SCALE];
}

// Steadies the luma of 8 pixels from (x, y) on: mixes it with what they were where the picture
// stands still, and keeps the result for the next frame.
void steady(int x, int y, inout float luma[8])
{
    if (p.fine == 0) // luma is taken as it is
        return;
    int at = p.fine + y * ((p.width + 7) / 8) + x / 8;
    uvec4 past = kept(at), next = uvec4(0);
    float still[8];
    stillness(x, y, still);
    [[unroll]] for (int k = 0; k < 8; k++) {
        float before = float(int(bitfieldExtract(past[k / 2], k % 2 * 16, 16))) / 256.0;
        float change = abs(luma[k] - before);
        float s = still[k] * (1.0 - smoothstep(CHANGE_LOW, CHANGE_HIGH, change));
        if (u.fresh == 0.0)
            luma[k] = mix(before, luma[k], mix(1.0, u.alpha, s));
        next[k / 2] |= uint(int(luma[k] * 256.0 + 0.5)) << (k % 2 * 16);
    }
    keep(at, next);
}

// A luma byte of the output from the frame's byte, the steadied luma and the model.
uint luma_out(float byte_in, float luma, vec4 m)
{
    float y = (luma - p.y_offset) * p.y_scale;
    float o = clamp(m.x + m.w * y, 0.0, 1.0);
    return to_byte(mix(byte_in, o / p.y_scale + p.y_offset, u.strength));
}

uint chroma_out(float byte_in, float c)
{
    return to_byte(mix(byte_in, c / p.c_scale + 128.0, u.strength));
}

// At a byte of the frame, a multiple of what is put.
void put(int at, uint w)
{
    frame_out[(at - p.out_base) >> 2] = w;
}

void put2(int at, uvec2 w)
{
#ifdef LANES8
    frame_out2[(at - p.out_base) >> 3] = packDouble2x32(w);
#else
    frame_out2[(at - p.out_base) >> 3] = w;
#endif
}

void put4(int at, uvec4 w)
{
#ifdef LANES8
    frame_out4[(at - p.out_base) >> 4] = dvec2(packDouble2x32(w.xy), packDouble2x32(w.zw));
#else
    frame_out4[(at - p.out_base) >> 4] = w;
#endif
}

// Four luma bytes of the output for those at byte `at`, from pixel i of the block on.
uint luma_word(int at, vec4 m[8], float luma[8], int i)
{
    uint w = word(at);
    return four(luma_out(byte_of(w, 0), luma[i], m[i]),
                luma_out(byte_of(w, 1), luma[i + 1], m[i + 1]),
                luma_out(byte_of(w, 2), luma[i + 2], m[i + 2]),
                luma_out(byte_of(w, 3), luma[i + 3], m[i + 3]));
}

// Chroma of the style at chroma sample k of the block, from the models of two rows.
vec2 chroma_model(vec4 m0[8], vec4 m1[8], int k)
{
    vec2 a = m0[2 * k].yz, b = m1[2 * k].yz;
    if (p.site_x > 0.0) {
        a = (a + m0[2 * k + 1].yz) * 0.5;
        b = (b + m1[2 * k + 1].yz) * 0.5;
    }
    return p.site_y > 0.0 ? (a + b) * 0.5 : a;
}

uint rgb_word(uint w, vec4 m, float luma)
{
    float o = clamp(m.x + m.w * luma / 255.0, 0.0, 1.0);
    vec3 styled = clamp(rgb_of_ycc(vec3(o, m.yz)), vec3(0), vec3(1));
    vec3 rgb = mix(rgb_of(w), styled, u.strength) * 255.0;
    if (FORMAT == BGRA || FORMAT == BGRX)
        rgb = rgb.bgr;
    return (w & 0xff000000u) | to_byte(rgb.r) | to_byte(rgb.g) << 8 | to_byte(rgb.b) << 16;
}

void row_rgb(int x, int y, vec4 m[8], float luma[8])
{
    [[unroll]] for (int k = 0; k < 8; k += 4) {
        if (x + k >= p.width)
            continue;
        int at = y * p.pitch0 + (x + k) * 4;
        uvec4 w;
        [[unroll]] for (int i = 0; i < 4; i++)
            w[i] = rgb_word(word(at + 4 * i), m[k + i], luma[k + i]);
        put4(at, w);
    }
}

void row_yuy2(int x, int y, vec4 m[8], float luma[8])
{
    int at = y * p.pitch0 + x * 2;
    uvec4 out4;
    [[unroll]] for (int k = 0; k < 8; k += 2) {
        uint w = word(at + k * 2);
        vec2 c = p.site_x > 0.0 ? (m[k].yz + m[k + 1].yz) * 0.5 : m[k].yz;
        out4[k / 2] = four(luma_out(byte_of(w, 0), luma[k], m[k]), chroma_out(byte_of(w, 1), c.x),
                           luma_out(byte_of(w, 2), luma[k + 1], m[k + 1]),
                           chroma_out(byte_of(w, 3), c.y));
    }
    put4(at, out4);
}

// One row of whichever format, but for separate chroma planes.
void row(int x, int y, vec4 m[8])
{
    float luma[8];
    luma_row(x, y, luma);
    steady(x, y, luma);
    if (FORMAT >= RGBA) {
        row_rgb(x, y, m, luma);
    } else if (FORMAT == YUY2) {
        row_yuy2(x, y, m, luma);
    } else {
        int at = p.plane0 + y * p.pitch0 + x;
        put2(at, uvec2(luma_word(at, m, luma, 0), luma_word(at + 4, m, luma, 4)));
    }
}

void chroma_rows(int x, int y, vec4 m0[8], vec4 m1[8])
{
    vec2 c[4];
    [[unroll]] for (int k = 0; k < 4; k++)
        c[k] = chroma_model(m0, m1, k);
    if (FORMAT == I420) {
        int at = y / 2 * p.pitch1 + x / 2;
        uint w = word(p.plane1 + at), v = word(p.plane2 + at);
        put(p.plane1 + at,
            four(chroma_out(byte_of(w, 0), c[0].x), chroma_out(byte_of(w, 1), c[1].x),
                 chroma_out(byte_of(w, 2), c[2].x), chroma_out(byte_of(w, 3), c[3].x)));
        put(p.plane2 + at,
            four(chroma_out(byte_of(v, 0), c[0].y), chroma_out(byte_of(v, 1), c[1].y),
                 chroma_out(byte_of(v, 2), c[2].y), chroma_out(byte_of(v, 3), c[3].y)));
        return;
    }
    int at = p.plane1 + y / 2 * p.pitch1 + x;
    uvec2 out2;
    [[unroll]] for (int k = 0; k < 4; k += 2) {
        uint w = word(at + 2 * k);
        out2[k / 2] =
            four(chroma_out(byte_of(w, 0), c[k].x), chroma_out(byte_of(w, 1), c[k].y),
                 chroma_out(byte_of(w, 2), c[k + 1].x), chroma_out(byte_of(w, 3), c[k + 1].y));
    }
    put2(at, out2);
}

void main()
{
    int in_x = int(gl_GlobalInvocationID.x) * 8;
    int in_y = p.first_row + int(gl_GlobalInvocationID.y) * 2;
    int x = u.view_x + in_x, y = u.view_y + in_y;
    if (in_x >= p.low_w * SCALE || in_y >= p.low_h * SCALE || x >= p.width || y >= p.height)
        return;
    vec4 m0[8], m1[8];
    models(in_x, in_y, m0);
    models(in_x, min(y + 1, p.height - 1) - u.view_y, m1);
    row(x, y, m0);
    if (y + 1 < p.height)
        row(x, y + 1, m1);
    if (FORMAT == I420 || FORMAT == NV12)
        chroma_rows(x, y, m0, m1);
}
