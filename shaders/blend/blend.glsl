// What motion and history shaders share.
#ifndef BLEND_GLSL
#define BLEND_GLSL
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "slots.glsl"
#include "frame_uniform.glsl"
#include "blend/blend_push.h"

layout(push_constant) uniform push_block
{
    blend_push pushed;
};
blend_push p = pushed; // a copy, see net/net.glsl

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
#endif
