/* Is this the same face? Appearance, overlap and assignment for the tracker. Pure arithmetic. */
#ifndef MI_FACE_MATCH_H
#define MI_FACE_MATCH_H

#include "face_detect.h"

enum { MI_APPEARANCE = 6, MI_APPEARANCE_CELLS = MI_APPEARANCE * MI_APPEARANCE };

/* Coarse colours of a face in its own place: of the middle of the square around its points,
 * wherever the square was in which it was seen. */
typedef struct mi_appearance {
    bool known;
    bool within[MI_APPEARANCE_CELLS];     /* the frame; the other cells say nothing */
    float luma[MI_APPEARANCE_CELLS];      /* 0..1 */
    float chroma[MI_APPEARANCE_CELLS][2]; /* shares of red and green in the sum, 0..1 */
} mi_appearance;

/* `face`: mi_roi_of_points() of the sight's points. */
void mi_appearance_of(mi_appearance *out, const mi_sight *sight, const mi_roi *face,
                      int32_t width, int32_t height);

/* 0: the same; the same person under other light, smiling, seen from a slightly wrong square: up
 * to 0.28 (95 %), other people: from 0.24 (5 %), half of them over 1. 0 where one is not known
 * or they have too little in common.
 * Light that gets brighter or a changed contrast count for nothing. */
float mi_appearance_distance(const mi_appearance *a, const mi_appearance *b);

/* Moves `reference` towards `now` by `share`. */
void mi_appearance_blend(mi_appearance *reference, const mi_appearance *now, float share);

/* Share of the smaller of two faces that the other covers, 0..1, from their squares; the turn of
 * the squares is left out. */
float mi_roi_overlap(const mi_roi *a, const mi_roi *b);

/* Pairs rows with columns so that the sum of cost[row][column] is least, where each row without a
 * column costs 1. A cost of 1 or more (also NaN) is no pair. column_of[row] gets the column or
 * -1. rows, columns: 0..MI_FACES. */
void mi_assign(float cost[MI_FACES][MI_FACES], int32_t rows, int32_t columns,
               int32_t column_of[MI_FACES]);

#endif
