/* Detector maps to faces: against a plain copy of MediaPipe's rule, and with any values. */
#include <setjmp.h>
#include <stdarg.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "face/face_detect.h"

enum { VALUES = 48 * 48 * 16 + 48 * 48, MANY = 2304 };

static uint64_t random_state = 1;

static float uniform(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (float)(random_state >> 40) / 16777216.0f;
}

/* Maps of a detector in which no cell has a face. */
typedef struct maps {
    mi_detector detector;
    float *value;
    const float *map[MI_DETECTOR_MAPS];
    int32_t grid[MI_DETECTOR_MAPS];
} maps;

static maps make_maps(mi_detector detector)
{
    maps m = {.detector = detector, .value = calloc(VALUES, sizeof *m.value)};
    size_t at = 0;
    for (int i = 0; i < MI_DETECTOR_MAPS; i++) {
        int32_t planes;
        mi_detector_map(detector, i, &planes, &m.grid[i]);
        size_t count = (size_t)planes * (size_t)(m.grid[i] * m.grid[i]);
        m.map[i] = planes ? m.value + at : NULL;
        for (size_t k = 0; k < count; k++)
            m.value[at++] = i % 2 ? 0 : -20;
    }
    assert_true(at <= VALUES);
    return m;
}

/* Writes a face in input pixels into a cell. box: centre, size. */
static void set_face(maps *m, int pair, int anchor, int column, int row, float logit,
                     const float box[4], const float key[6][2])
{
    int32_t grid = m->grid[2 * pair], cells = grid * grid, cell = row * grid + column;
    float size = (float)mi_detector_size(m->detector);
    float x = ((float)column + 0.5f) / (float)grid * size;
    float y = ((float)row + 0.5f) / (float)grid * size;
    float *score = (float *)m->map[2 * pair] + anchor * cells + cell;
    float *value = (float *)m->map[2 * pair + 1] + anchor * 16 * cells + cell;
    *score = logit;
    float raw[16] = {box[0] - x, box[1] - y, box[2], box[3]};
    for (int k = 0; k < 6; k++) {
        raw[4 + 2 * k] = key[k][0] - x;
        raw[5 + 2 * k] = key[k][1] - y;
    }
    for (int i = 0; i < 16; i++)
        value[i * cells] = raw[i];
}

static const float keys[6][2] = {{50, 50}, {70, 52}, {60, 60}, {60, 70}, {40, 54}, {80, 56}};

static void test_shapes(void **state)
{
    (void)state;
    static const int32_t wanted[2][4][2] = {{{2, 16}, {32, 16}, {6, 8}, {96, 8}},
                                            {{1, 48}, {16, 48}, {0, 0}, {0, 0}}};
    for (int d = 0; d < MI_DETECTORS; d++)
        for (int i = 0; i < MI_DETECTOR_MAPS; i++) {
            int32_t planes, grid;
            mi_detector_map((mi_detector)d, i, &planes, &grid);
            assert_int_equal(planes, wanted[d][i][0]);
            assert_int_equal(grid, wanted[d][i][1]);
        }
    assert_int_equal(mi_detector_size(MI_DETECTOR_SHORT), 128);
    assert_int_equal(mi_detector_size(MI_DETECTOR_FULL), 192);
}

/* The same face from each anchor of each map lies at the same place of the frame. */
static void test_place(void **state)
{
    (void)state;
    static const mi_roi roi = {500, 300, 1000, 0};
    for (int d = 0; d < MI_DETECTORS; d++)
        for (int pair = 0; pair < (d == 0 ? 2 : 1); pair++) {
            int anchors = d == 1 ? 1 : pair == 0 ? 2 : 6;
            for (int a = 0; a < anchors; a++) {
                maps m = make_maps((mi_detector)d);
                mi_detection face[MI_DETECTIONS];
                float scale = 1000 / (float)mi_detector_size(m.detector);
                set_face(&m, pair, a, 3, 5, 1.5f, (float[]){60, 62, 30, 40}, keys);
                assert_int_equal(mi_detect_decode(m.detector, m.map, &roi, 0.5f, face), 1);
                assert_float_equal(face[0].x, (60 - 15) * scale, 0.01);
                assert_float_equal(face[0].y, (62 - 20) * scale - 200, 0.01);
                assert_float_equal(face[0].w, 30 * scale, 0.01);
                assert_float_equal(face[0].h, 40 * scale, 0.01);
                assert_float_equal(face[0].score, 0.817574, 1e-5);
                for (int k = 0; k < 6; k++) {
                    assert_float_equal(face[0].key[k][0], keys[k][0] * scale, 0.01);
                    assert_float_equal(face[0].key[k][1], keys[k][1] * scale - 200, 0.01);
                }
                assert_int_equal(mi_detect_decode(m.detector, m.map, &roi, 0.9f, face), 0);
                free(m.value);
            }
        }
}

