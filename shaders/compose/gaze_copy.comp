// A copy of the part of the frame that the change of an eye may read: it is changed in place.
// An invocation copies 8x2 pixels: whole words in every format.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "compose/pixels.glsl"
#include "blend/gaze_uniform.h"

layout(set = 0, binding = 5) writeonly buffer out_block
{
    uint frame_out[];
};
layout(set = 0, binding = 6) uniform uniform_block
{
    gaze_uniform u;
};

void copy(int at, int words)
{
    for (int k = 0; k < words; k++)
        frame_out[(at >> 2) + k] = word(at + 4 * k);
}

void row(int x, int y)
{
    if (FORMAT >= RGBA)
        copy(y * p.pitch0 + 4 * x, min(8, p.width - x));
    else if (FORMAT == YUY2)
        copy(y * p.pitch0 + 2 * x, min(4, (p.width - x + 1) / 2));
    else
        copy(p.plane0 + y * p.pitch0 + x, x + 4 < p.pitch0 ? 2 : 1);
}

void main()
{
    int x = int(u.eye[p.square].kept.x) + int(gl_GlobalInvocationID.x) * 8;
    int y = int(u.eye[p.square].kept.y) + int(gl_GlobalInvocationID.y) * 2;
    if (x >= p.width || y >= p.height)
        return;
    row(x, y);
    if (y + 1 < p.height)
        row(x, y + 1);
    if (FORMAT == NV12)
        copy(p.plane1 + y / 2 * p.pitch1 + x, x + 4 < p.pitch1 ? 2 : 1);
    if (FORMAT == I420) {
        copy(p.plane1 + y / 2 * p.pitch1 + x / 2, 1);
        copy(p.plane2 + y / 2 * p.pitch2 + x / 2, 1);
    }
}
