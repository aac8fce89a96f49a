#include "posed_face.h"

#include <math.h>
#include <string.h>

#include "face_points.h"

mi_pose posed(float yaw, float pitch, float roll, float scale, float x, float y)
{
    float a = yaw * 0.017453293f, b = pitch * 0.017453293f, c = roll * 0.017453293f;
    const float about_y[3][3] = {{cosf(a), 0, -sinf(a)}, {0, 1, 0}, {sinf(a), 0, cosf(a)}};
    const float about_x[3][3] = {{1, 0, 0}, {0, cosf(b), sinf(b)}, {0, -sinf(b), cosf(b)}};
    const float about_z[3][3] = {{cosf(c), -sinf(c), 0}, {sinf(c), cosf(c), 0}, {0, 0, 1}};
    mi_pose pose = {.scale = scale, .t = {x, y, 0}};
    float tilted[3][3] = {{0}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                tilted[i][j] += about_x[i][k] * about_z[k][j];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                pose.r[i][j] += about_y[i][k] * tilted[k][j];
    return pose;
}

void posed_point(const mi_pose *pose, const float p[3], float out[3])
{
    float q[3];
    for (int k = 0; k < 3; k++)
        q[k] = pose->t[k] + pose->scale * (pose->r[k][0] * p[0] + pose->r[k][1] * p[1] +
                                           pose->r[k][2] * p[2]);
    memcpy(out, q, sizeof q);
}

void mean_points(float point[MI_POINTS][3])
{
    memcpy(point, mi_mean_face.point, sizeof mi_mean_face.point);
    for (int eye = 0; eye < 2; eye++) {
        const float *a = point[mi_upper_lid[eye][0]], *b = point[mi_upper_lid[eye][MI_LID - 1]];
        float *centre = point[MI_MESH_POINTS + 5 * eye];
        for (int k = 0; k < 3; k++)
            centre[k] = (a[k] + b[k]) / 2;
        /* Where the eyes of people are who look at the camera. */
        centre[0] += eye ? 0.0134f : -0.0134f;
        centre[1] -= 0.0195f;
        for (int i = 0; i < 4; i++) {
            float *rim = point[MI_MESH_POINTS + 5 * eye + 1 + i];
            rim[0] = centre[0] + 0.0655f * cosf(1.5707963f * (float)i);
            rim[1] = centre[1] - 0.0655f * sinf(1.5707963f * (float)i);
            rim[2] = centre[2];
        }
    }
}

void posed_points(const mi_pose *pose, float point[MI_POINTS][3], float out[MI_POINTS][3])
{
    for (int i = 0; i < MI_POINTS; i++)
        posed_point(pose, point[i], out[i]);
}
