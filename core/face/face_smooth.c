/* Two filters, both of which ask of every frame: is this noise, or did something move?
 *
 * The head. Seven numbers (turn, shift, log scale), each followed by a Kalman filter that expects
 * steady motion. If the measurement surprises it by more than noise explains, its estimate is
 * declared that much less sure, so that it takes over the measurement at once (strong tracking:
 * D. H. Zhou, P. M. Frank, "Strong tracking filtering of nonlinear time-varying stochastic
 * systems", 1996) and grows sure again over the next frames.
 *
 * The face. Each point in head coordinates is a mean over its past, with a gain that a group of
 * points has in common (an eye, the mouth ...): the change that all of them show together stands
 * out of the noise long before that of a single one. A group that moves is followed at once;
 * afterwards its gain falls as 1, 1/2, 1/3 ... , which is the mean since the motion.
 *
 * A point that something covers is guessed, and with it the depth of all: a hand before the mouth
 * tilts the whole face. The pose is then that of the points that are bare, as they lie on this head
 * and in the picture alone, believed less the fewer they are, and covered points stay on the head,
 * as those beside them nearly do. They are let go slowly, should it be wrong that they are covered.
 *
 * How strong the noise is, is measured on the way: a second difference knows no steady motion.
 * All lengths are outer-eye distances (pose.scale). */
#include "face_smooth.h"

#include <math.h>
#include <string.h>

typedef enum group {
    GROUP_REST, /* forehead, nose, temples, cheeks: hardly moves against the head */
    GROUP_EDGE, /* the face's outline and the chin: the least certain points */
    GROUP_MOUTH,
    GROUP_LEFT_EYE,
    GROUP_RIGHT_EYE,
    GROUP_LEFT_BROW,
    GROUP_RIGHT_BROW,
    GROUP_LEFT_IRIS,
    GROUP_RIGHT_IRIS,
    GROUPS
} group;
_Static_assert((int)GROUPS == (int)MI_SMOOTH_GROUPS, "the header's array holds every group");

enum { TURN = 0, SHIFT = 3, SCALE = 6, SETTLE = 12 };
enum { ROUNDS = 3 }; /* of a pose from some of the points */

/* Measured on still faces of known noise: standard deviations over that of a point. */
static const double axis_noise[MI_SMOOTH_AXES] = {2.3, 2.1, 0.9, 0.6, 0.6, 1.0, 0.9};
static const float group_noise[GROUPS] = {0.7f, 1.3f, 1.4f, 0.9f, 0.9f, 1.1f, 1.1f, 1.0f, 1.0f};
/* From how many times its expected square on a group's surprise is motion. Neighbouring points
 * have much of their noise in common, so that white noise exceeds 2.6 (many points) to 5 (an iris)
 * in one frame of a hundred. Eyes and irises are allowed little more; where nothing quick is to be
 * expected, the network's errors under motion and compression are kept out as well. */
static const float group_limit[GROUPS] = {9.0f, 8.0f, 5.0f, 3.5f, 3.5f, 7.0f, 7.0f, 6.0f, 6.0f};
static const float point_limit = 4.0f; /* of a point alone, over that of its group */

static const double axis_time = 1.0;         /* seconds a head at rest is averaged over */
static const double axis_limit = 16.0;       /* squared surprise over its variance: motion */
static const double axis_drift_limit = 14.0; /* the same of the mean surprise */
static const double drift_share = 0.4;       /* of the latest surprise in the mean surprise */
static const double point_time = 0.5;        /* seconds a point at rest is averaged over */
static const float noise_start = 0.0015f, noise_min = 0.0004f, noise_max = 0.01f;
static const double noise_rate = 1.0;     /* 1/s: of the logarithm */
static const float noise_spread = 2.0f;   /* at most, of a group against the others */
static const float count_least = 4; /* coordinates of a group; with less it tells nothing */
static const float noise_moving = 4.0f;   /* excess from which on a group tells nothing of noise */
/* How bare a point is, over what it usually is, below / above which it is not / wholly believed. */
static const float bare_low = 0.7f, bare_high = 0.98f, usual_least = 0.05f;
static const float bare_least = 0.1f; /* share of the rigid points' weight; with less, all are */
static const float calm_low = 0.55f, calm_high = 0.95f; /* the same for points beside such */
/* Share of bare points below which those are doubted, and by how many times their noise that grows
 * until none is left. Measured where hands pass faces in known motion (tests/eval). */
