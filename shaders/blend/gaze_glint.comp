// The luma above which a pixel of an eye is a highlight, and the crop without what is above it:
// that is what the network sees. Elsewhere it is 1: nothing is. See glint.glsl.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/glint.glsl"

const float STANDS_OUT = 0.06; // by less it is the iris' own

void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    int here = y * p.w + x;
    float off = off_iris(x, y), top = 1.0;
    if (off < OUTSIDE) {
        float high = 0.0;
        for (int j = -REACH; j <= REACH; j++)
            for (int i = -REACH; i <= REACH; i++)
                if (i * i + j * j <= ROUND)
                    high = max(high, texelFetch(arena_vec4, place_of(1, x + i, y + j)).x);
        top = mix(min(high + STANDS_OUT, 1.0), 1.0, smoothstep(INSIDE, OUTSIDE, off));
        vec4 c = texelFetch(arena_vec4, p.crop + here);
        float more = dot(c.rgb, vec3(p.kr, 1.0 - p.kr - p.kb, p.kb)) - top;
        if (more > 0.0)
            store(p.crop + here, vec4(max(c.rgb - more, vec3(0)), c.a));
    }
    store(place_of(0, x, y), vec4(top, 0, 0, 0));
}
