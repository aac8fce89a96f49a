// The temporal blend of an effect on a face, texel by texel of its atlas: the history is never
// resampled. It takes in the present result where the picture is what it was, rests where something
// covers the face, and starts anew where it has not fitted for a while (light, make-up). A hand has
// the skin's colour: what covers the face was decided before (skin_seen.comp: the face's networks,
// and whether a place looks as it did) and has no history.
//
// An invocation makes four texels below one another and keeps what their neighbourhoods share.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"
#include "blend/history.glsl"

const float WRITE = 0.25;  // confidence below which the history is left alone
const float TRUST = 0.5;   // and above which the picture is taken as that of the skin
const float SURE = 0.5;    // a texel turned away or covered further says nothing
const float COUNT_MAX = 64.0;
const float GAIN_MORE = 0.01; // of the clamp of gains, as CLAMP_MORE

// Three texels of a row: sums of the present results in YCoCg and gain, and of their squares; how
// far each picture is from what it was; the middle one's result.
struct texels {
    vec4 sum, square, middle;
    vec3 error;
};

texels texels_at(int x, int y)
{
    int row = clamp(y, 0, p.size - 1) * p.size;
    texels t = texels(vec4(0), vec4(0), vec4(0), vec3(0));
    [[unroll]] for (int k = 0; k < 3; k++) {
        int at = row + clamp(x + k - 1, 0, p.size - 1);
        vec4 v = texelFetch(arena_vec4, p.result + at);
        vec4 c = vec4(ycocg(v.rgb), v.w);
        t.sum += c;
        t.square += c * c;
        t.error[k] = texelFetch(arena_vec4, p.view + at).y;
        if (k == 1)
            t.middle = v;
    }
    return t;
}

void resolve(int here, float share, texels above, texels row, texels below)
{
    vec4 mean = (above.sum + row.sum + below.sum) / 9.0, present = row.middle;
    vec4 square = (above.square + row.square + below.square) / 9.0;
    vec4 sigma = sqrt(max(square - mean * mean, vec4(0)));
    float error[9] = {above.error.x, above.error.y, above.error.z, row.error.x, row.error.y,
                      row.error.z, below.error.x, below.error.y, below.error.z};
    float shift = dot(above.error + row.error + below.error, vec3(1));
    float surely = texelFetch(arena_vec4, p.view + here).z;
    bool seen = surely >= SURE;
    vec3 picture = texelFetch(arena_vec4, p.texture + here).rgb;
    vec4 state = vec4(picture, seen ? 1 : 0), past = present, shown = present;
    if (!begins_anew()) {
        float confidence = confidence_of(error, shift, ERROR_SCALE);
        vec4 before = texelFetch(arena_vec4, p.state + here);
        past = texelFetch(arena_vec4, p.history + here) * u.carry;
        float frames = floor(before.w);
        float impatience = seen && confidence < WRITE ? before.w - frames + u.haste : 0.0;
        if (impatience >= 1.0 || frames == 0.0) {
            past = present;
        } else {
            if (seen && confidence >= WRITE)
                past = mix(past, present, max(u.alpha, 1.0 / (frames + 1.0)));
            state = vec4(mix(before.rgb, picture, seen && confidence > TRUST ? u.settle : 0.0),
                         min(frames + 1.0, COUNT_MAX) + impatience);
            float reach = CLAMP_SIGMA * sigma.w + GAIN_MORE;
            vec4 allowed = vec4(clamped(past.rgb, mean.rgb, sigma.rgb),
                                clamp(past.w, mean.w - reach, mean.w + reach));
            float trust = smoothstep(LOW, HIGH, confidence) * min(surely / SURE, 1.0);
            shown = mix(present, allowed, trust);
        }
    }
    store(p.history + here, past);
    store(p.state + here, state);
    store(p.shown + here, shown * share);
}

void main()
{
    ivec2 first = column_of_tile();
    if (first.x < 0)
        return;
    texels above = texels_at(first.x, first.y - 1), row = texels_at(first.x, first.y);
    int y = first.y, left = 4;
    do {
        texels below = texels_at(first.x, y + 1);
        float share = texelFetch(arena_float, 4 * p.share + (y >> 1) * (p.size / 2) +
                                                  (first.x >> 1)).x;
        if (share > 0.0) // else beside the face; shown stays 0
            resolve(y * p.size + first.x, share, above, row, below);
        above = row;
        row = below;
        y++;
    } while (--left > 0);
}