static const double doubt_share = 0.8, doubt = 15;
/* Below that share the pose leaps when what covers the face comes and goes, and such a leap is no
 * speed: by how many times less it counts as such. Measured in the same way. */
static const double leap_share = 0.65, leap_doubt = 30;
static const float stray = 0.02f; /* outer-eye distances off: such a point has half its weight */
static const double covered_time = 3.0; /* seconds: covers become usual, their points are let go */
static const float farthest = 1e7f;        /* pixels; squares of more do not fit */
/* Points of the skin: seconds they are averaged over, and how far they may lie from the steady
 * ones, outer-eye distances: as far as shaders/blend/skin_shift.comp is sure to find the way. */
static const double skin_time = 0.5;
static const float skin_leash = 0.02f;
static const double longest_gap = 0.5;    /* seconds; beyond, nothing is known any more */

void mi_smooth_reset(mi_smooth *smooth)
{
    smooth->started = false;
}

/* ---- start ---- */

static bool within(const float p[3], float x, float y, float reach_x, float reach_y)
{
    float u = (p[0] - x) / reach_x, v = (p[1] - y) / reach_y;
    return u * u + v * v < 1;
}

static group group_of(const float p[3])
{
    bool left = p[0] < 0;
    float side = left ? -1.0f : 1.0f;
    if (within(p, 0.35f * side, 0.0f, 0.21f, 0.12f))
        return left ? GROUP_LEFT_EYE : GROUP_RIGHT_EYE;
    if (within(p, 0.33f * side, -0.27f, 0.33f, 0.14f))
        return left ? GROUP_LEFT_BROW : GROUP_RIGHT_BROW;
    if (within(p, 0.0f, 0.74f, 0.38f, 0.22f))
        return GROUP_MOUTH;
    bool outer = p[0] * side > 0.66f || p[1] < -0.52f || p[1] > 0.5f;
    return outer ? GROUP_EDGE : GROUP_REST;
}

static void find_groups(mi_smooth *smooth, const mi_shape *shape)
{
    double sum[4] = {0};
    for (int i = 0; i < MI_MESH_POINTS; i++) {
        smooth->group[i] = (uint8_t)group_of(shape->point[i]);
        for (int k = 0; k < 3; k++)
            sum[k] += shape->weight[i] * shape->point[i][k];
        sum[3] += shape->weight[i];
    }
    for (int i = MI_MESH_POINTS; i < MI_POINTS; i++)
        smooth->group[i] = i < MI_MESH_POINTS + 5 ? GROUP_LEFT_IRIS : GROUP_RIGHT_IRIS;
    for (int k = 0; k < 3; k++)
        smooth->middle[k] = sum[3] > 0 ? (float)(sum[k] / sum[3]) : 0;
}

static double variance_of_axis(const mi_smooth *smooth, int axis)
{
    double sigma = axis_noise[axis] * smooth->noise;
    return sigma * sigma;
}

static void to_head(float out[3], const mi_pose *pose, const float p[3])
{
    float q[3] = {p[0] - pose->t[0], p[1] - pose->t[1], p[2] - pose->t[2]};
    for (int k = 0; k < 3; k++)
        out[k] = (pose->r[0][k] * q[0] + pose->r[1][k] * q[1] + pose->r[2][k] * q[2]) /
                 pose->scale;
}

static void to_frame(float out[3], const mi_pose *pose, const float p[3])
{
    float q[3];
    for (int k = 0; k < 3; k++)
        q[k] = pose->t[k] + pose->scale * (pose->r[k][0] * p[0] + pose->r[k][1] * p[1] +
                                           pose->r[k][2] * p[2]);
    memcpy(out, q, sizeof q);
}

static void start(mi_smooth *smooth, const mi_shape *shape, const mi_pose *pose,
                  const float raw[MI_POINTS][3])
{
    memset(smooth, 0, sizeof *smooth);
    smooth->started = true;
    smooth->pose = *pose;
    smooth->noise = noise_start;
    memcpy(smooth->own_noise, group_noise, sizeof group_noise);
    find_groups(smooth, shape);
    for (int a = 0; a < MI_SMOOTH_AXES; a++) {
        smooth->axis[a].p[0] = variance_of_axis(smooth, a);
        smooth->axis[a].p[2] = 1; /* one outer-eye distance, or radian, a second */
    }
    for (int g = 0; g < GROUPS; g++)
        smooth->gain[g] = 1;
    for (int i = 0; i < MI_POINTS; i++) {
        to_head(smooth->point[i], pose, raw[i]);
        memcpy(smooth->skin[i], smooth->point[i], sizeof smooth->skin[i]);
        for (int k = 0; k < 2; k++)
            smooth->last[0][i][k] = smooth->last[1][i][k] = smooth->point[i][k];
    }
}

