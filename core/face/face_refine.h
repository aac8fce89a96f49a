/* The branches of the mesh network that refine lips, eyes and irises: where they look, and where
 * their points belong. */
#ifndef MI_FACE_REFINE_H
#define MI_FACE_REFINE_H

#include "face.h"

enum { MI_SUBSET_MAX = 128, MI_MESH_SIZE = 192, MI_BRANCH_SIZE = 16, MI_FEATURE_SIZE = 48 };

typedef struct mi_branch {
    int32_t count;
    uint16_t subset[MI_SUBSET_MAX]; /* points of the mesh, in the order of the branch's output */
    uint16_t left, right;           /* points whose line is made level */
    int32_t iris;                   /* first point of the iris it finds, or -1 */
} mi_branch;

/* Reads `subset` and `rotation` as they stand in a branch file's metadata: numbers parted by
 * spaces. False if they make no sense. */
bool mi_branch_read(mi_branch *branch, const char *subset, const char *rotation);

/* Puts a branch's points in place. `mesh`: the network's 468 x (x, y, z), `points`, `iris`: the
 * branch's outputs (x, y each; iris NULL where it has none); `out` (pixels of the mesh network's
 * picture) gets the refined x and y, and the iris whole. */
void mi_branch_apply(const mi_branch *branch, const float *mesh, const float *points,
                     const float *iris, float out[MI_POINTS][3]);

#endif
