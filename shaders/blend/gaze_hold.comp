// The look at an eye, moved by what gaze_slip.comp has found to where its history is: that is what
// the network sees. A cubic: a look that is blurred by another fraction of a pixel each frame would
// flicker.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/gaze.glsl"
#include "cubic.glsl"

vec4 look(int x, int y)
{
    return texelFetch(arena_vec4, p.look + clamp(y, 0, p.h - 1) * p.w + clamp(x, 0, p.w - 1));
}

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y), all = p.w * p.h;
    if (x >= p.w || y >= p.h)
        return;
    vec2 d = texelFetch(arena_vec4, p.memory + 2).xy, whole = floor(d);
    vec4 wx = cubic_weights(d.x - whole.x), wy = cubic_weights(d.y - whole.y), sum = vec4(0);
    int i = x + int(whole.x), j = y + int(whole.y);
    [[unroll]] for (int k = 0; k < 4; k++)
        sum += wy[k] * (wx.x * look(i - 1, j + k - 1) + wx.y * look(i, j + k - 1) +
                        wx.z * look(i + 1, j + k - 1) + wx.w * look(i + 2, j + k - 1));
    store(p.crop + y * p.w + x, vec4(clamp(sum.rgb, 0.0, 1.0), sum.a));
    store(p.crop + all + y * p.w + x, texelFetch(arena_vec4, p.look + all + y * p.w + x));
}
