/* What every effect on faces has to keep, through the public interface. */
#ifndef MIEN_TEST_EFFECT_CHECKS_H
#define MIEN_TEST_EFFECT_CHECKS_H

#include "portrait_scene.h"

typedef struct face_effect {
    const char *name;   /* of its parameter and of its stage */
    const char *most;   /* the parameter's value at the end of its range */
    const char *params; /* such that the effect is well seen */
    const char *file;   /* of its model, in the folder of the models */
    scene_parts parts;  /* of a portrait; it changes both of them, or the one, and nothing else */
    scene_box within;   /* of a portrait: wholly in the face, and the effect shows there */
    long least;         /* by which a part of an RGBA frame differs then: the sum over its bytes */
    double gflop[2];    /* of a frame with one face: from, to */
} face_effect;

/* A filter with the effect's params and, if not NULL, others. */
mien_filter *effect_filter(const face_effect *effect, filter_log *log, const char *others);

/* All the parts of the first portrait are another picture, and nothing else is. */
void effect_expect(const face_effect *effect, const char *what, const scene_change *change);

/* In a format, in place or not, whatever the layout: no byte but the parts' changes. */
void effect_check_format(const face_effect *effect, mien_format format);
/* Off, the library does nothing at all, and needs no model; the slider takes 200 ms for its range,
 * up and down, and shows no step. */
void effect_check_slider(const face_effect *effect);
/* Two faces are changed, or one of two. */
void effect_check_several(const face_effect *effect);
/* After a reset the first frame is what the first one of a filter is, and a frame of another size
 * does not show bare faces. */
void effect_check_starts_again(const face_effect *effect);
/* The style sees the changed face; around faces it leaves it so, to the byte, also in place. */
void effect_check_style(const face_effect *effect);
/* What is drawn to look at the analysis lies over the effect; the times name it. */
void effect_check_overlay(const face_effect *effect);
/* Without its model: an error at the start. In mid-stream one line, and the stream goes on without;
 * but one in which the effect shows ends rather than show it bare. */
void effect_check_missing_model(const face_effect *effect);
/* Values that are none of the parameter's are refused by its name, and the old one stays. */
void effect_check_refused(const char *name, const char *value);

/* cmocka's tests of an effect that every effect has: EFFECT_TESTS(effect) defines them, and
 * EFFECT_TEST_LIST names them for a struct CMUnitTest[]. */
#define EFFECT_TEST(effect, name) \
    static void test_##name(void **state) \
    { \
        (void)state; \
        effect_check_##name(&effect); \
    }
#define EFFECT_TESTS(effect) \
    static void check_format(mien_format format) \
    { \
        effect_check_format(&effect, format); \
    } \
    FORMAT_TESTS(check_format) \
    EFFECT_TEST(effect, slider) \
    EFFECT_TEST(effect, several) \
    EFFECT_TEST(effect, starts_again) \
    EFFECT_TEST(effect, style) \
    EFFECT_TEST(effect, overlay) \
    EFFECT_TEST(effect, missing_model)
#define EFFECT_TEST_LIST \
    FORMAT_TEST_LIST, cmocka_unit_test(test_slider), cmocka_unit_test(test_several), \
        cmocka_unit_test(test_starts_again), cmocka_unit_test(test_style), \
        cmocka_unit_test(test_overlay), cmocka_unit_test(test_missing_model)

#endif
