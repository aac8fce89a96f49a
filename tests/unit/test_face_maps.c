/* The atlas of a face and its maps: there and back, turned heads, the square, any points. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dice.h"
#include "face/face_maps.h"
#include "posed_face.h"

typedef struct maps_rig {
    mi_atlas atlas;
    float at[MI_TEXELS][4], uv[MI_TEXELS][4];
} maps_rig;

static maps_rig rig;

static mi_extent extent; /* of the last maps */

static mi_roi make_covered(float point[MI_POINTS][3], const float *bare)
{
    mi_maps maps = {rig.at, rig.uv};
    mi_roi square = mi_face_square((const float(*)[3])point);
    extent = mi_maps_make(&maps, &rig.atlas, &square, (const float(*)[3])point, bare);
    return square;
}

static mi_roi make(float point[MI_POINTS][3])
{
    return make_covered(point, NULL);
}

static mi_roi make_posed(float yaw, float pitch, float roll, float scale)
{
    float point[MI_POINTS][3];
    mi_pose pose = posed(yaw, pitch, roll, scale, 300, 200);
    mean_points(point);
    posed_points(&pose, point, point);
    return make(point);
}

/* Between four elements of a map, as shaders do. */
static float sample(float map[MI_TEXELS][4], float u, float v, int lane)
{
    float x = fminf(fmaxf(u * MI_MAP - 0.5f, 0), MI_MAP - 1.001f);
    float y = fminf(fmaxf(v * MI_MAP - 0.5f, 0), MI_MAP - 1.001f);
    int i = (int)x, j = (int)y;
    float fx = x - (float)i, fy = y - (float)j;
    float(*a)[4] = &map[j * MI_MAP + i], (*b)[4] = a + MI_MAP;
    return (1 - fy) * ((1 - fx) * a[0][lane] + fx * a[1][lane]) +
           fy * ((1 - fx) * b[0][lane] + fx * b[1][lane]);
}

/* From texels that are seen to the square and back: the mean and the largest way off, in texels,
 * and how many there were. */
static int round_trip(float *mean, float *worst)
{
    double sum = 0;
    int n = 0;
    *worst = 0;
    for (int i = 0; i < MI_TEXELS; i++) {
        if (rig.at[i][2] < 0.9f || rig.atlas.texel[i].share < 1)
            continue;
        float du = sample(rig.uv, rig.at[i][0], rig.at[i][1], 0) * MI_MAP - 0.5f;
        float dv = sample(rig.uv, rig.at[i][0], rig.at[i][1], 1) * MI_MAP - 0.5f;
        float off = hypotf(du - (float)(i % MI_MAP), dv - (float)(i / MI_MAP));
        sum += off;
        n++;
        *worst = fmaxf(*worst, off);
    }
    *mean = n ? (float)(sum / n) : 0;
    return n;
}

static void test_there_and_back(void **state)
{
    (void)state;
    float mean, worst;
    make_posed(0, 0, 0, 100);
    assert_true(round_trip(&mean, &worst) > 7000);
    assert_true(mean < 0.05f && worst < 1);
    make_posed(20, 10, 30, 60);
    assert_true(round_trip(&mean, &worst) > 7000);
    assert_true(mean < 0.05f && worst < 3);

}

/* Mean share of the atlas' left or right half that is seen. */
static float seen_of_half(bool right)
{
    double sum = 0;
    for (int i = 0; i < MI_TEXELS; i++)
        if ((i % MI_MAP >= MI_MAP / 2) == right)
            sum += rig.at[i][2] * rig.at[i][3] * rig.atlas.texel[i].share;
    return (float)(sum / (MI_TEXELS / 2));
}

static void test_turned_heads(void **state)
{
    (void)state;
    make_posed(0, 0, 0, 100);
    float all = seen_of_half(false);
    assert_true(all > 0.5f && fabsf(all - seen_of_half(true)) < 0.02f);
    /* yaw > 0: the face turns to the viewer's right and shows its left half */
    make_posed(70, 0, 0, 100);
    assert_true(seen_of_half(false) > 0.7f * all);
    assert_true(seen_of_half(true) < 0.2f * all);
    make_posed(180, 0, 0, 100);
    assert_true(seen_of_half(false) < 0.02f && seen_of_half(true) < 0.02f);
}

