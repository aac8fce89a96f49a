/* A network with kernels that were found right on the device, and the memory of what was found. */
#include "net_check.h"

#include <stdlib.h>
#include <string.h>

#include "../hash.h"
#include "gemm.h"

static const char NAME[] = "checked";
enum { FOUND_MAX = 256 };

/* What was found of a network with these kernels. */
typedef struct finding {
    uint64_t network;
    uint64_t safe; /* 1: the fast kernels were wrong, the safe ones right; 0: the fast ones right */
} finding;

/* Of the network and of what computes it: another library may have other kernels. */
static uint64_t network_key(const void *bytes, size_t size)
{
    uint64_t kernels = mi_gemm_hash(mi_kernels_hash(MI_HASH_START));
    const char *version = mien_version();
    return mi_hash(mi_hash(kernels, version, strlen(version)), bytes, size);
}

/* The stored findings and room for one more; the newest comes last. NULL: no memory. */
static finding *read_findings(const mvk_device *d, size_t *count)
{
    void *data;
    size_t size;
    finding *list = malloc((FOUND_MAX + 1) * sizeof *list);
    *count = 0;
    if (!list || !mi_cache_read(&d->cache, NAME, &data, &size))
        return list;
    if (size % sizeof *list == 0 && size / sizeof *list <= FOUND_MAX) {
        *count = size / sizeof *list;
        if (size)
            memcpy(list, data, size);
    }
    free(data);
    return list;
}

static bool recall(const mvk_device *d, uint64_t network, bool *safe)
{
    size_t count;
    bool found = false;
    finding *list = read_findings(d, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].network == network) {
            *safe = list[i].safe != 0;
            found = true;
        }
    free(list);
    return found;
}

/* What is old goes when there is no room. A finding that another process stores at the same time
 * may be lost: that network is checked once more. */
static void remember(mvk_device *d, uint64_t network, bool safe)
{
    size_t count;
    finding *list = read_findings(d, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].network == network && list[i].safe == safe)
            goto known; /* another process was as quick */
    if (!list)
        return;
    size_t first = count == FOUND_MAX;
    list[count++] = (finding){network, safe};
    mi_cache_write(&d->cache, NAME, list + first, (count - first) * sizeof *list);
known:
    free(list);
}

/* Checks with fast kernels, where the device has some, and with safe ones if these are wrong. */
static int find_kernels(mvk_device *d, const mi_pair *pair, const void *bytes, size_t size,
                        const char *name, bool *safe, mi_log *log)
{
    mi_verdict v;
    for (*safe = mi_kernel_family(d) == MI_FAMILY_PLAIN;; *safe = true) {
        int status = mi_net_check(d, pair, bytes, size, name, *safe, &v, log);
        if (status != MIEN_OK || v.right)
            return status;
        if (*safe)
            break;
        mi_log_write(log, MIEN_LOG_WARNING, "device '%s' computes '%.160s' wrongly with its fast "
                     "kernels (output '%s' is off by %.3g, %.3g is allowed): safe ones are tried",
                     d->name, name, v.output, v.error, v.limit);
    }
    d->wrong = true;
    return mi_fail(log, MIEN_ERR_UNSUPPORTED, "device '%s' computes '%.160s' wrongly (output '%s' "
                   "is off by %.3g, %.3g is allowed)", d->name, name, v.output, v.error, v.limit);
}

int mi_net_open(mi_net *net, mvk_device *d, const mi_graph *graph, const void *bytes, size_t size,
                const char *name, mi_log *log)
{
    mi_pair pair;
    bool safe = false;
    uint64_t network = network_key(bytes, size);
    bool known = recall(d, network, &safe);
    /* Made first: the check shares its pipelines. */
    int status = mi_net_create(net, d, graph, safe, log);
    if (status == MIEN_OK)
        status = mi_net_tune(net, graph, log);
    if (status != MIEN_OK || known)
        return status;
    status = mi_pair_read(&pair, bytes, size, name, log);
    if (status == MIEN_OK && pair.outputs == 0) {
        mi_log_write(log, MIEN_LOG_DEBUG, "'%.200s' has no mien.check: the device is not checked "
                     "with it", name);
        return MIEN_OK;
    }
    if (status == MIEN_OK)
        status = find_kernels(d, &pair, bytes, size, name, &safe, log);
    if (status != MIEN_OK) {
        mi_net_destroy(net);
        return status;
    }
    remember(d, network, safe);
    if (!safe || mi_kernel_family(d) == MI_FAMILY_PLAIN)
        return MIEN_OK;
    mi_net_destroy(net);
    return mi_net_create(net, d, graph, true, log);
}
