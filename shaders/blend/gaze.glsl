// What the shaders of an eye's temporal blend share.
#ifndef GAZE_GLSL
#define GAZE_GLSL
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "slots.glsl"
#include "blend/gaze_push.h"
#include "blend/gaze_uniform.h"

layout(set = 0, binding = 6) uniform uniform_block
{
    gaze_uniform u;
};
layout(push_constant) uniform push_block
{
    gaze_push pushed;
};
gaze_push p = pushed; // a copy, see net/net.glsl

const float COUNT_MAX = 64.0;
#endif
