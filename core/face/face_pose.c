#include "face_smooth.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SWEEPS = 12 }; /* of Jacobi's method: a 4x4 matrix needs four or five */
static const double degrees = 57.29577951308232;

/* Eigenvector of the largest eigenvalue of a symmetric matrix, by Jacobi's method. False where it
 * is not alone: two eigenvalues share the first place. */
static bool largest_eigenvector(double a[4][4], double vector[4])
{
    double v[4][4] = {{1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}};
    for (int sweep = 0; sweep < SWEEPS; sweep++)
        for (int p = 0; p < 3; p++)
            for (int q = p + 1; q < 4; q++) {
                if (fabs(a[p][q]) < DBL_MIN)
                    continue;
                double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
                double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
                double c = 1 / sqrt(t * t + 1), s = t * c;
                for (int k = 0; k < 4; k++) {
                    double x = a[k][p], y = a[k][q];
                    a[k][p] = c * x - s * y;
                    a[k][q] = s * x + c * y;
                }
                for (int k = 0; k < 4; k++) {
                    double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x - s * y;
                    a[q][k] = s * x + c * y;
                    x = v[k][p];
                    y = v[k][q];
                    v[k][p] = c * x - s * y;
                    v[k][q] = s * x + c * y;
                }
            }
    int best = 0;
    double sum = 0, second = -DBL_MAX;
    for (int k = 1; k < 4; k++)
        best = a[k][k] > a[best][best] ? k : best;
    for (int k = 0; k < 4; k++) {
        vector[k] = v[k][best];
        sum += fabs(a[k][k]);
        if (k != best && a[k][k] > second)
            second = a[k][k];
    }
    return a[best][best] - second > 1e-9 * sum;
}

static void rotation_of_quaternion(const double q[4], float r[3][3])
{
    double w = q[0], x = q[1], y = q[2], z = q[3];
    r[0][0] = (float)(w * w + x * x - y * y - z * z);
    r[0][1] = (float)(2 * (x * y - w * z));
    r[0][2] = (float)(2 * (x * z + w * y));
    r[1][0] = (float)(2 * (x * y + w * z));
    r[1][1] = (float)(w * w - x * x + y * y - z * z);
    r[1][2] = (float)(2 * (y * z - w * x));
    r[2][0] = (float)(2 * (x * z - w * y));
    r[2][1] = (float)(2 * (y * z + w * x));
    r[2][2] = (float)(w * w - x * x - y * y + z * z);
}

typedef struct moments {
    double weight, from[3], to[3]; /* middles */
    double spread_from, spread_to; /* mean squared distances from them */
    double cross[3][3];            /* [from axis][to axis], mean products */
} moments;

static void take_moments(moments *m, const float from[MI_MESH_POINTS][3],
                         const float weight[MI_MESH_POINTS], const float point[MI_POINTS][3])
{
    *m = (moments){0};
    for (int i = 0; i < MI_MESH_POINTS; i++) {
        double w = weight[i];
        m->weight += w;
        for (int k = 0; k < 3; k++) {
            m->from[k] += w * from[i][k];
            m->to[k] += w * point[i][k];
        }
    }
    double each = m->weight > 0 ? 1 / m->weight : 0;
    for (int k = 0; k < 3; k++) {
        m->from[k] *= each;
        m->to[k] *= each;
    }
    for (int i = 0; i < MI_MESH_POINTS; i++) {
        double w = weight[i] * each, a[3], b[3];
        for (int k = 0; k < 3; k++) {
            a[k] = from[i][k] - m->from[k];
            b[k] = point[i][k] - m->to[k];
        }
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                m->cross[j][k] += w * a[j] * b[k];
        m->spread_from += w * (a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
        m->spread_to += w * (b[0] * b[0] + b[1] * b[1] + b[2] * b[2]);
    }
}

/* B. K. P. Horn, "Closed-form solution of absolute orientation using unit quaternions", 1987. */
static bool find_rotation(const moments *m, float r[3][3])
{
    const double(*s)[3] = m->cross;
    double n[4][4] = {
        {s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]},
        {0, s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]},
        {0, 0, -s[0][0] + s[1][1] - s[2][2], s[1][2] + s[2][1]},
        {0, 0, 0, -s[0][0] - s[1][1] + s[2][2]},
    };
    for (int i = 1; i < 4; i++)
        for (int k = 0; k < i; k++)
            n[i][k] = n[k][i];
    double q[4];
    if (!largest_eigenvector(n, q))
        return false;
    rotation_of_quaternion(q, r);
    return true;
}

static void set_identity(mi_pose *pose)
{
    *pose = (mi_pose){.r = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, .scale = 1, .misfit = 1};
}

void mi_pose_fit(mi_pose *pose, const mi_shape *shape, const float point[MI_POINTS][3])
{
    mi_pose_fit_points(pose, shape->point, shape->weight, point);
}

void mi_pose_fit_points(mi_pose *pose, const float from[MI_MESH_POINTS][3],
                        const float weight[MI_MESH_POINTS], const float point[MI_POINTS][3])
{
    set_identity(pose);
    moments m;
    take_moments(&m, from, weight, point);
    /* Written so that NaN fails; a face of a thousandth of a pixel is none. */
    if (!(m.spread_from > 1e-6 && m.spread_to > 1e-6 && m.spread_to < 1e12))
        return;
    float r[3][3];
    if (!find_rotation(&m, r))
        return;
    double along = 0; /* of the turned shape along the points: trace(R cross) */
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 3; k++)
            along += r[k][j] * m.cross[j][k];
    double scale = along / m.spread_from;
    if (!(scale > 1e-3))
        return;
    memcpy(pose->r, r, sizeof r);
    pose->scale = (float)scale;
    for (int k = 0; k < 3; k++)
        pose->t[k] = (float)(m.to[k] - scale * (r[k][0] * m.from[0] + r[k][1] * m.from[1] +
                                                r[k][2] * m.from[2]));
    double left = m.spread_to - scale * along; /* of the squared distances, by the best scale */
    pose->misfit = (float)(sqrt(left > 0 ? left : 0) / scale);
}

/* The rotation is roll first, then pitch, then yaw, so that yaw and pitch say where the nose
 * points as the camera sees it, whatever the roll. */
void mi_pose_angles(const mi_pose *pose, float *yaw, float *pitch, float *roll)
{
    const float(*r)[3] = pose->r;
    double up = r[1][2] > 1 ? 1 : r[1][2] < -1 ? -1 : r[1][2];
    *pitch = (float)(asin(up) * degrees);
    *yaw = (float)(atan2(-r[0][2], r[2][2]) * degrees);
    *roll = (float)(atan2(r[1][0], r[1][1]) * degrees);
}
