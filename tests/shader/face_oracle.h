/* Scalar reference of shaders/face, written from the definitions (core/face/face.h, the operators
 * of MediaPipe's mesh network), one value at a time, in double. */
#ifndef MIEN_TEST_FACE_ORACLE_H
#define MIEN_TEST_FACE_ORACLE_H

#include "face/face.h"

typedef struct oracle_crop {
    mi_roi roi;
    bool mirror;           /* seen in a mirror */
    double stretch, shear; /* height by width, 1: a square; the lower edge lies to the right of the
                            * upper one by so many widths */
    int32_t w, h;        /* of the result */
    int32_t taps;        /* 1: bilinear; n: the mean of n x n nearest samples */
    bool smooth;         /* the mean of n x n bilinear samples; chroma: one */
    bool black;          /* beyond the frame; else its border is repeated */
    double scale, shift; /* of the result */
} oracle_crop;

/* `rgb`: w*h*3. `sure`: w*h, false where a nearest sample lies so close to the line between two
 * pixels that float may choose the other one. */
void face_oracle_crop(const mien_frame *frame, const oracle_crop *crop, double *rgb, bool *sure);

/* Means of cells of k x k pixels: `from` (size*k)^2 pixels of vec4 -> `to` size^2. */
void face_oracle_cells(const float *from, int32_t size, int32_t k, double *to);

/* From the pixels of a branch's grid to those of the feature map: rows of three. */
typedef struct oracle_map {
    double m[2][3];
} oracle_map;

/* Where a branch looks. `mesh`: x, y, z a point, pixels of the mesh network's picture. */
oracle_map face_oracle_place(const float *mesh, const uint16_t *subset, int32_t count,
                             int32_t left, int32_t right, int32_t size);

/* `features`: [quads][48][48] vec4 -> `to`: [quads][size][size]. `sure`: size^2, false where
 * float may see a sample inside of the map that is just outside, or the other way round. */
void face_oracle_branch(const float *features, int32_t quads, int32_t size, const oracle_map *map,
                        double *to, bool *sure);

#endif
