/* What was last shown of each face, for `hold`. */
#ifndef MI_FACE_KEPT_H
#define MI_FACE_KEPT_H

#include "face_outline.h"
#include "guard.h"

typedef struct mi_kept_face {
    uint32_t id;            /* 0: free */
    size_t start, bytes;    /* in the pool */
    size_t at[3], pitch[3]; /* bytes: where each plane starts in the pool, and its rows' length */
    int32_t x0, y0, x1, y1; /* pixels of the frame; as in mi_outline */
    float middle_x, middle_y; /* of the face then, pixels */
} mi_kept_face;

typedef struct mi_kept {
    uint8_t *pool;
    size_t bytes;
    mi_kept_face face[MIEN_FACES_MAX];
} mi_kept;

bool mi_kept_create(mi_kept *kept, const mien_frame *shape); /* false: no memory */
void mi_kept_destroy(mi_kept *kept);

/* As mi_face_area_keep(). A face for which the pool has no room is not kept. */
void mi_kept_update(mi_kept *kept, const mien_frame *out, const mi_guarded *faces, int32_t count);

/* What was kept of a face, or NULL; *dx, *dy: how far it has moved since then, whole pixels that
 * keep chroma samples on chroma samples. */
const mi_kept_face *mi_kept_find(const mi_kept *kept, const mien_frame *shape,
                                 const mi_guarded *guarded, int32_t *dx, int32_t *dy);

/* Row `row` of a plane as it was kept, moved by (dx, dy), from pixel column x0 (even) up to x1;
 * beyond what was kept its border goes on. Returns the bytes, in `scratch` or in the pool. */
const uint8_t *mi_kept_row(const mi_kept *kept, const mi_kept_face *face, const mien_frame *shape,
                           int plane, int32_t row, int32_t dx, int32_t dy, int32_t x0, int32_t x1,
                           uint8_t *scratch);

#endif