/* What is covered is said to be, and is where it was. */
static void test_covered(void **state)
{
    (void)state;
    float point[MI_POINTS][3], bare[MI_POINTS];
    mi_pose pose = posed(0, 0, 0, 100, 300, 200);
    mean_points(point);
    for (int i = 0; i < MI_POINTS; i++)
        bare[i] = point[i][0] < 0 ? 0 : 1;
    posed_points(&pose, point, point);
    make(point);
    float left = seen_of_half(false), right = seen_of_half(true);
    static float place[MI_TEXELS];
    for (int i = 0; i < MI_TEXELS; i++)
        place[i] = rig.at[i][0];
    make_covered(point, bare);
    assert_true(seen_of_half(false) < 0.1f * left);
    assert_true(seen_of_half(true) > 0.95f * right);
    for (int i = 0; i < MI_TEXELS; i++) {
        bool hidden = i % MI_MAP < MI_MAP / 2 - MI_MAP / 8;
        assert_true(place[i] == rig.at[i][0]);
        assert_true(!hidden || rig.at[i][3] == 0);
    }
}

static void test_edges_fade(void **state)
{
    (void)state;
    static float given[MI_TEXELS];
    mi_atlas_shares(&rig.atlas, given);
    for (int i = 0; i < MI_TEXELS; i++) {
        int x = i % MI_MAP, y = i / MI_MAP;
        float share = given[i];
        if (x == 0 || y == 0 || x == MI_MAP - 1 || y == MI_MAP - 1)
            assert_true(share == 0);
        else
            assert_true(fabsf(share - given[i + 1]) < 0.35f);
        assert_true(share >= 0 && share <= 1);
    }
    assert_true(given[MI_MAP / 2 * MI_MAP + MI_MAP / 2] == 1);
}

/* However the head is turned, what is seen in the square ends softly. */
static void test_outline_fades(void **state)
{
    (void)state;
    for (int yaw = -60; yaw <= 60; yaw += 30) {
        float most = 0;
        make_posed((float)yaw, 0, 0, 100);
        for (int i = 0; i < MI_TEXELS; i++) {
            bool beside = rig.uv[i][3] > 1e6f, at_edge = i % MI_MAP == MI_MAP - 1;
            if (!at_edge && beside != (rig.uv[i + 1][3] > 1e6f))
                assert_true(fmaxf(rig.uv[i][2], rig.uv[i + 1][2]) < 0.1f);
            most = fmaxf(most, rig.uv[i][2]);
        }
        assert_true(most > 0.95f);
    }
}

static void test_square(void **state)
{
    (void)state;
    mi_roi straight = make_posed(0, 0, 0, 100);
    assert_true(fabsf(straight.side - 240) < 2);
    assert_true(fabsf(straight.x - 300) < 1 && fabsf(straight.angle) < 1e-3f);
    /* the same size however the head is turned, and upright with it */
    mi_roi turned = make_posed(50, -20, 0, 100), tilted = make_posed(0, 0, 25, 100);
    assert_true(fabsf(turned.side - straight.side) < 2);
    assert_true(fabsf(tilted.angle - 0.43633f) < 1e-3f);
    /* the whole face lies inside */
    make_posed(0, 0, 25, 100);
    for (int i = 0; i < MI_TEXELS; i++)
        assert_true(rig.at[i][0] > 0.05f && rig.at[i][0] < 0.95f && rig.at[i][1] > 0.05f &&
                    rig.at[i][1] < 0.95f);
}

/* What is interpolated from an element reaches as far as its neighbours' middles. */
static bool reaches_out(int i, const mi_roi *square)
{
    const float *box = extent.frame;
    for (int k = 0; k < 4; k++) {
        float u = ((float)(i % MI_MAP) + (k & 1 ? 1.5f : -0.5f)) / MI_MAP - 0.5f;
        float v = ((float)(i / MI_MAP) + (k & 2 ? 1.5f : -0.5f)) / MI_MAP - 0.5f;
        float c = square->side * cosf(square->angle), s = square->side * sinf(square->angle);
        float x = square->x + c * u - s * v, y = square->y + s * u + c * v;
        if (x < box[0] || y < box[1] || x > box[2] || y > box[3])
            return true;
    }
    return false;
}

