/* The eye is a ball that turns about its middle, seen from far away. Its middle has a fixed place
 * against the corners of the lids; where the iris stands against it in the picture is the
 * direction in which the eye looks, counted from the line to the camera. All lengths are outer-eye
 * distances, about 90 mm; the iris has 0.131 of that, which is the 11.7 mm that irises have
 * (MediaPipe Iris). */
#include "face_gaze.h"

#include <math.h>

#include "../face_points.h"

enum { LEFT = 0, RIGHT = 1, CENTRAL_FROM = 3, CENTRAL_TO = 5, INNER_FROM = 2, INNER_TO = 6 };

static const double degrees = 57.29577951308232;

/* The mesh network moves the iris by less than it is moved in the picture: by 0.66 (sd 0.09 over
 * 40 people) across the eye, by only 0.25 (0.08) along the face. Measured with irises that were
 * moved by known angles in pictures of the Face Research Lab London Set. What is seen is
 * multiplied by about the inverse. So the pitch is a coarse figure: over people who look at the
 * camera it has a standard deviation of 6 degrees (docs/faces.md, People), while one person's
 * hardly changes over time. */
static const float gain_across = 1.42f, gain_down = 3.3f;
/* Of the ball's middle from the middle between the corners of the lids: outwards, down, so that
 * the 80 people of that set, who look at the camera, do so in the mean. */
static const float ball_out = 0.0134f, ball_down = -0.0195f;
/* And inwards, as far as the network lets it be seen: the middle of the ball lies 13 mm behind the
 * cornea, the corners of the lids 8 to 16 mm. */
static const float ball_in_across = 0.03f, ball_in_down = 0.01f;
/* From the ball's middle to the middle of the iris: 1.8 times the iris' radius. */
static const float ball_radius = 0.118f;
static const float most = 0.82f; /* sine of the largest angle: 55 degrees */

static float clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

static float ramp(float from, float to, float x)
{
    float t = clamp((x - from) / (to - from), 0, 1);
    return t * t * (3 - 2 * t);
}

static float distance(const float a[3], const float b[3])
{
    return hypotf(a[0] - b[0], a[1] - b[1]);
}

/* How much shorter a line of the head looks from the camera than it is. */
static float foreshortening(const mi_pose *pose, const float line[3])
{
    float q[3];
    for (int k = 0; k < 3; k++)
        q[k] = pose->r[k][0] * line[0] + pose->r[k][1] * line[1] + pose->r[k][2] * line[2];
    float seen = hypotf(q[0], q[1]), whole = hypotf(seen, q[2]);
    return whole > 0 ? clamp(seen / whole, 0.3f, 1) : 1;
}

/* Mean distance of the lids at places [from, to] of MI_LID. */
static float lid_gap(const mien_face *face, int eye, int from, int to)
{
    float sum = 0;
    for (int i = from; i <= to; i++)
        sum += distance(face->point[mi_upper_lid[eye][i]], face->point[mi_lower_lid[eye][i]]);
    return sum / (float)(to - from + 1);
}

static float aperture_of(const mien_face *face, const mi_shape *shape, const mi_pose *pose,
                         int eye)
{
    int first = mi_upper_lid[eye][0], last = mi_upper_lid[eye][MI_LID - 1];
    float across[3], up[3] = {0, 1, 0};
    for (int k = 0; k < 3; k++)
        across[k] = shape->point[last][k] - shape->point[first][k];
    float width = distance(face->point[first], face->point[last]) / foreshortening(pose, across);
    float height = lid_gap(face, eye, CENTRAL_FROM, CENTRAL_TO) / foreshortening(pose, up);
    return width > 0 ? clamp(height / width, 0, 1) : 0;
}

/* The direction of one eye in the frame's axes, of length 1. */
static void find_direction(const mien_face *face, const mi_pose *pose, int eye, float direction[3])
{
    int first = mi_upper_lid[eye][0], last = mi_upper_lid[eye][MI_LID - 1];
    int centre = MI_MESH_POINTS + 5 * eye;
    float out = eye == LEFT ? -ball_out : ball_out, seen[2], inwards[2];
    for (int k = 0; k < 2; k++) {
        float middle = (face->point[first][k] + face->point[last][k]) / 2;
        seen[k] = (face->point[centre][k] - middle) / pose->scale - pose->r[k][0] * out -
                  pose->r[k][1] * ball_down;
        inwards[k] = pose->r[k][2];
    }
    /* The axes of the eye in the picture: the head's, without yaw and pitch. */
    float length = hypotf(pose->r[1][0], pose->r[1][1]);
    float s = length > 0 ? pose->r[1][0] / length : 0, c = length > 0 ? pose->r[1][1] / length : 1;
    float across = c * seen[0] + s * seen[1] - ball_in_across * (c * inwards[0] + s * inwards[1]);
    float down = c * seen[1] - s * seen[0] - ball_in_down * (c * inwards[1] - s * inwards[0]);
    across *= gain_across / ball_radius;
    down *= gain_down / ball_radius;
    float sine = hypotf(across, down), shrink = sine > most ? most / sine : 1;
    direction[0] = (c * across - s * down) * shrink;
    direction[1] = (s * across + c * down) * shrink;
    direction[2] = -sqrtf(fmaxf(1 - direction[0] * direction[0] - direction[1] * direction[1], 0));
}

/* 0..1: how much of an iris the lids leave to see. */
static float uncut(const mien_face *face, const mi_pose *pose, int eye)
{
    int centre = MI_MESH_POINTS + 5 * eye;
    float radius = 0;
    for (int k = 1; k < 5; k++)
        radius += distance(face->point[centre], face->point[centre + k]) / 4;
    float least = 0.04f * pose->scale;
    float gap = lid_gap(face, eye, INNER_FROM, INNER_TO);
    return ramp(0.25f, 0.55f, gap / (2 * fmaxf(radius, least)));
}

void mi_gaze_find(mien_face *face, const mi_shape *shape, const mi_pose *pose)
{
    float sum[3] = {0}, weight[2] = {0};
    for (int eye = LEFT; eye <= RIGHT; eye++) {
        float direction[3];
        face->aperture[eye] = aperture_of(face, shape, pose, eye);
        find_direction(face, pose, eye, direction);
        float seen = face->visible[eye == LEFT ? MIEN_REGION_LEFT_EYE : MIEN_REGION_RIGHT_EYE];
        weight[eye] = ramp(0.09f, 0.17f, face->aperture[eye]) * ramp(0.2f, 0.7f, seen) *
                      uncut(face, pose, eye);
        /* Even where no eye is any good there is a direction, for want of a better one. */
        float share = weight[eye] + 1e-4f;
        for (int k = 0; k < 3; k++)
            sum[k] += share * direction[k];
    }
    face->gaze_yaw = face->gaze_pitch = face->gaze_confidence = 0;
    float length = sqrtf(sum[0] * sum[0] + sum[1] * sum[1] + sum[2] * sum[2]);
    if (!(length > 0))
        return;
    face->gaze_yaw = (float)(atan2(sum[0], -sum[2]) * degrees);
    face->gaze_pitch = (float)(asin(clamp(-sum[1] / length, -1, 1)) * degrees);
    float turned = (float)(acos(clamp(pose->r[2][2], -1, 1)) * degrees);
    float both = (weight[LEFT] + weight[RIGHT]) / 2, best = fmaxf(weight[LEFT], weight[RIGHT]);
    face->gaze_confidence = (both + best) / 2 * (1 - ramp(35, 55, turned));
}
