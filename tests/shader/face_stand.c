#include "face_stand.h"

#include <stdio.h>
#include <string.h>

#include "test_files.h"

static int create(face_stand *s, device_rig *rig, const mien_frame *shape, const char *path,
                  mi_log *log)
{
    assert_int_equal(mi_transfer_create(&s->transfer, rig->device, shape), MIEN_OK);
    mi_face_effect_config config = {.transfer = &s->transfer, .shape = *shape, .path = path,
                                    .what = s->effect->what};
    return mi_face_slots_create(&s->slots, s->effect->chain, rig->device, &config, log);
}

void face_stand_up(face_stand *s, device_rig *rig, const face_effect *effect, mien_format format,
                   const char *path)
{
    const frame_layout dense = {0, false};
    memset(s, 0, sizeof *s);
    s->effect = effect;
    s->in = test_frame_make(format, STAND_W, STAND_H, &dense);
    s->out = test_frame_make(format, STAND_W, STAND_H, &dense);
    assert_int_equal(create(s, rig, &s->in.frame, path, &rig->log), MIEN_OK);
}

void face_stand_down(face_stand *s)
{
    mi_face_slots_destroy(&s->slots);
    mi_transfer_destroy(&s->transfer);
    test_frame_free(&s->in);
    test_frame_free(&s->out);
}

bool face_stand_run(face_stand *s, const mien_face *face, const float *amount, int32_t count,
                    const void *values)
{
    bool changed;
    mi_transfer_put(&s->transfer, &s->in.frame);
    assert_int_equal(mi_face_slots_run(s->slots, face, amount, count, values, &changed),
                     MIEN_OK);
    mi_frame_unpack(&s->out.frame, mi_transfer_input(&s->transfer, changed));
    return changed;
}

bool face_stand_run_one(face_stand *s, const mien_face *face, const void *values)
{
    static const float all = 1;
    return face_stand_run(s, face, &all, 1, values);
}

void face_stand_check_crowd(face_stand *s, face_crowd *crowd, void *test, const void *values)
{
    static const float each[MIEN_FACES_MAX] = {1, 1, 0.5f, 1, 1, 0, 1, 1};
    mien_face face[MIEN_FACES_MAX];
    for (uint32_t round = 0; round < 3; round++) {
        crowd(test, 1 + 5 * round, face);
        assert_true(face_stand_run(s, face, each, MIEN_FACES_MAX, values));
    }
    assert_true(test_frame_intact(&s->out));
}

void face_stand_check_idle(face_stand *s, const mien_face *face, const void *values,
                           const void *nothing)
{
    mien_face lost = *face;
    lost.lost = true;
    assert_false(face_stand_run_one(s, &lost, values));
    assert_true(test_frame_equal(&s->in.frame, &s->out.frame));
    assert_false(face_stand_run_one(s, face, nothing));
    assert_true(test_frame_equal(&s->in.frame, &s->out.frame));
}

void face_stand_check_refused(device_rig *rig, const face_effect *effect, const char *path,
                              int status, const char *words)
{
    const mien_frame shape = {.format = MIEN_FORMAT_RGBA, .width = STAND_W, .height = STAND_H};
    face_stand s = {.effect = effect};
    mi_log log;
    mi_log_init(&log, NULL);
    assert_int_equal(create(&s, rig, &shape, path, &log), status);
    assert_null(s.slots);
    print_message("%s\n", log.error);
    assert_non_null(strstr(log.error, words));
    assert_non_null(strstr(log.error, path));
    mi_log_finish(&log);
    mi_transfer_destroy(&s.transfer);
}

void face_stand_check_no_model(device_rig *rig, const face_effect *effect, const char *folder)
{
    char path[TEST_PATH];
    snprintf(path, sizeof path, "%s/none.onnx", folder);
    face_stand_check_refused(rig, effect, path, MIEN_ERR_IO, "No such file");
    snprintf(path, sizeof path, "%s/text.onnx", folder);
    test_file_write(path, "no network", 10);
    face_stand_check_refused(rig, effect, path, MIEN_ERR_MODEL, "not an ONNX model");
}
