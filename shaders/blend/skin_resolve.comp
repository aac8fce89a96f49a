// The temporal blend of an effect on a face, texel by texel of its atlas: the history is never
// resampled. It takes in the present result where the picture is what it was, rests where something
// covers the face, and starts anew where it has not fitted for a while (light, make-up). A hand has
// the skin's colour: what covers the face is told by the face's own networks, not by the picture
// alone, and has no history.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"
#include "blend/history.glsl"

const float WRITE = 0.25;  // confidence below which the history is left alone
const float TRUST = 0.5;   // and above which the picture is taken as that of the skin
const float SEEN = 0.5;    // a texel turned away or covered further says nothing
const float COUNT_MAX = 64.0;
const float GAIN_MORE = 0.01; // of the clamp of gains, as CLAMP_MORE

void main()
{
    ivec2 place = texel_of_tile();
    int x = place.x, y = place.y, here = y * p.size + x;
    vec4 view = texelFetch(arena_vec4, p.view + here);
    if (view.w <= 0.0) // beside the face; shown stays 0
        return;
    vec4 present = vec4(0), mean = vec4(0), square = vec4(0);
    float error[9], shift = 0.0;
    [[unroll]] for (int k = 0; k < 9; k++) {
        int at = clamp(y + k / 3 - 1, 0, p.size - 1) * p.size + clamp(x + k % 3 - 1, 0, p.size - 1);
        vec4 v = texelFetch(arena_vec4, p.result + at);
        vec4 c = vec4(ycocg(v.rgb), v.w);
        mean += c;
        square += c * c;
        error[k] = texelFetch(arena_vec4, p.view + at).y;
        shift += error[k];
        if (k == 4)
            present = v;
    }
    mean /= 9.0;
    vec4 sigma = sqrt(max(square / 9.0 - mean * mean, vec4(0)));
    bool seen = view.z >= SEEN;
    vec4 state = vec4(view.x, seen ? 1 : 0, 0, 0), past = present, shown = present;
    if (u.fresh == 0.0) {
        float confidence = confidence_of(error, shift, ERROR_SCALE);
        vec4 before = texelFetch(arena_vec4, p.state + here);
        past = texelFetch(arena_vec4, p.history + here) * u.carry;
        float impatience = seen && confidence < WRITE ? before.z + u.haste : 0.0;
        if (impatience >= 1.0 || before.y == 0.0) {
            past = present;
        } else {
            if (seen && confidence >= WRITE)
                past = mix(past, present, max(u.alpha, 1.0 / (before.y + 1.0)));
            state = vec4(seen && confidence > TRUST ? mix(before.x, view.x, u.settle) : before.x,
                         min(before.y + 1.0, COUNT_MAX), impatience, 0);
            float reach = CLAMP_SIGMA * sigma.w + GAIN_MORE;
            vec4 allowed = vec4(clamped(past.rgb, mean.rgb, sigma.rgb),
                                clamp(past.w, mean.w - reach, mean.w + reach));
            float trust = smoothstep(LOW, HIGH, confidence) * min(view.z / SEEN, 1.0);
            shown = mix(present, allowed, trust);
        }
    }
    store(p.history + here, past);
    store(p.state + here, state);
    store(p.shown + here, shown * view.w);
}
