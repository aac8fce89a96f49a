/* The mean face: points, texture coordinates, triangles. Made by training/ from the mesh network's
 * own output, so that a frontal face at rest fits it. Constant data, any thread. */
#ifndef MI_FACE_SHAPE_H
#define MI_FACE_SHAPE_H

#include "face.h"

typedef struct mi_shape {
    float point[MI_MESH_POINTS][3]; /* outer-eye distance (33 to 263) 1, origin between the eyes'
                                     * outer corners; x right, y down, z away from the camera */
    float weight[MI_MESH_POINTS];   /* of the rigid fit: 0 where the face moves (lips, lids, jaw) */
    float uv[MI_MESH_POINTS][2];    /* 0..1 */
    int32_t triangles;
    const uint16_t (*triangle)[3];
} mi_shape;

extern const mi_shape mi_mean_face;

#endif
