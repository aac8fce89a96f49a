#include "face_effects.h"

#include <stdio.h>

#include "clock.h"
#include "face_chain.h"
#include "gaze_chain.h"
#include "model_file.h"
#include "stage_times.h"

static int create_gaze(void **chain, mvk_device *device, const mi_face_effect_config *config,
                       mi_log *log)
{
    mi_gaze_chain *made;
    int status = mi_gaze_chain_create(&made, device, config, log);
    *chain = made;
    return status;
}

static void destroy_gaze(void *chain)
{
    mi_gaze_chain *gaze = chain;
    mi_gaze_chain_destroy(&gaze);
}

static int run_gaze(void *chain, const mien_face *face, const float *amount, int32_t count,
                    const mi_effect_frame *frame, bool *changed)
{
    const double *asked = frame->wish.number;
    mi_gaze_chain_values values = {.wanted = (float)asked[MI_EFFECT_GAZE],
                                   .yaw = (float)asked[MI_ASKED_GAZE_X],
                                   .pitch = (float)asked[MI_ASKED_GAZE_Y],
                                   .learn = asked[MI_ASKED_GAZE_LEARN],
                                   .smooth = frame->smooth, .dt = frame->dt,
                                   .reset = frame->reset};
    return mi_gaze_chain_run(chain, face, amount, count, &values, changed);
}

static double mac_gaze(const void *chain)
{
    return mi_gaze_chain_mac(chain);
}

static int create_age(void **chain, mvk_device *device, const mi_face_effect_config *config,
                      mi_log *log)
{
    mi_face_chain *made;
    int status = mi_face_chain_create(&made, device, config, log);
    *chain = made;
    return status;
}

static void destroy_age(void *chain)
{
    mi_face_chain *age = chain;
    mi_face_chain_destroy(&age);
}

static int run_age(void *chain, const mien_face *face, const float *amount, int32_t count,
                   const mi_effect_frame *frame, bool *changed)
{
    const double most = mien_params(NULL)[MI_PARAM_AGE].max; /* the network knows it as 1 */
    mi_face_chain_values values = {.wanted = (float)(frame->wish.number[MI_EFFECT_AGE] / most),
                                   .smooth = frame->smooth, .dt = frame->dt,
                                   .reset = frame->reset, .bare = frame->bare};
    return mi_face_chain_run(chain, face, amount, count, &values, changed);
}

static double mac_age(const void *chain)
{
    return mi_face_chain_mac(chain);
}

static const struct {
    const char *name, *file, *what; /* of its stage; of its model, and how messages call that */
    int (*create)(void **chain, mvk_device *device, const mi_face_effect_config *config,
                  mi_log *log);
    void (*destroy)(void *chain);
    int (*run)(void *chain, const mien_face *face, const float *amount, int32_t count,
               const mi_effect_frame *frame, bool *changed);
    double (*mac)(const void *chain); /* of its network in the last frame */
} row[MI_EFFECTS] = {
    [MI_EFFECT_GAZE] = {"gaze", "gaze.onnx", "gaze model", create_gaze, destroy_gaze, run_gaze,
                        mac_gaze},
    [MI_EFFECT_AGE] = {"age", "face-age.onnx", "age model", create_age, destroy_age, run_age,
                       mac_age}};

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
    return row[effect].create(&e->chain[effect], device, &config, log);
}

void mi_face_effects_close(mi_face_effects *e)
{
    for (int i = 0; i < MI_EFFECTS; i++) {
        e->had[i] = e->chain[i] != NULL;
        row[i].destroy(e->chain[i]);
        e->chain[i] = NULL;
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
        if (e->ran[i])
            status = row[i].run(e->chain[i], face, amount, count, frame, &changed);
        e->ms[i] = mi_now_ms() - start;
        e->changed = e->changed || changed;
    }
    return status;
}

void mi_face_effects_stats(const mi_face_effects *e, mien_stats *stats)
{
    for (int i = 0; i < MI_EFFECTS; i++)
        if (e->ran[i])
            mi_add_stage(stats, row[i].name, e->ms[i], 2e-9 * row[i].mac(e->chain[i]));
}
