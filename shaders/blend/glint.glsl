// Highlights on an iris. They are mirror images, and move half as far as the iris does: so they are
// taken off before the eye is turned and put back where they belong. What is bright and narrower
// than a disc of radius REACH is one: it stands out of the morphological opening of the luma.
#ifndef GLINT_GLSL
#define GLINT_GLSL
#include "blend/gaze.glsl"

const int REACH = 4, ROUND = 17;          // pixels; ROUND: squared, a bit more
const float INSIDE = 8.5, OUTSIDE = 12.0; // pixels from the middle of the iris: all, nothing

// Where the points have the iris; the crop has slipped from there.
float off_iris(int x, int y)
{
    vec2 iris = u.eye[p.eye].iris.xy - texelFetch(arena_vec4, p.memory + 2).xy;
    return distance(vec2(x, y) + 0.5, iris);
}

int place_of(int picture, int x, int y)
{
    return p.glint + (picture * p.h + clamp(y, 0, p.h - 1)) * p.w + clamp(x, 0, p.w - 1);
}
#endif
