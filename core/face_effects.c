#include "face_effects.h"

#include <stdio.h>

#include "clock.h"
#include "face_chain.h"
#include "gaze_chain.h"
#include "model_file.h"
#include "stage_times.h"

/* What a chain is told of a frame. */
typedef union values {
    mi_gaze_chain_values gaze;
    mi_face_chain_values face;
} values;

static void ask_gaze(values *v, const mi_effect_frame *frame)
{
    const double *asked = frame->wish.number;
    v->gaze = (mi_gaze_chain_values){.wanted = (float)asked[MI_EFFECT_GAZE],
                                     .yaw = (float)asked[MI_ASKED_GAZE_X],
                                     .pitch = (float)asked[MI_ASKED_GAZE_Y],
                                     .learn = asked[MI_ASKED_GAZE_LEARN],
                                     .smooth = frame->smooth, .dt = frame->dt,
                                     .reset = frame->reset};
}

static void ask_age(values *v, const mi_effect_frame *frame)
{
    const double most = mien_params(NULL)[MI_PARAM_AGE].max; /* the network knows it as 1 */
    v->face = (mi_face_chain_values){.wanted = (float)(frame->wish.number[MI_EFFECT_AGE] / most),
                                     .smooth = frame->smooth, .dt = frame->dt,
                                     .reset = frame->reset, .bare = frame->bare};
}

static const struct {
    const char *name, *file, *what; /* of its stage; of its model, and how messages call that */
    const mi_slot_calls *chain;
    void (*ask)(values *v, const mi_effect_frame *frame);
} row[MI_EFFECTS] = {
    [MI_EFFECT_GAZE] = {"gaze", "gaze.onnx", "gaze model", &mi_gaze_chain, ask_gaze},
    [MI_EFFECT_AGE] = {"age", "face-age.onnx", "age model", &mi_face_chain, ask_age}};

int mi_face_effects_add(mi_face_effects *e, mi_effect effect, mvk_device *device,
                        mi_transfer *transfer, const mien_frame *shape, const char *models,
                        mi_log *log)
{
    char path[2 * MI_TEXT_MAX];
    if (e->chain[effect])
        return MIEN_OK;
    snprintf(path, sizeof path, "%s/%s", mi_models_folder(models), row[effect].file);
    mi_face_effect_config config = {.transfer = transfer, .shape = *shape, .path = path,
                                    .what = row[effect].what};
    return mi_face_slots_create(&e->chain[effect], row[effect].chain, device, &config, log);
}

void mi_face_effects_close(mi_face_effects *e)
{
    for (int i = 0; i < MI_EFFECTS; i++) {
        e->had[i] = e->chain[i] != NULL;
        mi_face_slots_destroy(&e->chain[i]);
    }
}

int mi_face_effects_reopen(mi_face_effects *e, mvk_device *device, mi_transfer *transfer,
                           const mien_frame *shape, const char *models, mi_log *log)
{
    int status = MIEN_OK;
    for (int i = 0; i < MI_EFFECTS && status == MIEN_OK; i++)
        if (e->had[i])
            status = mi_face_effects_add(e, (mi_effect)i, device, transfer, shape, models, log);
    return status;
}

int mi_face_effects_run(mi_face_effects *e, const mien_face *face, const float *amount,
                        int32_t count, const mi_effect_frame *frame)
{
    int status = MIEN_OK;
    e->changed = false;
    for (int i = 0; i < MI_EFFECTS && status == MIEN_OK; i++) {
        bool changed = false;
        double start = mi_now_ms();
        e->ran[i] = count > 0 && e->chain[i] && frame->wish.number[i] != 0;
        if (e->ran[i]) {
            values v;
            row[i].ask(&v, frame);
            status = mi_face_slots_run(e->chain[i], face, amount, count, &v, &changed);
        }
        e->ms[i] = mi_now_ms() - start;
        e->changed = e->changed || changed;
    }
    return status;
}

void mi_face_effects_stats(const mi_face_effects *e, mien_stats *stats)
{
    for (int i = 0; i < MI_EFFECTS; i++)
        if (e->ran[i])
            mi_add_stage(stats, row[i].name, e->ms[i], 2e-9 * mi_face_slots_mac(e->chain[i]));
}
