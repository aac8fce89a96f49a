/* Rows of frames byte by byte, whatever the format: the mixing of pictures is linear in each
 * sample, so it needs no colours. Any thread. */
#ifndef MI_AREA_ROWS_H
#define MI_AREA_ROWS_H

#include "../frame.h"

/* One of the three colour parts (Y, U, V or R, G, B, in that order) of a format. */
typedef struct mi_part {
    int32_t plane;
    int32_t offset, step; /* bytes: of its first sample in a row, and from one to the next */
    int32_t sub_x, sub_y; /* luma pixels a sample */
} mi_part;

void mi_parts(mien_format format, mi_part part[3]);

/* The samples of black in a frame like `shape`: Y, U, V or R, G, B. */
void mi_black(const mien_frame *shape, uint8_t sample[3]);

/* A row of a plane from pixel column x (even) on. */
uint8_t *mi_row_at(const mien_frame *frame, int plane, int32_t row, int32_t x);

/* The rows of a plane that belong to the pixel rows y and y + 1 (y even, inside the frame): the
 * first one and, as result, how many (1 or 2). */
int32_t mi_plane_rows(const mien_frame *frame, int plane, int32_t y, int32_t *first);

/* The mask of each byte of a plane's row from the masks of its pixels: mask[k][pixels] are the
 * pixel rows that the row covers (where chroma is not halved down, mask[0] alone counts; at the
 * last row of a frame of odd height both may be the same). A chroma sample gets the mean of its
 * own pixels, so it is untouched where these are: finer siting is lost in a feather of several
 * pixels. Alpha and X get 0. */
void mi_mask_bytes(mien_format format, int plane, const uint8_t *const mask[2], int32_t pixels,
                   uint8_t *bytes);

/* to += (from - to) * weight / 255, rounded; exact at 0 and 255. */
void mi_mix_bytes(uint8_t *to, const uint8_t *from, const uint8_t *weight, size_t count);

#endif
