/* Pictures that cover a face: rows of black, of a strong blur, or of what was kept. */
#ifndef MI_FACE_COVER_H
#define MI_FACE_COVER_H

#include "area_rows.h"
#include "face_kept.h"

enum { MI_COVER_CELLS = 32 }; /* most cells of a blur each way */

typedef struct mi_cover {
    mien_frame shape;
    mi_part part[3];
    uint8_t *row[3];       /* black in a row of each plane */
    uint8_t *scratch;      /* a row of any plane */
    uint16_t *line[3][2];  /* two rows of cells of each plane, spread to its width; 1/256 */
    int32_t line_of[3][2]; /* which rows of cells these are */
    uint16_t cell[3][MI_COVER_CELLS * MI_COVER_CELLS]; /* mean of each part; 1/256 */
    int32_t columns, rows; /* of cells */
    mi_outline outline;    /* of the face */
    const mi_kept *kept;
    const mi_kept_face *held; /* NULL: black or blur */
    int32_t dx, dy;
    bool black;
} mi_cover;

/* `kept` is borrowed. False: no memory. */
bool mi_cover_create(mi_cover *cover, const mien_frame *shape, const mi_kept *kept);
void mi_cover_destroy(mi_cover *cover);

/* Gets ready to cover a face of `out`. */
void mi_cover_start(mi_cover *cover, const mien_frame *out, const mi_guarded *guarded,
                    mi_on_lost on_lost);

/* The cover's bytes in row `row` of a plane, from outline.x0 to outline.x1. Rows of a plane are
 * asked for from the top down. Valid until the next call. */
const uint8_t *mi_cover_row(mi_cover *cover, int plane, int32_t row);

#endif
