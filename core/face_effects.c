#include "face_effects.h"

#include <stdio.h>

#include "clock.h"
#include "face_chain.h"
#include "gaze_chain.h"
#include "model_file.h"
#include "ramp.h"
#include "stage_times.h"

static const double HANDOVER_SECONDS = 0.2; /* from one network to another, as the sliders' ramps */

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
                                     .reset = frame->reset, .skin = frame->skin};
}

static const struct {
    const char *name; /* of its stage */
    const char *file, *what; /* of its model, and how messages call that */
    const char *high;        /* the file for quality=high; NULL: the same */
    const mi_slot_calls *chain;
    void (*ask)(values *v, const mi_effect_frame *frame);
} row[MI_EFFECTS] = {
    [MI_EFFECT_GAZE] = {"gaze", "gaze.onnx", "gaze model", NULL, &mi_gaze_chain, ask_gaze},
    [MI_EFFECT_AGE] = {"age", "face-age.onnx", "age model", "face-age-high.onnx", &mi_face_chain,
                       ask_age}};

static int load(mi_face_slots **chain, mi_effect effect, const char *file,
                const mi_effects_place *place, mi_log *log)
{
    char path[2 * MI_TEXT_MAX];
    snprintf(path, sizeof path, "%s/%s", mi_models_folder(place->models), file);
    mi_face_effect_config config = {.transfer = place->transfer, .shape = *place->shape,
                                    .path = path, .what = row[effect].what};
    return mi_face_slots_create(chain, row[effect].chain, place->device, &config, log);
}

/* `next` shows from now on, as much of it as did. */
static void take_over(mi_face_effects *e, mi_effect effect, mi_face_slots *next, const char *file)
{
    e->arrived[effect] = next == e->leaving[effect] ? 1 - e->arrived[effect] : 0;
    e->leaving[effect] = e->chain[effect];
    e->chain[effect] = next;
    e->file[effect] = file;
    e->refused[effect] = NULL;
}

int mi_face_effects_add(mi_face_effects *e, mi_effect effect, mi_quality quality,
                        const mi_effects_place *place, mi_log *log)
{
    bool high = quality == MI_QUALITY_HIGH && row[effect].high;
    const char *file = high ? row[effect].high : row[effect].file;
    bool there = e->chain[effect] != NULL;
    mi_face_slots *next = e->leaving[effect]; /* there are two: it is the other one */
    if (there && file == e->file[effect])
        e->refused[effect] = NULL;
    if (there && (file == e->file[effect] || file == e->refused[effect]))
        return MIEN_OK;
    int status = next ? MIEN_OK : load(&next, effect, file, place, log);
    if (status == MIEN_OK)
        take_over(e, effect, next, file);
    else if (there)
        e->refused[effect] = file;
    return status;
}

bool mi_face_effects_has(const mi_face_effects *e, mi_effect effect)
{
    return e->chain[effect] != NULL;
}

void mi_face_effects_close(mi_face_effects *e)
{
    for (int i = 0; i < MI_EFFECTS; i++) {
        e->file[i] = e->chain[i] ? e->file[i] : NULL;
        mi_face_slots_destroy(&e->chain[i]);
        mi_face_slots_destroy(&e->leaving[i]);
    }
}

int mi_face_effects_reopen(mi_face_effects *e, const mi_effects_place *place, mi_log *log)
{
    int status = MIEN_OK;
    for (int i = 0; i < MI_EFFECTS && status == MIEN_OK; i++)
        if (e->file[i])
            status = load(&e->chain[i], (mi_effect)i, e->file[i], place, log);
    return status;
}

/* A chain with its share of what each face gets. */
static int run_chain(mi_face_effects *e, mi_face_slots *chain, double share, const mien_face *face,
                     const float *amount, int32_t count, const values *v)
{
    float part[MIEN_FACES_MAX];
    bool changed = false;
    for (int32_t i = 0; i < count; i++)
        part[i] = (float)share * amount[i];
    int status = mi_face_slots_run(chain, face, part, count, v, &changed);
    e->changed = e->changed || changed;
    return status;
}

/* The one that leaves comes first: what the other one sees is a face that is nearly as it should
 * be, and the two shares are one change between them. */
static int run_effect(mi_face_effects *e, mi_effect i, const mien_face *face, const float *amount,
                      int32_t count, const mi_effect_frame *frame)
{
    int status = MIEN_OK;
    double share = e->leaving[i] ? e->arrived[i] : 1;
    values v;
    row[i].ask(&v, frame);
    if (e->leaving[i])
        status = run_chain(e, e->leaving[i], 1 - share, face, amount, count, &v);
    if (status == MIEN_OK)
        status = run_chain(e, e->chain[i], share, face, amount, count, &v);
    return status;
}

/* Before a frame: the one that leaves goes where nothing shows of it. */
static void hand_over(mi_face_effects *e, mi_effect i, const mi_effect_frame *frame)
{
    e->arrived[i] = mi_ramp(e->arrived[i], 1, frame->dt / HANDOVER_SECONDS);
    if (!e->ran[i] || frame->reset || e->arrived[i] == 1)
        mi_face_slots_destroy(&e->leaving[i]);
}

int mi_face_effects_run(mi_face_effects *e, const mien_face *face, const float *amount,
                        int32_t count, const mi_effect_frame *frame)
{
    int status = MIEN_OK;
    e->changed = false;
    for (int i = 0; i < MI_EFFECTS && status == MIEN_OK; i++) {
        double start = mi_now_ms();
        e->ran[i] = count > 0 && e->chain[i] && frame->wish.number[i] != 0;
        hand_over(e, (mi_effect)i, frame);
        if (e->ran[i])
            status = run_effect(e, (mi_effect)i, face, amount, count, frame);
        e->ms[i] = mi_now_ms() - start;
    }
    return status;
}

void mi_face_effects_stats(const mi_face_effects *e, mien_stats *stats)
{
    for (int i = 0; i < MI_EFFECTS; i++) {
        double mac = e->ran[i] ? mi_face_slots_mac(e->chain[i]) : 0;
        if (e->ran[i] && e->leaving[i])
            mac += mi_face_slots_mac(e->leaving[i]);
        if (e->ran[i])
            mi_add_stage(stats, row[i].name, e->ms[i], 2e-9 * mac);
    }
}
