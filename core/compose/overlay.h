/* Draws what the analysis sees onto a frame, in host memory and for every pixel format. For
 * looking at: it is drawn last, over everything, and nothing that is kept may see it. */
#ifndef MI_OVERLAY_H
#define MI_OVERLAY_H

#include "../frame.h"

enum { /* flags of the parameter `overlay` */
    MI_OVERLAY_FACES = 1, /* box (lost: red and dashed), id and presence, visibility of the regions
                           * as dots from green to red, gaze as an arrow from between the eyes,
                           * angles */
    MI_OVERLAY_MESH = 2,
    MI_OVERLAY_IRIS = 4,
    MI_OVERLAY_MASK = 8,  /* the face's area, tinted by how visible its regions are */
    MI_OVERLAY_TIMING = 16
};

/* `edge`: pairs of points, the lines of the mesh; NULL: its points are drawn. `stats`: for the
 * timings; NULL: none. Both are borrowed during the call. */
typedef struct mi_overlay {
    unsigned flags;
    const uint16_t (*edge)[2];
    int32_t edges;
    const mien_stats *stats;
} mi_overlay;

/* No allocation, no state: any thread. */
void mi_overlay_draw(const mi_overlay *overlay, const mien_frame *out, const mien_face *faces,
                     int32_t count);

#endif
