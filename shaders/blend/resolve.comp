// The temporal blend of a whole-frame style, and the model for the native-resolution output.
//
// History (colour of the style, gain) is fetched where the motion says the pixel was, clamped to
// what the 3x3 neighbourhood of the present output allows, and mixed with the present output by
// how well the picture itself fits there. With u.fresh = 1, or without motion (PLAIN), the present
// output stands alone.
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

const float GAIN_NOISE = (4.0 / 255.0) * (4.0 / 255.0); // variance taken as noise, not an edge
const float GAIN_MAX = 1.25;

// History and the luma it belongs to.
struct kept {
    vec4 style;
    float luma;
};

kept kept_at(int x, int y)
{
    int at = clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1);
    return kept(texelFetch(arena_vec4, p.history_in + at),
                texelFetch(arena_float, p.luma_in + at).x);
}

// Weights of the samples -1, 0, 1, 2 at a place between 0 and 1: the cubic convolution of Keys
// (1981). What is fetched anew every frame is blurred a little every time: with his constant of
// -0.5 (Catmull's and Rom's), detail of 5 pixels that moves by half a pixel a frame keeps 0.73 of
// its contrast in a history with a weight of 0.12; with this one 0.83, and what is coarser gains
// 0.03 at most.
vec4 cubic(float f)
{
    const float A = -0.58;
    float g = 1.0 - f;
    return vec4(A * f * g * g, ((A + 2.0) * f - (A + 3.0)) * f * f + 1.0,
                ((A + 2.0) * g - (A + 3.0)) * g * g + 1.0, A * g * f * f);
}

kept kept_between(vec2 from)
{
    ivec2 q = ivec2(floor(from));
    vec2 f = from - vec2(q);
    vec4 wx = cubic(f.x), wy = cubic(f.y);
    kept sum = kept(vec4(0), 0.0);
    [[unroll]] for (int j = 0; j < 4; j++)
        [[unroll]] for (int i = 0; i < 4; i++) {
            kept k = kept_at(q.x + i - 1, q.y + j - 1);
            sum.style += wx[i] * wy[j] * k.style;
            sum.luma += wx[i] * wy[j] * k.luma;
        }
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
    kept past = kept(present, luma);
    if (PLAIN == 0 && u.fresh == 0.0) {
        float confidence = smoothstep(LOW, HIGH, confidence_of(error, shift));
        alpha = mix(1.0, u.alpha, confidence);
        still = flow == vec2(0) ? confidence : 0.0;
        past = flow == vec2(0) ? kept_at(x, y) : kept_between(vec2(x, y) + flow);
        past.style.rgb = clamped(past.style.rgb, mean, sigma);
    }
    vec4 blended = mix(past.style, present, alpha);
    int here = y * p.w + x;
    float steadied = mix(past.luma, luma, alpha);
    arena_store_float[p.luma_out + here] = steadied;
    arena_store_float[p.still + here] = still;
    luma = flow == vec2(0) ? steadied : luma;
    store(p.history_out + here, blended);
    float l = p.kr * blended.r + (1.0 - p.kr - p.kb) * blended.g + p.kb * blended.b;
    store(p.model + here,
        vec4(l - blended.w * luma, (blended.b - l) / (2.0 - 2.0 * p.kb),
             (blended.r - l) / (2.0 - 2.0 * p.kr), blended.w));
}
