// The temporal blend of a whole-frame style, and the model for the native-resolution output.
//
// History (colour of the style, gain) is fetched where the motion says the pixel was, clamped to
// what the 3x3 neighbourhood of the present output allows, and mixed with the present output by
// how well the picture itself fits there. With u.fresh = 1, or without motion (PLAIN), the present
// output stands alone.
//
// Where the picture stands still, its luma is steadied too (in place): the model's offset must
// not carry the sensor's noise, nor must the native luma (export.comp does the same there).
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

const float GAIN_NOISE = (4.0 / 255.0) * (4.0 / 255.0); // variance taken as noise, not an edge
const float GAIN_MAX = 1.25;

vec4 history(int x, int y)
{
    return texelFetch(arena_vec4,
                      p.history_in + clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1));
}

// Catmull-Rom, 4x4: bilinear sampling would blur the history a little more every frame.
vec4 history_at(vec2 from)
{
    ivec2 q = ivec2(floor(from));
    vec2 f = from - vec2(q);
    vec4 wx = vec4(((2.0 - f.x) * f.x - 1.0) * f.x, (3.0 * f.x - 5.0) * f.x * f.x + 2.0,
                   ((4.0 - 3.0 * f.x) * f.x + 1.0) * f.x, (f.x - 1.0) * f.x * f.x) * 0.5;
    vec4 wy = vec4(((2.0 - f.y) * f.y - 1.0) * f.y, (3.0 * f.y - 5.0) * f.y * f.y + 2.0,
                   ((4.0 - 3.0 * f.y) * f.y + 1.0) * f.y, (f.y - 1.0) * f.y * f.y) * 0.5;
    vec4 sum = vec4(0);
    [[unroll]] for (int j = 0; j < 4; j++)
        [[unroll]] for (int i = 0; i < 4; i++)
            sum += wx[i] * wy[j] * history(q.x + i - 1, q.y + j - 1);
    return sum;
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    vec3 colour = vec3(0), mean = vec3(0), square = vec3(0);
    vec2 flow = vec2(0);
    float sum_i = 0.0, sum_ii = 0.0, sum_io = 0.0, luma = 0.0, error[9], shift = 0.0;
    [[unroll]] for (int k = 0; k < 9; k++) {
        int at = clamp(y + k / 3 - 1, 0, p.h - 1) * p.w + clamp(x + k % 3 - 1, 0, p.w - 1);
        vec3 o = clamp(texelFetch(arena_vec4, p.styled + at).rgb, vec3(0), vec3(1));
        vec3 c = ycocg(o);
        vec4 warp_k = PLAIN == 1 ? vec4(0) : texelFetch(arena_vec4, p.warp + at);
        float i = PLAIN == 1 ? texelFetch(arena_vec4, p.now + at).w : warp_k.w;
        error[k] = warp_k.z;
        shift += error[k];
        mean += c;
        square += c * c;
        float l = p.kr * o.r + (1.0 - p.kr - p.kb) * o.g + p.kb * o.b;
        sum_i += i;
        sum_ii += i * i;
        sum_io += i * l;
        if (k == 4) {
            colour = o;
            luma = i;
            flow = warp_k.xy;
        }
    }
    mean /= 9.0;
    vec3 sigma = sqrt(max(square / 9.0 - mean * mean, vec3(0)));
    vec3 mean_rgb = rgb_of_ycocg(mean);
    float mean_l = p.kr * mean_rgb.r + (1.0 - p.kr - p.kb) * mean_rgb.g + p.kb * mean_rgb.b;
    float variance = max(sum_ii / 9.0 - sum_i * sum_i / 81.0, 0.0);
    float slope = (sum_io / 9.0 - sum_i / 9.0 * mean_l) / (variance + GAIN_NOISE);
    vec4 present = vec4(colour, clamp(slope, 0.0, GAIN_MAX));

    float alpha = 1.0, still = 0.0;
    vec4 past = present;
    if (PLAIN == 0 && u.fresh == 0.0) {
        float confidence = smoothstep(LOW, HIGH, confidence_of(error, shift));
        alpha = mix(1.0, u.alpha, confidence);
        still = flow == vec2(0) ? confidence : 0.0;
        past = flow == vec2(0) ? history(x, y) : history_at(vec2(x, y) + flow);
        past = vec4(clamped(past.rgb, mean, sigma), past.w);
    }
    vec4 blended = mix(past, present, alpha);
    int here = y * p.w + x;
    if (still > 0.0)
        luma = mix(texelFetch(arena_float, p.luma + here).x, luma, mix(1.0, u.alpha, still));
    arena_store_float[p.luma + here] = luma;
    arena_store_float[p.still + here] = still;
    store(p.history_out + here, blended);
    float l = p.kr * blended.r + (1.0 - p.kr - p.kb) * blended.g + p.kb * blended.b;
    store(p.model + here,
        vec4(l - blended.w * luma, (blended.b - l) / (2.0 - 2.0 * p.kb),
             (blended.r - l) / (2.0 - 2.0 * p.kr), blended.w));
}
