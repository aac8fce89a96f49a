/* A face as a texture. Its atlas is a square of texture coordinates (u, v), 0..1, in which every
 * point of the mesh has a fixed place (mi_mean_face.uv): what is kept there stays on the skin while
 * the face moves in the frame. The maps of a frame say where in a square of the frame the atlas'
 * texels lie, and which texel lies where in that square. Pure arithmetic: no allocation, any
 * thread. */
#ifndef MI_FACE_MAPS_H
#define MI_FACE_MAPS_H

#include "face.h"

enum { MI_MAP = 128, MI_TEXELS = MI_MAP * MI_MAP }; /* columns and rows of either map */

typedef struct mi_texel {
    uint16_t point[3]; /* of the mesh, around it or, outside of the mesh, near it */
    float weight[3];   /* their sum is 1 */
    float share;       /* 1 within the face, falling smoothly to 0 at its edge and outside */
} mi_texel;

/* Texel (i, j), row by row, is the one around ((i + 0.5) / MI_MAP, (j + 0.5) / MI_MAP). Constant
 * once it is made; about 450 kB. */
typedef struct mi_atlas {
    mi_texel texel[MI_TEXELS];
} mi_atlas;

void mi_atlas_make(mi_atlas *atlas);

/* The tiles of w x h texels, of an atlas with MI_MAP / w columns of them, in which the share is not
 * 0 everywhere: column + row * MI_TILE_ROW each, row by row. Returns how many, at most
 * MI_TEXELS / (w * h). */
enum { MI_TILE_ROW = 1024 };
int32_t mi_atlas_tiles(const mi_atlas *atlas, int32_t w, int32_t h, float *tile);

void mi_atlas_shares(const mi_atlas *atlas, float share[MI_TEXELS]); /* row by row */

/* Element k of a map is the one around the same position as texel k of the atlas, for `uv` in the
 * square (mi_roi's u, v). */
typedef struct mi_maps {
    /* Of the atlas' texels: position in the square, 0..1 where it is inside; how surely it is seen,
     * 0..1: turned to the camera, not behind other skin, inside the square; how surely nothing
     * covers it, 0..1. */
    float (*at)[4];
    /* Of places in the square: u, v; how surely skin is seen there if nothing covers it, 0..1:
     * turned to the camera and not at the face's outline, 0 beside it and between the lips; depth
     * in sides of the square, for mi_maps_make() only. */
    float (*uv)[4];
} mi_maps;

/* Outside of these, x0, y0, x1, y1 each, no face is: of the square, 0..1 from its corner, empty
 * where x1 <= x0 or y1 <= y0; of the frame, pixels. */
typedef struct mi_extent {
    float square[4], frame[4];
} mi_extent;

/* The maps of a face whose steadied points are `point`, pixels of the frame. Any finite points
 * will do. `bare`: how surely nothing covers each of these points, 0..1 (mi_measure_bare()); NULL:
 * nothing does. */
mi_extent mi_maps_make(const mi_maps *maps, const mi_atlas *atlas, const mi_roi *square,
                       const float point[MI_POINTS][3], const float *bare);

/* The square that generators of whole faces see: upright with the eyes, 2.4 times as wide as the
 * outer corners of the eyes of a face that looks straight ahead are apart, from above the hairline
 * to below the chin. A turned head has the same size: distances are taken in space. */
mi_roi mi_face_square(const float point[MI_POINTS][3]);

#endif
