// Copies with other axes: four vec4 an invocation, 64 apart, each channel from its own place. A
// place in the result falls into digits; each has a weight on an axis of the source. The c1 digits
// lie in the weights: size, axes (of the result + 4 * of the source), weight in the result, in the
// source. c0: channels of the output.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 64) in;
#include "net/net.glsl"

float copied(ivec3 to)
{
    ivec3 from = ivec3(0);
    for (int k = 0; k < p.c1; k++) {
        ivec4 part = ivec4(texelFetch(weights, p.weights + k));
        int axis = part.y % 4, digit = (axis == 0 ? to.x : axis == 1 ? to.y : to.z) / part.z;
        digit = digit % part.x * part.w;
        axis = part.y / 4;
        from += digit * ivec3(axis == 0, axis == 1, axis == 2);
    }
    vec4 v = texelFetch(arena_vec4, p.in0 + (from.x / 4 * p.ih + from.y) * p.iw + from.z);
    int k = from.x % 4;
    return k == 0 ? v.x : k == 1 ? v.y : k == 2 ? v.z : v.w;
}

void main()
{
    int plane = p.ow * p.oh, quad = int(gl_WorkGroupID.z);
    int first = int(gl_WorkGroupID.x) * 256 + int(gl_LocalInvocationID.x);
    for (int n = 0; n < 4; n++) {
        int i = first + 64 * n, at = min(i, plane - 1);
        vec4 o = vec4(0);
        for (int k = 0; k < 4; k++)
            if (quad * 4 + k < p.c0)
                o[k] = copied(ivec3(quad * 4 + k, at / p.ow, at % p.ow));
        o = keep_channels(activate(o), quad, p.c0);
        store(i < plane ? p.out0 + quad * plane + i : WASTE, o);
    }
}
