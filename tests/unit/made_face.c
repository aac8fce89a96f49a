#include "made_face.h"

#include <math.h>

#include "dice.h"
#include "face_points.h"

enum { MESH = 468 };

/* Places an eye: lids, iris and its rim. */
static void place_eye(mien_face *f, int eye, float x, float y, float w)
{
    for (int i = 0; i < MI_LID; i++) {
        float t = (float)i / (MI_LID - 1), open = 0.3f * w * sinf(3.14159265f * t);
        float *upper = f->point[mi_upper_lid[eye][i]], *lower = f->point[mi_lower_lid[eye][i]];
        upper[0] = lower[0] = x + w * (t - 0.5f);
        upper[1] = y - open / 2;
        lower[1] = y + open / 2;
    }
    float *iris = f->point[MESH + 5 * eye];
    iris[0] = x;
    iris[1] = y;
    for (int i = 0; i < 4; i++) {
        float angle = 1.57079633f * (float)i, *rim = f->point[MESH + 5 * eye + 1 + i];
        rim[0] = x + 0.2f * w * cosf(angle);
        rim[1] = y + 0.2f * w * sinf(angle);
    }
}

void made_face_box(mien_face *f)
{
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (int i = 0; i < MIEN_FACE_POINTS; i++) {
        x0 = fminf(x0, f->point[i][0]);
        y0 = fminf(y0, f->point[i][1]);
        x1 = fmaxf(x1, f->point[i][0]);
        y1 = fmaxf(y1, f->point[i][1]);
    }
    f->x = x0;
    f->y = y0;
    f->width = x1 - x0;
    f->height = y1 - y0;
}

mien_face made_face(uint32_t id, float x, float y, float width, float height)
{
    mien_face f = {.id = id, .presence = 1, .pose_confidence = 1, .gaze_confidence = 1,
                   .aperture = {0.3f, 0.3f}};
    dice d = dice_of(7);
    for (int i = 0; i < MIEN_FACE_POINTS; i++) {
        float angle = dice_float(&d, 0, 6.2831853f), r = 0.4f * sqrtf(dice_float(&d, 0, 1));
        f.point[i][0] = x + r * width * cosf(angle);
        f.point[i][1] = y + r * height * sinf(angle);
    }
    for (int i = 0; i < MI_OVAL; i++) {
        float angle = 6.2831853f * (float)i / MI_OVAL;
        f.point[mi_face_oval[i]][0] = x + width / 2 * sinf(angle);
        f.point[mi_face_oval[i]][1] = y - height / 2 * cosf(angle);
    }
    for (int i = 0; i < MI_LIPS; i++) {
        float angle = 6.2831853f * (float)i / MI_LIPS;
        f.point[mi_lip_outline[i]][0] = x - 0.18f * width * cosf(angle);
        f.point[mi_lip_outline[i]][1] = y + 0.22f * height - 0.05f * height * sinf(angle);
    }
    place_eye(&f, 0, x - 0.2f * width, y - 0.1f * height, 0.2f * width);
    place_eye(&f, 1, x + 0.2f * width, y - 0.1f * height, 0.2f * width);
    for (int i = 0; i < MIEN_FACE_REGIONS; i++)
        f.visible[i] = 1;
    made_face_box(&f);
    return f;
}

void made_face_move(mien_face *f, float dx, float dy)
{
    for (int i = 0; i < MIEN_FACE_POINTS; i++) {
        f->point[i][0] += dx;
        f->point[i][1] += dy;
    }
    f->x += dx;
    f->y += dy;
}
