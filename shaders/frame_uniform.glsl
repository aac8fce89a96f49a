// What changes from frame to frame, as shaders see it.
#ifndef FRAME_UNIFORM_GLSL
#define FRAME_UNIFORM_GLSL
#extension GL_GOOGLE_include_directive : require
#include "frame_uniform.h"

layout(set = 0, binding = 6) uniform uniform_block
{
    frame_uniform u;
};
#endif
