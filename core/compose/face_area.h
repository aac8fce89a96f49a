/* Work on the finished frame in the areas of faces, in host memory and for every pixel format:
 * restrict an effect to faces or to the background, cover lost faces, draw the overlay. Bytes
 * outside the touched areas are not written, alpha and X never.
 *
 * In a frame: mi_face_area_restrict(), mi_face_area_cover(), mi_face_area_keep(), then what no
 * cover may hold (the overlay). No allocation after create; one thread. */
#ifndef MI_FACE_AREA_H
#define MI_FACE_AREA_H

#include "../frame.h"
#include "guard.h"
#include "view.h"

typedef enum mi_style_area { MI_AREA_FRAME = 0, MI_AREA_FACE, MI_AREA_BACKGROUND } mi_style_area;

/* How much of an effect there is in faces and in the rest of the frame, 0..1. From one area to
 * another both go gradually, so that neither pops. */
typedef struct mi_area_shares {
    float faces, rest;
} mi_area_shares;

mi_area_shares mi_area_shares_of(mi_style_area area);
bool mi_area_is_frame(mi_area_shares shares); /* all of it: nothing to restrict */

/* Scratch for frames of one shape: rows, and what was kept of faces of the last frame out (for
 * `hold`; room for two frames, touched only as far as faces need). */
typedef struct mi_face_area mi_face_area;

/* `shape`: format, size and colour of the frames that follow. MIEN_OK or MIEN_ERR_NOMEM. */
int mi_face_area_create(mi_face_area **area, const mien_frame *shape, mi_log *log);
void mi_face_area_destroy(mi_face_area **area); /* *area may be NULL */

/* The part of a frame of this shape outside of which mi_face_area_restrict() takes `in`, if the
 * rest has no share. */
mi_frame_part mi_face_area_part(const mien_frame *shape, const mi_guarded *faces, int32_t count);

/* out = mix(in, out, mix(shares.rest, shares.faces, mask)); mask: the faces' outlines
 * (face_outline.h), feathered by 5 % of the face's shorter side half to each side, times their
 * amounts. Where that is 0, out gets the bytes of in, and where it is 1 out is not written: faces
 * alone copies the frame around them. `in` and `out` do not share planes. */
void mi_face_area_restrict(mi_face_area *area, const mien_frame *in, const mien_frame *out,
                           const mi_guarded *faces, int32_t count, mi_area_shares shares);

/* Covers faces with cover > 0 as on_lost says, whole inside the outline times margin and
 * feathered outside of it, but for the outlines of other faces that are in front. `hold` shows what
 * was kept, moved along with the face in whole pixels (even ones where chroma is halved), and blurs
 * where nothing was kept; `pass` blurs too. */
void mi_face_area_cover(mi_face_area *area, const mien_frame *out, const mi_guarded *faces,
                        int32_t count, mi_on_lost on_lost);

/* Call it in every frame in which a face was changed, after the covers: keeps what `hold` may
 * need. A face with a cover is not kept again, so it is shown again and again without loss. */
void mi_face_area_keep(mi_face_area *area, const mien_frame *out, const mi_guarded *faces,
                       int32_t count);

#endif
