/* The area of a face in the frame as a convex outline, and its soft mask row by row. Pure
 * arithmetic: no allocation, any thread. */
#ifndef MI_FACE_OUTLINE_H
#define MI_FACE_OUTLINE_H

#include <mien/mien.h>

enum { MI_OUTLINE_CORNERS = 64 };

typedef struct mi_outline {
    float x[MI_OUTLINE_CORNERS], y[MI_OUTLINE_CORNERS]; /* pixels, clockwise; the last one joins
                                                         * the first; may lie outside the frame */
    int32_t corners; /* 1..MI_OUTLINE_CORNERS */
    float feather;   /* pixels: 5 % of the shorter side of the face, without its margin; >= 1 */
    float side;      /* pixels: that shorter side; >= 1 */
    /* Pixels of the frame that a mask may touch: x0 <= x < x1, y0 <= y < y1. x0 and y0 are even,
     * x1 and y1 even or the frame's size, so chroma samples are in or out as a whole. Empty
     * (x0 == x1) if the face lies outside. */
    int32_t x0, y0, x1, y1;
} mi_outline;

/* The convex hull of the mesh (in profile the nose lies outside of mi_face_oval), with the
 * forehead raised to about the hairline, scaled by `margin` about its middle, moved by (dx, dy).
 * width, height: the frame's size. Any finite points will do. */
void mi_outline_make(mi_outline *outline, const mien_face *face, float margin, float dx, float dy,
                     int32_t width, int32_t height);

/* A mask's profile across the outline. */
typedef enum mi_edge {
    MI_EDGE_MIDDLE, /* half on the outline, feathered to both sides */
    MI_EDGE_OUTSIDE /* whole inside and on the outline, feathered outside of it */
} mi_edge;

/* Row y (y0..y1-1) of the mask: mask[x] = max(mask[x], strength inside, 0 outside), for the
 * pixels x of the frame from `from` to `to`, within x0..x1; mask[0] is pixel `from`. */
void mi_outline_row(const mi_outline *outline, mi_edge edge, uint8_t strength, int32_t y,
                    int32_t from, int32_t to, uint8_t *mask);

#endif
