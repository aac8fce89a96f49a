// How a history is kept, the same for whole frames and for faces: how far the picture itself
// vouches for it, and what the present output allows it to be.
#ifndef HISTORY_GLSL
#define HISTORY_GLSL

const float ERROR_SCALE = 11.0 / 255.0; // of faces: confidence = exp(-(error / this)^2)
const float SHIFT = 0.8;                // share of a mean brightness change that is no error,
const float SHIFT_MAX = 8.0 / 255.0;    // but this at most: more is another surface, not light
const float LOW = 0.15, HIGH = 0.5;     // confidence below / above which history counts 0 / fully
const float CLAMP_SIGMA = 1.1;          // half width of the clamp, in standard deviations,
const float CLAMP_MORE = 0.8 / 255.0;   // plus this

vec3 ycocg(vec3 c)
{
    return vec3(dot(c, vec3(0.25, 0.5, 0.25)), 0.5 * (c.r - c.b), dot(c, vec3(-0.25, 0.5, -0.25)));
}

vec3 rgb_of_ycocg(vec3 c)
{
    float t = c.x - c.z;
    return vec3(t + c.y, c.x + c.z, t - c.y);
}

// Confidence 0..1 that the picture around a place is what it was, from the differences of luma in
// the 3x3 places; shift: their sum; scale: the error that leaves 1 / e.
float confidence_of(float error[9], float shift, float scale)
{
    float e = 0.0, light = clamp(SHIFT * shift / 9.0, -SHIFT_MAX, SHIFT_MAX);
    [[unroll]] for (int k = 0; k < 9; k++)
        e += abs(error[k] - light);
    e /= 9.0 * scale;
    return exp(-e * e);
}

// The past as the present's 3x3 places allow it; mean and sigma in YCoCg.
vec3 clamped(vec3 past, vec3 mean, vec3 sigma)
{
    vec3 reach = CLAMP_SIGMA * sigma + CLAMP_MORE;
    return rgb_of_ycocg(clamp(ycocg(past), mean - reach, mean + reach));
}
#endif
