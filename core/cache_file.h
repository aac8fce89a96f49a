/* What outlives a run: named blobs in one folder, each for one device and one version of its
 * driver. Pipelines that a driver compiled, what was measured on a device, which networks were
 * found right on it. Nothing here is needed: what cannot be read is made anew, what cannot be
 * written is made anew next time.
 *
 * A blob is a file of its own, replaced as a whole, so that processes that write at the same time
 * leave one of their blobs whole. Several threads may not share a mi_cache. */
#ifndef MI_CACHE_FILE_H
#define MI_CACHE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "log.h"

enum {
    MI_CACHE_PATH = 1100,    /* bytes of the folder's path with its end */
    MI_CACHE_DRIVER = 48,    /* bytes of a driver's identity */
    MI_CACHE_MAX = 32 << 20  /* bytes of a blob */
};

typedef struct mi_cache {
    mi_log *log;
    char folder[MI_CACHE_PATH]; /* "": nothing is stored */
    uint64_t device;
    uint8_t driver[MI_CACHE_DRIVER];
    bool told; /* that nothing can be written */
} mi_cache;

/* `folder`: "" is .cache/mien in the user's home, "none" nowhere. It is made when something is
 * written. Until mi_cache_identify() nothing is stored. */
void mi_cache_open(mi_cache *cache, const char *folder, mi_log *log);

/* `device`: a number that tells the machine's devices apart. `driver`: at most MI_CACHE_DRIVER
 * bytes that change when blobs of the device are no longer good; zeros are added. */
void mi_cache_identify(mi_cache *cache, uint64_t device, const void *driver, size_t size);

/* The blob called `name` (small letters and '-'), which the caller frees. False: there is none
 * for this device and driver; a line says so where the file is damaged or of another driver. */
bool mi_cache_read(const mi_cache *cache, const char *name, void **data, size_t *size);

/* Puts a blob in the place of the old one. What is larger than MI_CACHE_MAX is not stored. The
 * first failure gives one info line. */
void mi_cache_write(mi_cache *cache, const char *name, const void *data, size_t size);

/* False: there was none. */
bool mi_cache_remove(const mi_cache *cache, const char *name);

#endif
