// Keys' cubic convolution (1981, a = -1/2).
#ifndef CUBIC_GLSL
#define CUBIC_GLSL

// Weights of the samples at -1, 0, 1 and 2, for a place f between 0 and 1.
vec4 cubic_weights(float f)
{
    vec4 t = vec4(1.0, f, f * f, f * f * f);
    return vec4(dot(t, vec4(0, -0.5, 1, -0.5)), dot(t, vec4(1, 0, -2.5, 1.5)),
                dot(t, vec4(0, 0.5, 2, -1.5)), dot(t, vec4(0, 0, -0.5, 0.5)));
}
#endif
