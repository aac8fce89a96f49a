// What motion and history shaders share.
#ifndef BLEND_GLSL
#define BLEND_GLSL
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "slots.glsl"
#include "frame_uniform.h"
#include "blend/blend_push.h"

layout(set = 0, binding = 6) uniform uniform_block
{
    frame_uniform u;
};
layout(push_constant) uniform push_block
{
    blend_push pushed;
};
blend_push p = pushed; // a copy, see net/net.glsl
#endif
