// The temporal blend of a whole-frame style, and the model for the native-resolution output.
//
// History (colour of the style, gain) is fetched where the motion says the pixel was, clamped to
// what the 3x3 neighbourhood of the present output allows, and mixed with the present output by
// how well the picture itself fits there. With u.fresh = 1, or without motion (PLAIN), the present
// output stands alone. A history that has only begun is the mean of its frames: what the network
// drew just when a hand uncovered a place still shows the hand's nearness.
//
// With the history goes the luma of the picture that it belongs to, made in the same way: the next
// frame's motion is found against it. Where the picture stands still, it also takes the place of
// the picture's own: the model's offset must not carry the sensor's noise, nor must the native luma
// (export.comp does the same there).
//
// Gain: how far the style's luma follows the picture's, the slope of a 3x3 regression; it is what
// lets the frame's fine edges through (export.comp).
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/blend.glsl"
#include "blend/history.glsl"

layout(set = 0, binding = 0) buffer arena_float_block
{
    float arena_store_float[];
};
layout(constant_id = 0) const int PLAIN = 0; // 1: warp_error did not run

// The error that leaves a confidence of 1 / e where the picture stands still, less than with faces,
// since what it is compared with has next to no noise; and what is added to it where it moves, as a
// share of the contrast: no motion is right to the last tenth of a pixel, and on edges that must
// not let the style's own unrest through.
const float ERROR = 8.0 / 255.0, ERROR_SHARE = 0.35;
const float CLAMP_WIDER = 1.36; // than with faces: strokes are bold, and a place begins anew anyway
const float AGE_MAX = 256.0; // frames; beyond it, no weight is that small
const float GAIN_NOISE = (4.0 / 255.0) * (4.0 / 255.0); // variance taken as noise, not an edge
const float GAIN_MAX = 1.25;

float luma_of(vec3 rgb)
{
    return p.kr * rgb.r + (1.0 - p.kr - p.kb) * rgb.g + p.kb * rgb.b;
}

vec4 history(int x, int y)
{
    return texelFetch(arena_vec4,
                      p.history_in + clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1));
}

// 4x4 samples without their corners, which hardly count.
vec4 history_between(vec2 from)
{
    ivec2 q = ivec2(floor(from));
    vec2 f = from - vec2(q);
    vec4 wx = cubic(f.x), wy = cubic(f.y), sum = vec4(0);
    [[unroll]] for (int j = 0; j < 4; j++)
        [[unroll]] for (int i = 0; i < 4; i++)
            if ((i == 1 || i == 2) || (j == 1 || j == 2))
                sum += wx[i] * wy[j] * history(q.x + i - 1, q.y + j - 1);
    return sum / (1.0 - (wx[0] + wx[3]) * (wy[0] + wy[3]));
}

// Sums over three pixels, one above the other.
struct column {
    vec3 mean, square; // YCoCg of the style
    float i, ii, io, o; // luma of the picture, of the style, and products
    float error[3];
};

column sums_of(int x, int y, out vec3 colour, out vec4 warp)
{
    column c = column(vec3(0), vec3(0), 0.0, 0.0, 0.0, 0.0, float[3](0.0, 0.0, 0.0));
    x = clamp(x, 0, p.w - 1);
    [[unroll]] for (int k = 0; k < 3; k++) {
        int at = clamp(y + k - 1, 0, p.h - 1) * p.w + x;
        vec3 rgb = clamp(texelFetch(arena_vec4, p.styled + at).rgb, vec3(0), vec3(1));
        vec4 w = PLAIN == 1 ? vec4(0, 0, 0, texelFetch(arena_vec4, p.now + at).w)
                            : texelFetch(arena_vec4, p.warp + at);
        vec3 style = ycocg(rgb);
        float l = luma_of(rgb);
        c.mean += style;
        c.square += style * style;
        c.i += w.w;
        c.ii += w.w * w.w;
        c.io += w.w * l;
        c.o += l;
        c.error[k] = w.z;
        if (k == 1) {
            colour = rgb;
            warp = w;
        }
    }
    return c;
}

void resolve(int x, int y, vec3 colour, vec4 warp, column a, column b, column c)
{
    vec3 mean = (a.mean + b.mean + c.mean) / 9.0;
    vec3 sigma = sqrt(max((a.square + b.square + c.square) / 9.0 - mean * mean, vec3(0)));
    float i = (a.i + b.i + c.i) / 9.0, o = (a.o + b.o + c.o) / 9.0;
    float variance = max((a.ii + b.ii + c.ii) / 9.0 - i * i, 0.0);
    float slope = ((a.io + b.io + c.io) / 9.0 - i * o) / (variance + GAIN_NOISE);
    vec4 present = vec4(colour, clamp(slope, 0.0, GAIN_MAX)), past = present;
    vec2 flow = warp.xy;
    int here = y * p.w + x;
    float alpha = 1.0, still = 0.0, luma = warp.w, luma_past = luma, age = 1.0;
    if (PLAIN == 0 && u.fresh == 0.0) {
        float error[9] = {a.error[0], a.error[1], a.error[2], b.error[0], b.error[1],
                          b.error[2], c.error[0], c.error[1], c.error[2]};
        float shift = 0.0;
        [[unroll]] for (int k = 0; k < 9; k++)
            shift += error[k];
        float scale = ERROR + (flow == vec2(0) ? 0.0 : ERROR_SHARE * sqrt(variance));
        float confidence = smoothstep(LOW, HIGH, confidence_of(error, shift, scale));
        ivec2 from = clamp(ivec2(floor(vec2(x, y) + flow + 0.5)), ivec2(0), ivec2(p.w, p.h) - 1);
        float before = texelFetch(arena_float, p.age_in + from.y * p.w + from.x).x;
        confidence = before == 0.0 ? 0.0 : confidence; // see reframe.comp
        age = min(age + confidence * before, AGE_MAX);
        alpha = max(mix(1.0, u.alpha, confidence), 1.0 / age);
        if (flow == vec2(0)) {
            still = confidence;
            past = texelFetch(arena_vec4, p.history_in + here);
            luma_past = texelFetch(arena_float, p.luma_in + here).x;
        } else {
            past = history_between(vec2(x, y) + flow);
            luma_past = texelFetch(arena_float, p.luma_out + here).x; // warp_error put it there
        }
        past.rgb = clamped(past.rgb, mean, CLAMP_WIDER * sigma);
    }
    vec4 blended = mix(past, present, alpha);
    luma_past = mix(luma_past, luma, alpha);
    luma = flow == vec2(0) ? luma_past : luma;
    arena_store_float[p.luma_out + here] = luma_past;
    arena_store_float[p.still + here] = still;
    arena_store_float[p.age_out + here] = age;
    store(p.history_out + here, blended);
    float l = luma_of(blended.rgb);
    store(p.model + here,
        vec4(l - blended.w * luma, (blended.b - l) / (2.0 - 2.0 * p.kb),
             (blended.r - l) / (2.0 - 2.0 * p.kr), blended.w));
}

// Two pixels, one beside the other, which share two columns of the three around each.
void main()
{
    int x = 2 * int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    column c[4];
    vec3 colour[4];
    vec4 warp[4];
    [[unroll]] for (int k = 0; k < 4; k++)
        c[k] = sums_of(x + k - 1, y, colour[k], warp[k]);
    resolve(x, y, colour[1], warp[1], c[0], c[1], c[2]);
    if (x + 1 < p.w)
        resolve(x + 1, y, colour[2], warp[2], c[1], c[2], c[3]);
}
