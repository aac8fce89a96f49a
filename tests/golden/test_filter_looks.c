/* How often the networks look at faces: into no square of a frame twice.
 *
 *   test_filter_looks MODELS PORTRAIT.rgba
 *
 * Linked with --wrap, so that the squares are seen. Arguments as for test_filter_faces. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "filter_rig.h"
#include "portrait_rig.h"
#include "face/face_nets.h"

enum { SIDE = PORTRAIT_SIDE, LOOKS_MAX = 100 };

static mi_roi looked[LOOKS_MAX]; /* into, in this frame */
static int looks;

int __wrap_mi_face_nets_look(mi_face_nets *, const mi_roi *, int32_t, mi_sight *);
int __real_mi_face_nets_look(mi_face_nets *, const mi_roi *, int32_t, mi_sight *);

int __wrap_mi_face_nets_look(mi_face_nets *nets, const mi_roi *roi, int32_t count, mi_sight *sight)
{
    assert_in_range(count, 1, LOOKS_MAX - looks);
    memcpy(looked + looks, roi, (size_t)count * sizeof *roi);
    looks += count;
    return __real_mi_face_nets_look(nets, roi, count, sight);
}

/* The portrait, turned by quarters and shifted to the right; its border goes on. */
static void draw(const mien_frame *to, int quarters, int32_t shift)
{
    for (int32_t y = 0; y < SIDE; y++)
        for (int32_t x = 0; x < SIDE; x++) {
            int32_t from_x = x > shift ? x - shift : 0, from_y = y;
            for (int i = 0; i < quarters; i++) {
                int32_t was = from_x;
                from_x = from_y;
                from_y = SIDE - 1 - was;
            }
            memcpy(to->data[0] + y * to->stride[0] + x * 4,
                   portrait_bytes() + ((size_t)from_y * SIDE + (size_t)from_x) * 4, 4);
        }
}

/* An upright face is looked at and then closer; of one that is turned the network is in doubt, and
 * it is looked at all ways round. After that it is followed. */
static void test_no_square_twice(void **state)
{
    (void)state;
    const frame_layout tight = {0, false};
    static mien_face face[MIEN_FACES_MAX];
    test_frame t = test_frame_make(MIEN_FORMAT_RGBA, SIDE, SIDE, &tight);
    int most = 0;
    for (int quarters = 0; quarters < 4; quarters++) {
        mien_filter *f = filter_make(NULL, "max-faces=1");
        assert_int_equal(mien_filter_set(f, "models", portrait_models()), MIEN_OK);
        mien_filter_set_analysis(f, true);
        draw(&t.frame, quarters, 0);
        for (int i = 0; i < 3; i++) {
            size_t count;
            looks = 0;
            filter_run(f, &t.frame, &t.frame, MIEN_OK);
            for (int k = 0; k < looks; k++)
                for (int j = 0; j < k; j++)
                    assert_memory_not_equal(&looked[k], &looked[j], sizeof looked[k]);
            assert_int_equal(mien_filter_faces(f, face, MIEN_FACES_MAX, &count), MIEN_OK);
            assert_true(quarters > 0 || looks == (i == 0 ? 2 : 1));
            assert_true(quarters > 0 || count == 1);
            most = looks > most ? looks : most;
        }
        mien_filter_destroy(&f);
    }
    assert_true(most > 6); /* there was doubt */
    test_frame_free(&t);
}

/* A face that leaps out of its square is looked at twice more: its points are right in the same
 * frame, and not only some frames later. */
static void test_leap(void **state)
{
    (void)state;
    enum { LEAP = 40 };
    const frame_layout tight = {0, false};
    static mien_face before[MIEN_FACES_MAX], after[MIEN_FACES_MAX];
    test_frame t = test_frame_make(MIEN_FORMAT_RGBA, SIDE, SIDE, &tight);
    mien_filter *f = filter_make(NULL, "max-faces=1");
    size_t count;
    assert_int_equal(mien_filter_set(f, "models", portrait_models()), MIEN_OK);
    mien_filter_set_analysis(f, true);
    for (int i = 0; i < 6; i++) {
        draw(&t.frame, 0, i < 5 ? 0 : LEAP);
        looks = 0;
        filter_run(f, &t.frame, &t.frame, MIEN_OK);
        assert_int_equal(mien_filter_faces(f, i < 5 ? before : after, MIEN_FACES_MAX, &count),
                         MIEN_OK);
        assert_int_equal(count, 1);
        assert_int_equal(looks, i == 0 ? 2 : i == 5 ? 3 : 1);
    }
    assert_int_equal(before->id, after->id);
    double off = 0;
    for (int i = 0; i < MIEN_FACE_POINTS; i++)
        off += pow(after->point[i][0] - before->point[i][0] - LEAP, 2) +
               pow(after->point[i][1] - before->point[i][1], 2);
    off = sqrt(off / MIEN_FACE_POINTS) / (double)before->width;
    print_message("after a leap: %.2f %% of the face off\n", 100 * off);
    assert_true(off < 0.01);
    mien_filter_destroy(&f);
    test_frame_free(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_square_twice),
                                       cmocka_unit_test(test_leap)};
    const portrait_tests all = {.with_face = {"looks", tests, sizeof tests / sizeof tests[0]}};
    return portrait_tests_main(&all, argc, argv);
}
