// The temporal blend of an eye's flow and matte in the coordinates of its patch. The flow is that
// of a stiff ball, turned by what is asked for and by the steadied gaze, and the rest, which has a
// history: so a new target or share shows at once. The past counts where the picture is what it was
// and the eye stands still; elsewhere the present does, without any lag.
//
// What is asked for goes by what the network said of the eye in the last frame. Where there is none
// it goes by what it says in this one: the face's points alone may take a blur for an eye.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/gaze.glsl"
#include "blend/history.glsl"

const float SHUT = 0.08, OPEN = 0.25; // lids below / above which the eye is left alone / turned
const float MIRRORED = 0.54;          // so far highlights move when the iris moves by 1
const float EDGE = 4.0;               // the patch fades over so many pixels: no seam

float luma_at(int x, int y)
{
    x = clamp(x, 0, p.w - 1);
    y = clamp(y, 0, p.h - 1);
    return dot(texelFetch(arena_vec4, p.crop + y * p.w + x).rgb,
               vec3(p.kr, 1.0 - p.kr - p.kb, p.kb));
}

float past_luma(int x, int y)
{
    x = clamp(x, 0, p.w - 1);
    y = clamp(y, 0, p.h - 1);
    return texelFetch(arena_vec4, p.light + y * p.w + x).y;
}

vec2 stiff(vec2 gaze)
{
    vec2 turn = u.eye[p.eye].turn.xy - u.eye[p.eye].turn.z * gaze;
    return p.ball * vec2(-turn.x, turn.y);
}

// Not written back here: neighbours read it. See gaze_keep.comp.
void main()
{
    int x = int(gl_GlobalInvocationID.x), y = int(gl_GlobalInvocationID.y);
    if (x >= p.w || y >= p.h)
        return;
    int here = y * p.w + x;
    vec4 state = texelFetch(arena_vec4, p.state), memory = texelFetch(arena_vec4, p.memory);
    float open = smoothstep(SHUT, OPEN, state.w);
    float sure = u.eye[p.eye].past.x == 0.0 ? 1.0 : smoothstep(GAZE_UNSURE, GAZE_SURE, state.z);
    vec2 turned = open * stiff(memory.xy);
    if (here == 0)
        store(p.shown + 2 * p.w * p.h,
              vec4(texelFetch(arena_vec4, p.memory + 2).xy, MIRRORED * turned));
    vec4 blend = texelFetch(arena_vec4, p.blend + here);
    vec2 rest = texelFetch(arena_vec4, p.flow + here).xy - stiff(state.xy);
    vec4 present = vec4(rest, blend.x, 2.0 * blend.y), shown = present;
    vec4 light = texelFetch(arena_vec4, p.light + here);
    float present_light = blend.z - 0.5, shown_light = present_light;
    if (u.eye[p.eye].past.x == 0.0 && light.z > 0.0) {
        float moved = texelFetch(arena_vec4, p.memory + 1).x, error[9], shift = 0.0;
        [[unroll]] for (int k = 0; k < 9; k++) {
            int i = x + k % 3 - 1, j = y + k / 3 - 1;
            error[k] = luma_at(i, j) - past_luma(i, j);
            shift += error[k];
        }
        float confidence = confidence_of(error, shift, ERROR_SCALE);
        float trust = smoothstep(LOW, HIGH, confidence) * (1.0 - moved);
        float weight = max(u.eye[p.eye].past.y, 1.0 / (light.z + 1.0));
        weight = mix(1.0, weight, trust);
        shown = mix(texelFetch(arena_vec4, p.history + here), present, weight);
        shown_light = mix(light.x, present_light, weight);
        light.z = 1.0 + trust * min(light.z, COUNT_MAX - 1.0);
        light.y = mix(luma_at(x, y), mix(light.y, luma_at(x, y), u.eye[p.eye].past.z), trust);
    } else {
        light.yz = vec2(luma_at(x, y), 1.0);
    }
    store(p.history + here, shown);
    float edge = float(min(min(x, p.w - 1 - x), min(y, p.h - 1 - y)));
    store(p.shown + here, vec4(shown.xy * open + turned,
                               shown.z * open * sure * smoothstep(0.0, EDGE, edge), shown.w));
    float top = texelFetch(arena_vec4, p.glint + here).x;
    store(p.shown + p.w * p.h + here, vec4(shown_light, light.y, light.z, top));
}
