// The temporal blend of an effect on a face, texel by texel of its atlas: the history is never
// resampled. It takes in the present result where the picture is what it was, rests where something
// covers the face, and starts anew where it has not fitted for a while (light, make-up). A hand has
// the skin's colour: what covers the face was decided before (skin_seen.comp: the face's networks,
// and whether a place looks as it did) and has no history.
//
// An invocation makes two columns of four texels and keeps what their neighbourhoods share.
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

// Four texels of a row. For each of the two in the middle: sums of the present results around it in
// YCoCg and gain, of their squares, and its own; how surely it is seen, share of it to show.
// Of all: how far each picture is from what it was.
struct texels {
    vec4 sum[2], square[2], middle[2];
    vec2 seen[2];
    float error[4];
};

texels texels_at(int x, int y)
{
    int row = clamp(y, 0, p.size - 1) * p.size;
    texels t;
    vec4 c[4];
    [[unroll]] for (int k = 0; k < 4; k++) {
        int at = row + clamp(x + k - 1, 0, p.size - 1);
        vec4 v = texelFetch(arena_vec4, p.result + at);
        c[k] = vec4(ycocg(v.rgb), v.w);
        vec4 view = texelFetch(arena_vec4, p.view + at);
        t.error[k] = view.y;
        if (k == 1 || k == 2) {
            t.middle[k - 1] = v;
            t.seen[k - 1] = view.zw;
        }
    }
    vec4 inner = c[1] + c[2], squares = c[1] * c[1] + c[2] * c[2];
    t.sum[0] = c[0] + inner;
    t.sum[1] = inner + c[3];
    t.square[0] = c[0] * c[0] + squares;
    t.square[1] = squares + c[3] * c[3];
    return t;
}

// Column k of the two.
void resolve(int here, int k, float share, bool anew, texels above, texels row, texels below)
{
    vec4 mean = (above.sum[k] + row.sum[k] + below.sum[k]) / 9.0, present = row.middle[k];
    vec4 square = (above.square[k] + row.square[k] + below.square[k]) / 9.0;
    vec4 sigma = sqrt(max(square - mean * mean, vec4(0)));
    float error[9], shift = 0.0;
    [[unroll]] for (int i = 0; i < 3; i++) {
        error[i] = above.error[k + i];
        error[3 + i] = row.error[k + i];
        error[6 + i] = below.error[k + i];
        shift += error[i] + error[3 + i] + error[6 + i];
    }
    float surely = row.seen[k].x;
    bool seen = surely >= SURE;
    vec3 picture = texelFetch(arena_vec4, p.texture + here).rgb;
    vec4 state = vec4(picture, seen ? 1 : 0), past = present, shown = present;
    if (!anew) {
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
    store(p.shown + here, shown * (share * row.seen[k].y));
}

void main()
{
    ivec2 first = tile_of(4);
    if (first.x < 0)
        return;
    first.x += 2 * (invocation() % 4);
    texels above = texels_at(first.x, first.y - 1), row = texels_at(first.x, first.y);
    bool anew = begins_anew();
    int y = first.y, left = 4;
    do {
        texels below = texels_at(first.x, y + 1);
        float share = texelFetch(arena_float, 4 * p.share + (y >> 1) * (p.size / 2) +
                                                  (first.x >> 1)).x;
        if (share > 0.0) // else beside the face; shown stays 0
            [[unroll]] for (int k = 0; k < 2; k++)
                resolve(y * p.size + first.x + k, k, share, anew, above, row, below);
        above = row;
        row = below;
        y++;
    } while (--left > 0);
}
