// How far the whole face has swayed on its atlas: what covers a face leads the network that finds
// its points astray, with all of them. The affine motion d with now(t + d) = before(t) + light, in
// map elements, by Gauss and Newton's method (Baker and Matthews 2004) on the coarse look. What
// does not fit has little weight (Cauchy's), and motion is taken to be small unless the picture
// says otherwise. Where too little fits, it is another face than the history's. The shifts of the
// patches begin with it (skin_shift.comp).
//
// One workgroup: each invocation adds up a part of the face, then each a few of the sums.
#version 460
#extension GL_GOOGLE_include_directive : require
layout(local_size_x = 8, local_size_y = 4) in;
#include "blend/skin.glsl"

const int LANES = 32, UNKNOWN = 7;
const int SUMS = UNKNOWN * (UNKNOWN + 3) / 2 + 1; // of a triangle, a column, and all weights
const int STEPS = 4;
const float SETTLED = 0.01;      // after a smaller step, elements at the face's edge, no other
const float NOISE = 2.0 / 255.0; // deviation of luma in the coarse look, models' faults included,
const float USUAL = 0.5;         // of motion at the face's edge, its elements,
const float STRANGE = 10.0 / 255.0; // and where a place has half its weight
const float MOST = 2.5;          // more is a mistake
const float ALIKE = 0.4;         // share of the weight that fits; with less it is another face,
const float LIGHT = 24.0 / 255.0; // and with more of another light

shared float part[SUMS * LANES];
shared float found[UNKNOWN]; // x, y; x by x and y; y by x and y; light
shared float moved;          // the most that the last step changed of its motion

// The motion at a place, -1..1 from edge to edge of the atlas, elements.
vec2 sway_at(vec2 q)
{
    return vec2(found[0] + found[2] * q.x + found[3] * q.y,
                found[1] + found[4] * q.x + found[5] * q.y);
}

vec3 glance(int coarse, int x, int y)
{
    int last = coarse - 1;
    return texelFetch(arena_vec4, p.glance + clamp(y, 0, last) * coarse + clamp(x, 0, last)).xyz;
}

void add_up(int coarse, int lane)
{
    float sum[SUMS], middle = 0.5 * float(coarse - 1);
    for (int k = 0; k < SUMS; k++)
        sum[k] = 0.0;
    for (int i = lane; i < coarse * coarse; i += LANES) {
        int x = i % coarse, y = i / coarse;
        vec3 here = glance(coarse, x, y);
        vec3 left = glance(coarse, x - 1, y), right = glance(coarse, x + 1, y);
        vec3 above = glance(coarse, x, y - 1), below = glance(coarse, x, y + 1);
        vec2 g = 0.5 * vec2(right.x - left.x, below.x - above.x);
        vec2 q = (vec2(x, y) - middle) / middle;
        vec2 d = sway_at(q);
        vec3 now = between(p.glance, coarse, vec2(x, y) + d).xyz;
        float e = here.x - now.y - found[6];
        float w = min(min(here.z, now.z), min(min(left.z, right.z), min(above.z, below.z)));
        sum[SUMS - 1] += w;
        w /= 1.0 + (e * e) / (STRANGE * STRANGE);
        float slope[UNKNOWN] = {g.x, g.y, g.x * q.x, g.x * q.y, g.y * q.x, g.y * q.y, 1.0};
        int k = 0;
        for (int a = 0; a < UNKNOWN; a++) {
            for (int b = 0; b <= a; b++)
                sum[k++] += w * slope[a] * slope[b];
            sum[k++] += w * slope[a] * e;
        }
    }
    for (int k = 0; k < SUMS; k++)
        part[k * LANES + lane] = sum[k];
}

// Cholesky's decomposition, a row of the triangle with its right side after the other.
void solve()
{
    float row[UNKNOWN][UNKNOWN], right[UNKNOWN];
    int k = 0;
    for (int a = 0; a < UNKNOWN; a++) {
        for (int b = 0; b <= a; b++)
            row[a][b] = part[LANES * k++];
        right[a] = part[LANES * k++];
        float prior = NOISE * NOISE * (a < UNKNOWN - 1 ? 1.0 / (USUAL * USUAL) : 1.0);
        row[a][a] += prior;
        right[a] -= prior * found[a];
        for (int b = 0; b <= a; b++) {
            float s = row[a][b];
            for (int c = 0; c < b; c++)
                s -= row[a][c] * row[b][c];
            row[a][b] = a == b ? sqrt(max(s, 1e-12)) : s / row[b][b];
        }
        for (int c = 0; c < a; c++)
            right[a] -= row[a][c] * right[c];
        right[a] /= row[a][a];
    }
    moved = 0.0;
    for (int a = UNKNOWN - 1; a >= 0; a--) {
        for (int c = a + 1; c < UNKNOWN; c++)
            right[a] -= row[c][a] * right[c];
        right[a] /= row[a][a];
        found[a] += right[a];
        moved = a < UNKNOWN - 1 ? max(moved, abs(right[a])) : moved;
    }
}

void main()
{
    int coarse = p.size / (2 * GLANCE), lane = int(gl_LocalInvocationIndex);
    if (lane < UNKNOWN)
        found[lane] = 0.0;
    barrier();
    int step = 0;
    do {
        add_up(coarse, lane);
        barrier();
        for (int k = lane; k < SUMS; k += LANES) {
            float sum = 0.0;
            for (int i = 0; i < LANES; i++)
                sum += part[k * LANES + i];
            part[k * LANES] = sum;
        }
        barrier();
        if (lane == 0)
            solve();
        barrier();
    } while (++step < STEPS && moved > SETTLED);
    float most = abs(found[0]) + abs(found[1]);
    for (int k = 2; k < UNKNOWN - 1; k++)
        most = max(most, abs(found[k]));
    // What fits is the product of light and light.
    bool alike = part[LANES * (SUMS - 3)] >= ALIKE * part[LANES * (SUMS - 1)];
    bool anew = u.fresh != 0.0 || !alike || abs(found[6]) > LIGHT;
    float scale = !anew && most <= MOST ? float(GLANCE) : 0.0;
    if (lane == 0)
        store(p.anew, vec4(anew ? 1 : 0, 0, 0, 0));
    float middle = 0.25 * float(p.size) - 0.5;
    for (int i = lane; i < p.patches * p.patches; i += LANES) {
        vec2 place = float(PATCH) * vec2(i % p.patches, i / p.patches) + float(PATCH / 2);
        vec2 d = scale * sway_at((place - middle) / middle);
        store(p.shift + i, 2.0 * vec4(d, d));
    }
}