/* MediaPipe's rule, as plainly as it can be said. */
static int32_t plain_suppress(mi_detection *in, int32_t count, mi_detection *out)
{
    int32_t made = 0;
    bool gone[MANY] = {false};
    for (;;) {
        int32_t best = -1;
        for (int32_t i = 0; i < count; i++)
            if (!gone[i] && (best < 0 || in[i].score > in[best].score))
                best = i;
        if (best < 0)
            return made;
        double sum[16] = {0}, weight = 0;
        for (int32_t i = 0; i < count; i++) {
            const float *value = &in[i].x;
            if (gone[i] || mi_detection_overlap(&in[best], &in[i]) <= 0.3f)
                continue;
            gone[i] = true;
            weight += (double)in[i].score;
            for (int k = 0; k < 16; k++)
                sum[k] += (double)value[k < 4 ? k : k + 1] * (double)in[i].score;
        }
        out[made] = in[best];
        for (int k = 0; k < 16; k++)
            (&out[made].x)[k < 4 ? k : k + 1] = (float)(sum[k] / weight);
        made++;
    }
}

static void test_overlap(void **state)
{
    (void)state;
    mi_detection a = {.x = 0, .y = 0, .w = 100, .h = 100}, b = a;
    assert_float_equal(mi_detection_overlap(&a, &b), 1, 1e-6);
    b.x = 50;
    assert_float_equal(mi_detection_overlap(&a, &b), 1.0 / 3, 1e-6);
    b.x = 100;
    assert_float_equal(mi_detection_overlap(&a, &b), 0, 1e-6);
    b.w = 0;
    assert_float_equal(mi_detection_overlap(&b, &b), 0, 1e-6);
}

/* Crowds of boxes around some faces: as the plain rule says. */
static void test_merge_as_mediapipe(void **state)
{
    (void)state;
    static const mi_roi roi = {96, 96, 192, 0};
    for (int n = 0; n < 40; n++) {
        maps m = make_maps(MI_DETECTOR_FULL);
        mi_detection all[MANY], wanted[MANY], face[MI_DETECTIONS];
        int32_t count = 0, faces = 1 + n % 6;
        for (int f = 0; f < faces; f++) {
            float x = 20 + 150 * uniform(), y = 20 + 150 * uniform(), w = 25 + 30 * uniform();
            for (int k = 0; k < 30; k++) {
                float logit = 5 * uniform() - 1, key[6][2];
                float box[4] = {x + 6 * uniform(), y + 6 * uniform(), w + 5 * uniform(), w};
                for (int i = 0; i < 12; i++)
                    key[i / 2][i % 2] = (i % 2 ? y : x) + 20 * uniform();
                int32_t cell = (30 * f + k) * 7; /* anywhere: anchors only move the origin */
                set_face(&m, 0, 0, cell % 48, cell / 48, logit, box, (const float(*)[2])key);
                mi_detection *one = &all[count];
                *one = (mi_detection){.x = box[0] - box[2] / 2, .y = box[1] - box[3] / 2,
                                      .w = box[2], .h = box[3],
                                      .score = 1 / (1 + expf(-logit))};
                memcpy(one->key, key, sizeof key);
                count += one->score >= 0.4f;
            }
        }
        int32_t found = mi_detect_decode(MI_DETECTOR_FULL, m.map, &roi, 0.4f, face);
        int32_t expected = plain_suppress(all, count, wanted);
        assert_int_equal(found, expected);
        for (int32_t i = 0; i < found; i++)
            for (int k = 0; k < 17; k++)
                assert_float_equal((&face[i].x)[k], (&wanted[i].x)[k], 0.01);
        free(m.value);
    }
}

static void test_small(void **state)
{
    (void)state;
    maps m = make_maps(MI_DETECTOR_SHORT);
    mi_detection face[MI_DETECTIONS];
    mi_roi roi = {64, 64, 128, 0};
    set_face(&m, 0, 0, 3, 5, 3, (float[]){60, 62, 23, 23.9f}, keys);
    set_face(&m, 1, 2, 6, 6, 2, (float[]){100, 100, 12, 24.1f}, keys);
    assert_int_equal(mi_detect_decode(m.detector, m.map, &roi, 0.5f, face), 1);
    assert_float_equal(face[0].h, 24.1, 0.01);
    roi.side = 256; /* twice as large in the frame */
    assert_int_equal(mi_detect_decode(m.detector, m.map, &roi, 0.5f, face), 2);
    free(m.value);
}

