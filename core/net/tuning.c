#include "tuning.h"

#include <stdlib.h>
#include <string.h>

#include "../hash.h"
#include "gemm.h"

static const char NAME[] = "tuned";

int32_t mi_tuning_find(const mi_tuning *t, uint64_t key)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].key == key)
            return (int32_t)t->list[i].choice;
    return -1;
}

bool mi_tuning_put(mi_tuning *t, uint64_t key, int32_t choice)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->list[i].key == key) {
            t->list[i].choice = choice;
            return true;
        }
    if (t->count == t->room) {
        size_t room = t->room * 2 + 32;
        mi_tuned *list = realloc(t->list, room * sizeof *list);
        if (!list)
            return false;
        t->list = list;
        t->room = room;
    }
    t->list[t->count++] = (mi_tuned){key, choice};
    return true;
}

void mi_tuning_free(mi_tuning *t)
{
    free(t->list);
    memset(t, 0, sizeof *t);
}

/* Of what a choice means: other kernels are other choices. */
static uint64_t table_version(void)
{
    return mi_gemm_hash(mi_kernels_hash(MI_HASH_START));
}

void mi_tuning_read(mi_tuning *t, const mvk_device *d)
{
    void *data;
    size_t size;
    uint64_t version = table_version(), usable = mi_gemm_usable(d);
    if (!mi_cache_read(&d->cache, NAME, &data, &size))
        return;
    const char *from = data;
    bool ours = size >= sizeof version && memcmp(from, &version, sizeof version) == 0;
    for (size_t at = sizeof version; ours && at + sizeof(mi_tuned) <= size;
         at += sizeof(mi_tuned)) {
        mi_tuned e;
        memcpy(&e, from + at, sizeof e);
        if (e.choice >= 0 && e.choice < mi_gemm_choices() && (usable >> e.choice & 1))
            mi_tuning_put(t, e.key, (int32_t)e.choice);
    }
    free(data);
}

void mi_tuning_write(const mi_tuning *t, mvk_device *d)
{
    uint64_t version = table_version();
    size_t first = t->count > MI_TUNING_MAX ? t->count - MI_TUNING_MAX : 0;
    size_t bytes = (t->count - first) * sizeof *t->list;
    char *data = malloc(sizeof version + bytes);
    if (!data)
        return;
    memcpy(data, &version, sizeof version);
    if (bytes)
        memcpy(data + sizeof version, t->list + first, bytes);
    mi_cache_write(&d->cache, NAME, data, sizeof version + bytes);
    free(data);
}
