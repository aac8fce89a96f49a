#include "face_slots.h"

#include <string.h>

int mi_face_slots_check(mvk_device *device, const mi_face_effect_config *config, mi_log *log)
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

int mi_face_slots_open(mi_face_slots *s, int64_t vec4s)
{
    int status = mvk_buffer_create(s->device, &s->arena, (VkDeviceSize)vec4s * 16,
                                   MVK_MEMORY_DEVICE);
    return status == MIEN_OK ? mvk_buffer_clear(s->device, &s->arena) : status;
}

int mi_face_slots_make(mi_face_slots *s)
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

void mi_face_slots_destroy(mi_face_slots *s)
{
    if (!s->device)
        return;
    for (int32_t i = 0; i < MIEN_FACES_MAX; i++) {
        mvk_commands_destroy(s->device, &s->list[i]);
        s->calls->destroy(s->effect, i);
    }
    mvk_buffer_destroy(s->device, &s->arena);
    memset(s, 0, sizeof *s);
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
