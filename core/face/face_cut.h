/* Does a new scene start with this frame? Compares a coarse luma grid with the last frame's. A
 * zeroed object is ready for use. No allocation; one thread. */
#ifndef MI_FACE_CUT_H
#define MI_FACE_CUT_H

#include "../frame.h"

enum { MI_CUT_COLUMNS = 32, MI_CUT_ROWS = 18 };

typedef struct mi_cut {
    bool started;
    uint8_t cell[MI_CUT_ROWS * MI_CUT_COLUMNS]; /* of the last frame that was not flat */
} mi_cut;

/* True if `frame` (any format and size, checked, planes in host memory) does not go on from the one
 * before; false for the first one. Fast motion, a hand before the camera or a light that is
 * switched on are no cut. Flat frames (black, a flash) are passed over: the next one is compared
 * with the last one before them. */
bool mi_cut_step(mi_cut *cut, const mien_frame *frame);
void mi_cut_reset(mi_cut *cut);

#endif