/* ---- the head ---- */

/* Rotation vector to matrix and back (Rodrigues). */
static void matrix_of_turn(const double v[3], double r[3][3])
{
    double angle = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    double s = angle > 1e-9 ? sin(angle) / angle : 1;
    double c = angle > 1e-9 ? (1 - cos(angle)) / (angle * angle) : 0.5;
    double k[3][3] = {{0, -v[2], v[1]}, {v[2], 0, -v[0]}, {-v[1], v[0], 0}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double kk = k[i][0] * k[0][j] + k[i][1] * k[1][j] + k[i][2] * k[2][j];
            r[i][j] = (i == j) + s * k[i][j] + c * kk;
        }
}

/* The turn between two poses as a vector in the frame's axes. */
static void turn_between(const mi_pose *to, const mi_pose *from, double v[3])
{
    double r[3][3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            r[i][j] = (double)to->r[i][0] * from->r[j][0] +
                      (double)to->r[i][1] * from->r[j][1] +
                      (double)to->r[i][2] * from->r[j][2];
    double axis[3] = {r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1]};
    double twice_sin = sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
    double angle = atan2(twice_sin, r[0][0] + r[1][1] + r[2][2] - 1);
    /* Near half a turn the axis is lost in rounding; such a leap is no motion anyway. */
    double factor = twice_sin > 1e-6 ? angle / twice_sin : 0.5;
    for (int k = 0; k < 3; k++)
        v[k] = axis[k] * factor;
}

