/* Push constants of a face's history, shared by C and GLSL. Places are vec4 offsets in the
 * arena. */
#ifndef SKIN_PUSH_H
#define SKIN_PUSH_H
#ifndef VULKAN /* C */
#include <stdint.h>
#define SKIN_INT int32_t
#else
#define SKIN_INT int
#endif

struct skin_push {
    SKIN_INT size;           /* columns and rows of the atlas in texels, twice those of the maps */
    SKIN_INT square;         /* columns and rows of crop and model, pixels */
    SKIN_INT tiles;          /* floats: tiles of 8 x 4 texels that are in use, column + 1024 row */
    SKIN_INT at, uv;         /* maps, see core/face/face_maps.h */
    SKIN_INT share;          /* floats, a map element: of the face's area in it, 0..1 */
    SKIN_INT patches;        /* columns and rows of what shifts are found for */
    SKIN_INT glance;         /* 4x4 map elements: luma before, luma now, how surely it is seen, 0 */
    SKIN_INT anew;           /* one: 1: there is no history of this face */
    SKIN_INT look;           /* a map element: luma before, luma now, how surely it is seen, 0 */
    SKIN_INT shift;          /* a patch: how far the skin has slipped, texels x, y; what of that is
                              * the sway of the whole face */
    SKIN_INT step;           /* of finding them, 0 first */
    SKIN_INT crop;           /* R'G'B' of the face's square, how much is wanted */
    SKIN_INT texture;        /* a texel: the same there, the network's picture */
    SKIN_INT result;         /* a texel: of the network, residual R'G'B', gain of what is finer */
    SKIN_INT view;           /* a texel: change of colour in the picture (-1: unknown), of luma, how
                              * surely seen, share of the effect to show */
    SKIN_INT seen;           /* 4x4 texels: how surely nothing covers them */
    SKIN_INT history, state; /* a texel: blended result; R'G'B' it belongs to, frames in it (64 at
                              * most) + share of patience used up (below 1) */
    SKIN_INT shown;          /* a texel: what is to be seen */
    SKIN_INT model;          /* a pixel of the square, see compose/skin_apply.comp */
    float kr, kb;            /* luma weights of red and blue */
};

#endif
