/* A hash for looking things up and for finding damage; no protection against forgers. */
#ifndef MI_HASH_H
#define MI_HASH_H

#include <stddef.h>
#include <stdint.h>

#define MI_HASH_START UINT64_C(14695981039346656037)

/* FNV-1a, 64 bits, of what `hash` has seen and then of `bytes`. Starts from MI_HASH_START. */
static inline uint64_t mi_hash(uint64_t hash, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * UINT64_C(1099511628211);
    return hash;
}

#endif