/* Nothing lies outside of the boxes, and they are not much larger than the face. */
static void test_extent(void **state)
{
    (void)state;
    mi_roi square = make_posed(15, -5, 40, 80);
    const float *box = extent.square, *around = extent.frame;
    int inside = 0, face = 0;
    for (int i = 0; i < MI_TEXELS; i++) {
        float x = (float)(i % MI_MAP) / MI_MAP, y = (float)(i / MI_MAP) / MI_MAP;
        bool in = x >= box[0] && y >= box[1] && x + 1.0f / MI_MAP <= box[2] &&
                  y + 1.0f / MI_MAP <= box[3];
        inside += in;
        if (!in)
            assert_true(rig.uv[i][2] == 0);
        if (rig.uv[i][2] > 0)
            assert_false(reaches_out(i, &square));
        face += rig.uv[i][2] > 0;
    }
    assert_true(inside < MI_TEXELS * 2 / 3);
    float element = square.side / MI_MAP, pixels = (float)face * element * element;
    assert_true((around[2] - around[0]) * (around[3] - around[1]) < 1.6f * pixels);
    make_posed(180, 0, 0, 80); /* the back of a head */
    assert_true((box[2] - box[0]) * (box[3] - box[1]) < 0.2f);
}

static void test_tiles(void **state)
{
    (void)state;
    static float tile[MI_TEXELS / 8];
    bool used[MI_MAP / 2][MI_MAP / 4] = {{false}};
    int32_t n = mi_atlas_tiles(&rig.atlas, 4, 2, tile);
    assert_true(n > 0 && n < MI_TEXELS / 8 * 3 / 4);
    for (int32_t i = 0; i < n; i++)
        used[(int)tile[i] / MI_TILE_ROW][(int)tile[i] % MI_TILE_ROW] = true;
    for (int i = 0; i < MI_TEXELS; i++)
        if (!used[i / MI_MAP / 2][i % MI_MAP / 4])
            assert_true(rig.atlas.texel[i].share == 0);
}

/* What is between the lips is no skin. */
static void test_open_mouth(void **state)
{
    (void)state;
    float point[MI_POINTS][3];
    mi_pose pose = posed(0, 0, 0, 100, 300, 200);
    mean_points(point);
    static const int lower[] = {78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308};
    for (int i = 1; i < 10; i++)
        point[lower[i]][1] += 0.3f;
    posed_points(&pose, point, point);
    mi_roi square = make(point);
    float x = (point[13][0] - square.x) / square.side + 0.5f;
    float y = (0.5f * (point[13][1] + point[14][1]) - square.y) / square.side + 0.5f;
    assert_true(sample(rig.uv, x, y, 2) == 0);
    assert_true(sample(rig.uv, x, (point[13][1] - 4 - square.y) / square.side + 0.5f, 2) > 0.5f);
}

static void test_any_points(void **state)
{
    (void)state;
    dice d = dice_of(3);
    for (int round = 0; round < 50; round++) {
        static const float reach[] = {0, 1e-30f, 1, 1e4f, 1e9f};
        float point[MI_POINTS][3], far = reach[round % 5];
        for (int i = 0; i < MI_POINTS; i++)
            for (int k = 0; k < 3; k++)
                point[i][k] = dice_float(&d, -far, far);
        make(point);
        for (int i = 0; i < MI_TEXELS; i++)
            assert_true(rig.at[i][2] >= 0 && rig.at[i][2] <= 1 && rig.uv[i][2] >= 0 &&
                        rig.uv[i][2] <= 1);
    }
}

static int set_up(void **state)
{
    (void)state;
    mi_atlas_make(&rig.atlas);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back), cmocka_unit_test(test_turned_heads),
        cmocka_unit_test(test_covered),
        cmocka_unit_test(test_edges_fade),     cmocka_unit_test(test_outline_fades),
        cmocka_unit_test(test_square),         cmocka_unit_test(test_extent),
        cmocka_unit_test(test_tiles),          cmocka_unit_test(test_open_mouth),
        cmocka_unit_test(test_any_points),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
