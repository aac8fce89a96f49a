/* Draws what the analysis sees onto a frame, in host memory and for every pixel format. */
#ifndef MI_OVERLAY_H
#define MI_OVERLAY_H

#include "../frame.h"

enum { /* flags of the parameter `overlay` */
    MI_OVERLAY_FACES = 1, /* box, id, angles, gaze arrow, visibility of the regions */
    MI_OVERLAY_MESH = 2,
    MI_OVERLAY_IRIS = 4,
    MI_OVERLAY_MASK = 8,  /* the face's area, tinted by how visible its regions are */
    MI_OVERLAY_TIMING = 16
};

/* `edge`: pairs of points, the lines of the mesh. `stats`: for the timings; NULL: none. */
typedef struct mi_overlay {
    unsigned flags;
    const uint16_t (*edge)[2];
    int32_t edges;
    const mien_stats *stats;
} mi_overlay;

void mi_overlay_draw(const mi_overlay *overlay, const mien_frame *out, const mien_face *faces,
                     int32_t count);

#endif