/* What one run saw whole and another in part is one face; neighbours stay two. */
static void test_merge_runs(void **state)
{
    (void)state;
    mi_detection face[4] = {{.x = 300, .y = 100, .w = 50, .h = 100, .score = 0.6f},
                            {.x = 100, .y = 100, .w = 100, .h = 100, .score = 0.8f},
                            {.x = 260, .y = 98, .w = 100, .h = 104, .score = 0.9f},
                            {.x = 104, .y = 100, .w = 100, .h = 100, .score = 0.4f}};
    assert_int_equal(mi_detect_merge(face, 4), 2);
    assert_float_equal(face[0].score, 0.9, 1e-6);
    assert_true(face[0].x < 290 && face[0].x >= 260);
    assert_float_equal(face[1].x, (100 * 0.8 + 104 * 0.4) / 1.2, 0.01);
    assert_int_equal(mi_detect_merge(face, 0), 0);
    mi_detection many[MI_DETECTIONS * MI_DETECTOR_RUNS];
    for (int i = 0; i < MI_DETECTIONS * MI_DETECTOR_RUNS; i++)
        many[i] = (mi_detection){.x = 200.0f * (float)i, .w = 100, .h = 100,
                                 .score = 0.5f + 0.003f * (float)i};
    assert_int_equal(mi_detect_merge(many, MI_DETECTIONS * MI_DETECTOR_RUNS),
                     MI_DETECTIONS * MI_DETECTOR_RUNS);
    for (int i = 1; i < MI_DETECTIONS * MI_DETECTOR_RUNS; i++)
        assert_true(many[i].score <= many[i - 1].score);
}

static void test_squares(void **state)
{
    (void)state;
    mi_detection face = {.x = 100, .y = 200, .w = 80, .h = 100, .score = 1,
                         .key = {{120, 230}, {150, 260}}};
    mi_roi roi = mi_roi_of_detection(&face);
    assert_float_equal(roi.x, 140, 1e-4);
    assert_float_equal(roi.y, 250, 1e-4);
    assert_float_equal(roi.side, 150, 1e-4);
    assert_float_equal(roi.angle, atan(1.0), 1e-5);

    /* Points that fill a turned rectangle of 60 x 80 around (300, 200). */
    static float point[MI_POINTS][3];
    for (int turn = -6; turn <= 6; turn++) {
        float angle = 0.5f * (float)turn, c = cosf(angle), s = sinf(angle);
        for (int i = 0; i < MI_POINTS; i++) {
            float x = i == 33 ? -20 : i == 263 ? 20 : -30 + 60 * (float)(i % 18) / 17;
            float y = i == 33 || i == 263 ? -10 : -40 + 80 * (float)(i / 18 % 26) / 25;
            if (i >= MI_MESH_POINTS)
                x = y = 1000; /* irises do not count */
            point[i][0] = 300 + c * x - s * y;
            point[i][1] = 200 + s * x + c * y;
        }
        roi = mi_roi_of_points((const float(*)[3])point);
        assert_float_equal(roi.x, 300, 0.01);
        assert_float_equal(roi.y, 200, 0.01);
        assert_float_equal(roi.side, 120, 0.01);
        assert_float_equal(remainderf(roi.angle - angle, 6.2831853f), 0, 1e-4);
    }
}

static void test_fuzz(void **state)
{
    (void)state;
    static const float odd[] = {NAN, INFINITY, -INFINITY, 1e38f, -1e38f, 1e-38f, 0, 5e4f};
    for (int n = 0; n < 60; n++) {
        mi_detector d = (mi_detector)(n % 2);
        maps m = make_maps(d);
        mi_detection face[MI_DETECTIONS];
        mi_roi roi = {uniform() * 1000, uniform() * 1000, 100 + 2000 * uniform(), 0};
        float wide = n % 3 ? 60 : 600;
        for (int i = 0; i < VALUES; i++)
            m.value[i] = uniform() < 0.02f ? odd[(int)(uniform() * 8) % 8]
                                           : (uniform() - 0.5f) * wide;
        int32_t count = mi_detect_decode(d, m.map, &roi, n % 5 ? 0.5f : 0, face);
        assert_in_range(count, 0, MI_DETECTIONS);
        for (int32_t i = 0; i < count; i++) {
            for (int k = 0; k < 17; k++)
                assert_true(isfinite((&face[i].x)[k]));
            assert_true(face[i].w > 0 && face[i].h > 0 && face[i].score <= 1);
            mi_roi square = mi_roi_of_detection(&face[i]);
            assert_true(isfinite(square.angle) && square.side > 0);
        }
        free(m.value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),     cmocka_unit_test(test_place),
        cmocka_unit_test(test_overlap),    cmocka_unit_test(test_merge_as_mediapipe),
        cmocka_unit_test(test_small),      cmocka_unit_test(test_merge_runs),
        cmocka_unit_test(test_squares),    cmocka_unit_test(test_fuzz),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
