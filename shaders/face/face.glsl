// What the face shaders that work in the arena share.
#ifndef FACE_GLSL
#define FACE_GLSL
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_control_flow_attributes : require
#include "slots.glsl"
#include "face/face_push.h"

layout(push_constant) uniform push_block
{
    face_push pushed;
};
face_push p = pushed; // a copy, see net/net.glsl
#endif