/* Applies a turn from the left and makes the rows orthonormal again. */
static void apply_turn(float r[3][3], const double v[3])
{
    double m[3][3], out[3][3];
    matrix_of_turn(v, m);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            out[i][j] = m[i][0] * r[0][j] + m[i][1] * r[1][j] + m[i][2] * r[2][j];
    for (int i = 0; i < 2; i++) {
        double dot = i ? out[0][0] * out[1][0] + out[0][1] * out[1][1] + out[0][2] * out[1][2] : 0;
        for (int k = 0; k < 3; k++)
            out[i][k] -= i ? dot * out[0][k] : 0;
        double length = sqrt(out[i][0] * out[i][0] + out[i][1] * out[i][1] +
                             out[i][2] * out[i][2]);
        for (int k = 0; k < 3; k++)
            out[i][k] /= length;
    }
    for (int k = 0; k < 3; k++)
        out[2][k] = out[0][(k + 1) % 3] * out[1][(k + 2) % 3] -
                    out[0][(k + 2) % 3] * out[1][(k + 1) % 3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            r[i][j] = (float)out[i][j];
}

static void predict_axis(mi_smooth_axis *axis, double variance, double dt)
{
    /* White noise of the acceleration, so that the time constant comes out. */
    double q = variance / (axis_time * axis_time * axis_time);
    axis->p[0] += dt * (2 * axis->p[1] + dt * axis->p[2]) + q * dt * dt * dt / 3;
    axis->p[1] += dt * axis->p[2] + q * dt * dt / 2;
    axis->p[2] += q * dt;
}

/* Takes in a surprise (measured minus expected), of the speed `steady` times less; returns by how
 * much the value changes. */
static double correct_axis(mi_smooth_axis *axis, double surprise, double variance, double steady)
{
    double expected = axis->p[0] + variance;
    axis->drift += drift_share * (surprise - axis->drift);
    double now = surprise * surprise / (axis_limit * expected);
    double mean = axis->drift * axis->drift /
                  (axis_drift_limit * expected * drift_share / (2 - drift_share));
    double excess = now > mean ? now : mean;
    if (excess > 1) { /* it moved otherwise than thought: be as unsure as that says */
        double factor = (expected * excess - variance) / axis->p[0];
        for (int k = 0; k < 3; k++)
            axis->p[k] *= factor;
        expected = axis->p[0] + variance;
    }
    double gain = axis->p[0] / expected, gain_speed = axis->p[1] / expected;
    axis->speed += gain_speed * surprise / steady;
    axis->drift *= 1 - gain;
    axis->p[2] -= gain_speed * axis->p[1];
    axis->p[1] *= 1 - gain;
    axis->p[0] *= 1 - gain;
    return gain * surprise;
}

static void middle_of_head(const mi_smooth *smooth, const mi_pose *pose, double middle[3])
{
    float p[3];
    to_frame(p, pose, smooth->middle);
    for (int k = 0; k < 3; k++)
        middle[k] = p[k];
}

static void move_head(mi_smooth *smooth, const double change[MI_SMOOTH_AXES])
{
    mi_pose *pose = &smooth->pose;
    double middle[3];
    middle_of_head(smooth, pose, middle);
    for (int k = 0; k < 3; k++)
        middle[k] += change[SHIFT + k] * pose->scale;
    apply_turn(pose->r, change + TURN);
    pose->scale *= (float)exp(change[SCALE]);
    for (int k = 0; k < 3; k++)
        pose->t[k] = (float)(middle[k] - pose->scale * (pose->r[k][0] * smooth->middle[0] +
                                                        pose->r[k][1] * smooth->middle[1] +
                                                        pose->r[k][2] * smooth->middle[2]));
}

/* The variance of an axis over that of a bare face, where `share` of the rigid points is bare: what
 * covers the others leads these astray as well, by more than their own noise. */
static double doubt_of(float share)
{
    double sigma = 1 + doubt * fmax(doubt_share - share, 0);
    return sigma * sigma;
}

static void steady_head(mi_smooth *smooth, const mi_pose *seen, float share, double dt)
{
    double change[MI_SMOOTH_AXES], from[3], to[3], more = doubt_of(share);
    double steady = 1 + leap_doubt * fmax(leap_share - share, 0);
    for (int a = 0; a < MI_SMOOTH_AXES; a++) {
        predict_axis(&smooth->axis[a], variance_of_axis(smooth, a), dt);
        change[a] = smooth->axis[a].speed * dt;
    }
    move_head(smooth, change);
    turn_between(seen, &smooth->pose, change + TURN);
    middle_of_head(smooth, &smooth->pose, from);
    middle_of_head(smooth, seen, to);
    for (int k = 0; k < 3; k++)
        change[SHIFT + k] = (to[k] - from[k]) / smooth->pose.scale;
    change[SCALE] = log(seen->scale / smooth->pose.scale);
    for (int a = 0; a < MI_SMOOTH_AXES; a++)
        change[a] = correct_axis(&smooth->axis[a], change[a], more * variance_of_axis(smooth, a),
                                 steady);
    move_head(smooth, change);
    smooth->pose.misfit = seen->misfit;
}

/* ---- the face ---- */

/* How far each point is believed, 0..1: beards and fringes are covers of a kind, but usual ones.
 * `share`: of the rigid points' weight that is. False where all of it is, or too little for a
 * pose. */
static bool find_trust(mi_smooth *smooth, float trust[MI_POINTS], float *share,
                       const mi_shape *shape, const float *bare, double dt)
{
    float all = 0, left = 0, slow = (float)(1 - exp(-dt / covered_time));
    bool covered = false;
    for (int i = 0; i < MI_POINTS; i++) {
        float now = bare ? bare[i] : 1, *usual = &smooth->usual[i];
        *usual += (now > *usual ? 1 : slow) * (now - *usual);
        float t = (now / fmaxf(*usual, usual_least) - bare_low) / (bare_high - bare_low);
        trust[i] = t > 0 ? fminf(t, 1) : 0;
        covered = covered || trust[i] < 1;
        all += i < MI_MESH_POINTS ? shape->weight[i] : 0;
        left += i < MI_MESH_POINTS ? shape->weight[i] * trust[i] : 0;
    }
    *share = left / all;
    for (int i = 0; i < MI_POINTS && left < bare_least * all; i++)
        trust[i] = 1;
    return covered && left >= bare_least * all;
}

/* What passes the face leads astray the points beside it as well: then hardly any is believed but
 * those of the eyes, which blink. */
static void calm_down(const mi_smooth *smooth, float trust[MI_POINTS], float share)
{
    float calm = fminf(fmaxf((share - calm_low) / (calm_high - calm_low), 0), 1);
    for (int i = 0; i < MI_POINTS; i++) {
        int g = smooth->group[i];
        bool eye = g == GROUP_LEFT_EYE || g == GROUP_RIGHT_EYE || g >= GROUP_LEFT_IRIS;
        trust[i] *= eye ? 1 : calm;
    }
}

/* Gives the points the depths that the head has in that pose. */
static void flatten(const mi_smooth *smooth, const mi_pose *pose, float raw[MI_POINTS][3])
{
    for (int i = 0; i < MI_POINTS; i++) {
        float p[3];
        to_frame(p, pose, smooth->point[i]);
        raw[i][2] = p[2];
    }
}

/* The weight of a point that lies there: those near what covers the face are led astray by it
 * (Cauchy's weights). */
static float weight_of(const mi_smooth *smooth, const mi_pose *pose, const float raw[3], int i)
{
    float p[3];
    to_frame(p, pose, smooth->point[i]);
    float x = (raw[0] - p[0]) / pose->scale, y = (raw[1] - p[1]) / pose->scale;
    return 1 / (1 + (x * x + y * y) / (stray * stray));
}

/* The pose of the points that are bare; all of them get the depths that go with it. Starts from the
 * last pose, so that what the picture leaves open stays. */
static void fit_bare(const mi_smooth *smooth, const mi_shape *shape, const float trust[MI_POINTS],
                     float raw[MI_POINTS][3], mi_pose *pose)
{
    float weight[MI_MESH_POINTS], misfit = pose->misfit;
    *pose = smooth->pose;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < MI_MESH_POINTS; i++)
            weight[i] = shape->weight[i] * trust[i] * weight_of(smooth, pose, raw[i], i);
        flatten(smooth, pose, raw);
        mi_pose_fit_points(pose, (const float(*)[3])smooth->point, weight,
                           (const float(*)[3])raw);
    }
    flatten(smooth, pose, raw);
    pose->misfit = misfit;
}

