#include "face_slots.h"

#include <stdlib.h>
#include <string.h>

/* Frames in place may be too large for the device. */
static int check(mvk_device *device, const mi_face_effect_config *config, mi_log *log)
{
    if (config->transfer->bytes <= device->limits.maxStorageBufferRange)
        return MIEN_OK;
    return mi_fail(log, MIEN_ERR_UNSUPPORTED, "frames of %dx%d are too large for '%s'",
                   (int)config->shape.width, (int)config->shape.height, device->name);
}

static void record(const mi_face_slots *s, mvk_commands *list, int32_t slot)
{
    mvk_barrier(list); /* the last face's pictures were read */
    s->calls->record(s->effect, list, slot);
    mvk_barrier_host(list);
}

static int record_list(const mi_face_slots *s, mvk_commands *list, int32_t slot, bool first)
{
    int status = mvk_commands_create(s->device, list, 0);
    if (status == MIEN_OK)
        status = mvk_commands_begin(s->device, list);
    if (status != MIEN_OK)
        return status;
    if (first)
        mvk_commands_first(list);
    record(s, list, slot);
    return mvk_commands_end(s->device, list);
}

static int make_slots(mi_face_slots *s)
{
    mvk_commands first = {0};
    int status = MIEN_OK;
    for (int32_t i = 0; i < MIEN_FACES_MAX && status == MIEN_OK; i++)
        status = s->calls->create(s->effect, i);
    if (status == MIEN_OK)
        status = mvk_pipelines_build(s->device);
    for (int32_t i = 0; i < MIEN_FACES_MAX && status == MIEN_OK; i++)
        status = record_list(s, &s->list[i], i, false);
    if (status == MIEN_OK)
        status = record_list(s, &first, 0, true);
    if (status == MIEN_OK)
        status = mvk_submit_first(s->device, &first);
    mvk_commands_destroy(s->device, &first);
    return status;
}

static int make(mi_face_slots *s, const mi_face_effect_config *config, mi_log *log)
{
    mi_arena arena = {0};
    int status = s->calls->open(s->effect, s, config, &arena, log);
    if (status == MIEN_OK)
        status = mvk_buffer_create(s->device, &s->arena, (VkDeviceSize)arena.vec4s * 16,
                                   MVK_MEMORY_DEVICE);
    if (status == MIEN_OK)
        status = mvk_buffer_clear(s->device, &s->arena); /* the history of what was never shown */
    if (status == MIEN_OK && s->calls->fill)
        status = s->calls->fill(s->effect);
    return status == MIEN_OK ? make_slots(s) : status;
}

int mi_face_slots_create(mi_face_slots **slots, const mi_slot_calls *calls, mvk_device *device,
                         const mi_face_effect_config *config, mi_log *log)
{
    *slots = NULL;
    int status = check(device, config, log);
    if (status != MIEN_OK)
        return status;
    mi_face_slots *s = calloc(1, sizeof *s);
    void *effect = calloc(1, calls->bytes);
    if (!s || !effect) {
        free(s);
        free(effect);
        return mi_fail(log, MIEN_ERR_NOMEM, "out of memory");
    }
    *s = (mi_face_slots){.device = device, .transfer = config->transfer, .effect = effect,
                         .calls = calls};
    status = make(s, config, log);
    if (status != MIEN_OK)
        mi_face_slots_destroy(&s);
    *slots = s;
    return status;
}

void mi_face_slots_destroy(mi_face_slots **slots)
{
    mi_face_slots *s = *slots;
    if (!s)
        return;
    *slots = NULL;
    for (int32_t i = 0; i < MIEN_FACES_MAX; i++) {
        mvk_commands_destroy(s->device, &s->list[i]);
        s->calls->destroy(s->effect, i);
    }
    mvk_buffer_destroy(s->device, &s->arena);
    s->calls->close(s->effect);
    free(s->effect);
    free(s);
}

double mi_face_slots_mac(const mi_face_slots *s)
{
    return s->calls->mac(s->effect) * s->faces;
}

/* The slot of a face; a new one gets the slot that was used longest ago. */
static int32_t slot_of(const mi_face_slots *s, uint32_t id)
{
    int32_t oldest = 0;
    for (int32_t i = 0; i < MIEN_FACES_MAX; i++) {
        if (s->id[i] == id)
            return i;
        if (s->used[i] < s->used[oldest])
            oldest = i;
    }
    return oldest;
}

static const mvk_commands *take(mi_face_slots *s, const mien_face *faces, int32_t number,
                                float amount, const void *values)
{
    const mien_face *face = &faces[number];
    int32_t i = slot_of(s, face->id);
    mi_slot_face of = {.face = face, .number = number, .amount = amount,
                       .known = s->id[i] == face->id};
    of.last_frame = of.known && s->used[i] + 1 == s->frame;
    s->id[i] = face->id;
    s->used[i] = s->frame;
    s->calls->prepare(s->effect, i, &of, values);
    return &s->list[i];
}

int mi_face_slots_run(mi_face_slots *s, const mien_face *face, const float *amount, int32_t count,
                      const void *values, bool *changed)
{
    const mvk_commands *list[MIEN_FACES_MAX + 2], *of_face[MIEN_FACES_MAX];
    uint32_t faces = 0, lists;
    s->frame++;
    if (!s->calls->begin(s->effect, values))
        count = 0;
    for (int32_t i = 0; i < count; i++)
        if (!face[i].lost && amount[i] > 0)
            of_face[faces++] = take(s, face, i, amount[i], values);
    *changed = faces > 0;
    s->faces = (int32_t)faces;
    if (faces == 0)
        return MIEN_OK;
    lists = mi_transfer_upload(s->transfer, list);
    memcpy(list + lists, of_face, faces * sizeof *of_face);
    lists += faces;
    lists += mi_transfer_return(s->transfer, &list[lists]);
    return mvk_submit_lists(s->device, list, lists);
}
