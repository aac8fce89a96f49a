/* Work on the finished frame in the areas of faces, in host memory and for every pixel format:
 * restrict an effect to faces or to the background, cover lost faces, draw the overlay. Bytes
 * outside the touched areas are not written. */
#ifndef MI_FACE_AREA_H
#define MI_FACE_AREA_H

#include "../frame.h"
#include "guard.h"

typedef enum mi_style_area { MI_AREA_FRAME = 0, MI_AREA_FACE, MI_AREA_BACKGROUND } mi_style_area;

/* Scratch for frames of one shape: masks, the last frame out (for `hold`). */
typedef struct mi_face_area mi_face_area;

int mi_face_area_create(mi_face_area **area, const mien_frame *shape, mi_log *log);
void mi_face_area_destroy(mi_face_area **area); /* *area may be NULL */

/* out = mix(in, out, mask): the faces' outlines, feathered by 5 % of the face's width, times their
 * amounts; MI_AREA_BACKGROUND: 1 - that. Where the mask is 0, out gets the bytes of in. `in` and
 * `out` do not share planes. */
void mi_face_area_restrict(mi_face_area *area, const mien_frame *in, const mien_frame *out,
                           const mi_guarded *faces, int32_t count, mi_style_area where);

/* Covers faces with cover > 0 as on_lost says, feathered outside of the outline. `hold` shows
 * the last frame out, moved along with the face. */
void mi_face_area_cover(mi_face_area *area, const mien_frame *out, const mi_guarded *faces,
                        int32_t count, mi_on_lost on_lost);

/* Call it last in every frame in which a face was changed: keeps what `hold` may need. */
void mi_face_area_keep(mi_face_area *area, const mien_frame *out, const mi_guarded *faces,
                       int32_t count);

#endif