typedef struct group_sums {
    float surprise[GROUPS], drift[GROUPS], bend[GROUPS], count[GROUPS];
} group_sums;

static void take_sums(const mi_smooth *smooth, float seen[MI_POINTS][3],
                      const float trust[MI_POINTS], group_sums *sums)
{
    memset(sums, 0, sizeof *sums);
    for (int i = 0; i < MI_POINTS; i++) {
        int g = smooth->group[i];
        for (int k = 0; k < 2; k++) {
            float e = seen[i][k] - smooth->point[i][k];
            float d = smooth->drift[i][k] + (float)drift_share * (e - smooth->drift[i][k]);
            float b = seen[i][k] - 2 * smooth->last[0][i][k] + smooth->last[1][i][k];
            sums->surprise[g] += trust[i] * e * e;
            sums->drift[g] += trust[i] * d * d;
            sums->bend[g] += trust[i] * b * b;
            sums->count[g] += trust[i];
        }
    }
}

/* By what factor to change an estimate of noise so that it becomes the median of what is seen. */
static float nudge(bool more, double step)
{
    return (float)exp(more ? step : -step);
}

/* The noise is followed by its median over time and over the groups, which a blink or a talking
 * mouth does not lift; and that of a group against the others while it is at rest. */
static void learn_noise(mi_smooth *smooth, const group_sums *sums, double dt)
{
    float level[GROUPS];
    double step = noise_rate * dt;
    if (smooth->frames < SETTLE) { /* the guess at the start may be far off */
        smooth->frames++;
        step = 4 * step + 0.1;
    }
    float face = smooth->noise * smooth->noise;
    for (int g = 0; g < GROUPS; g++) {
        /* Of a second difference: 1 + 4 + 1 times the variance. */
        bool bare = sums->count[g] >= count_least;
        float *own = &smooth->own_noise[g];
        float value = bare ? sums->bend[g] / (6 * sums->count[g] * *own * *own) : face;
        if (bare && smooth->excess[g] < noise_moving)
            *own *= nudge(value > face, step / 2);
        *own = fminf(fmaxf(*own, group_noise[g] / noise_spread), group_noise[g] * noise_spread);
        int k = g;
        for (; k > 0 && level[k - 1] > value; k--)
            level[k] = level[k - 1];
        level[k] = value;
    }
    smooth->noise *= nudge(level[GROUPS / 2] > face, step);
    smooth->noise = fminf(fmaxf(smooth->noise, noise_min), noise_max);
}

static void open_groups(mi_smooth *smooth, const group_sums *sums, double dt)
{
    float slowest = (float)(1 - exp(-dt / point_time));
    for (int g = 0; g < GROUPS; g++) {
        float sigma = smooth->noise * smooth->own_noise[g];
        float expected = fmaxf(sums->count[g], count_least) * sigma * sigma;
        float now = sums->surprise[g] / expected;
        float mean = sums->drift[g] / (expected * (float)(drift_share / (2 - drift_share)));
        float excess = sums->count[g] >= count_least ? fmaxf(now, mean) / group_limit[g] : 0;
        float gain = smooth->gain[g] / (1 + smooth->gain[g]);
        if (excess > 1)
            gain = 1 - (1 - gain) / excess;
        smooth->excess[g] = excess;
        smooth->gain[g] = fmaxf(gain, slowest);
    }
}

static void steady_face(mi_smooth *smooth, float seen[MI_POINTS][3], const float trust[MI_POINTS],
                        double dt)
{
    float slow = (float)(1 - exp(-dt / covered_time));
    for (int i = 0; i < MI_POINTS; i++) {
        int g = smooth->group[i];
        float sigma = smooth->noise * smooth->own_noise[g], gain = smooth->gain[g], square = 0;
        for (int k = 0; k < 2; k++) {
            float e = seen[i][k] - smooth->point[i][k];
            square += e * e;
        }
        float excess = square / (2 * sigma * sigma * point_limit * group_limit[g]);
        if (excess > 1)
            gain = fmaxf(gain, 1 - (1 - gain) / excess);
        gain = trust[i] * gain + (1 - trust[i]) * fminf(gain, slow);
        for (int k = 0; k < 3; k++) {
            float e = seen[i][k] - smooth->point[i][k];
            smooth->point[i][k] += gain * e;
            if (k == 2)
                continue;
            smooth->drift[i][k] += (float)drift_share * (e - smooth->drift[i][k]);
            smooth->drift[i][k] *= 1 - gain;
            smooth->last[1][i][k] = smooth->last[0][i][k];
            smooth->last[0][i][k] = seen[i][k];
        }
    }
}

static void steady_skin(mi_smooth *smooth, double dt)
{
    float keep = (float)exp(-dt / skin_time);
    for (int i = 0; i < MI_POINTS; i++) {
        float *skin = smooth->skin[i], *point = smooth->point[i];
        float x = keep * (skin[0] - point[0]), y = keep * (skin[1] - point[1]);
        float share = keep * fminf(1, skin_leash / fmaxf(sqrtf(x * x + y * y), skin_leash));
        for (int k = 0; k < 3; k++)
            skin[k] = point[k] + share * (skin[k] - point[k]);
    }
}

/* ---- together ---- */

static bool is_usable(const float raw[MI_POINTS][3])
{
    for (int i = 0; i < MI_POINTS; i++)
        for (int k = 0; k < 3; k++)
            if (!(fabsf(raw[i][k]) < farthest)) /* not a number fails too */
                return false;
    return true;
}

static void give(const mi_smooth *smooth, float steady[MI_POINTS][3], mi_pose *pose)
{
    for (int i = 0; i < MI_POINTS; i++)
        to_frame(steady[i], &smooth->pose, smooth->point[i]);
    *pose = smooth->pose;
}

void mi_smooth_step(mi_smooth *smooth, const mi_shape *shape, const float raw[MI_POINTS][3],
                    const float *bare, double dt, float steady[MI_POINTS][3], mi_pose *pose)
{
    if (!is_usable(raw)) {
        if (smooth->started) {
            give(smooth, steady, pose);
        } else {
            memset(steady, 0, sizeof *steady * MI_POINTS);
            mi_pose_fit(pose, shape, (const float(*)[3])steady);
        }
        return;
    }
    mi_pose seen_pose;
    mi_pose_fit(&seen_pose, shape, raw);
    if (!smooth->started || !(dt > 0 && dt <= longest_gap)) {
        start(smooth, shape, &seen_pose, raw);
        memmove(steady, raw, sizeof *steady * MI_POINTS);
        *pose = seen_pose;
        return;
    }
    float seen[MI_POINTS][3], trust[MI_POINTS], share;
    memcpy(seen, raw, sizeof seen);
    if (find_trust(smooth, trust, &share, shape, bare, dt))
        fit_bare(smooth, shape, trust, seen, &seen_pose);
    calm_down(smooth, trust, share);
    for (int i = 0; i < MI_POINTS; i++) {
        float p[3] = {seen[i][0], seen[i][1], seen[i][2]};
        to_head(seen[i], &seen_pose, p);
    }
    group_sums sums;
    take_sums(smooth, seen, trust, &sums);
    learn_noise(smooth, &sums, dt);
    steady_head(smooth, &seen_pose, share, dt);
    open_groups(smooth, &sums, dt);
    steady_face(smooth, seen, trust, dt);
    steady_skin(smooth, dt);
    give(smooth, steady, pose);
}

void mi_smooth_skin(const mi_smooth *smooth, float point[MI_POINTS][3])
{
    for (int i = 0; i < MI_POINTS; i++)
        to_frame(point[i], &smooth->pose, smooth->skin[i]);
}
