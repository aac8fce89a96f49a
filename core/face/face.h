/* Words that the parts of the face analysis share. Coordinates are those of mien_face: pixels of
 * the frame, the middle of the top left pixel is (0.5, 0.5). Nothing here knows Vulkan. */
#ifndef MI_FACE_H
#define MI_FACE_H

#include "../log.h"

enum {
    MI_FACES = MIEN_FACES_MAX,
    MI_POINTS = MIEN_FACE_POINTS,
    MI_MESH_POINTS = 468, /* the others are irises */
    MI_LOOK = 8,          /* columns and rows of a face's coarse picture */
    MI_VISIBLE = 24       /* columns and rows of the map of what covers a face */
};

/* A square of the frame, turned: crop position (u, v) in 0..1 lies at
 * x + side * ((u - 0.5) cos(angle) - (v - 0.5) sin(angle)),
 * y + side * ((u - 0.5) sin(angle) + (v - 0.5) cos(angle)). */
typedef struct mi_roi {
    float x, y;  /* middle, pixels */
    float side;  /* pixels */
    float angle; /* radians, clockwise in the picture */
} mi_roi;

/* What the detector found. */
typedef struct mi_detection {
    float x, y, w, h;  /* box, pixels: top left corner and size */
    float score;       /* 0..1 */
    float key[6][2];   /* left eye, right eye, nose tip, mouth, left ear, right ear; pixels */
} mi_detection;

/* What the networks saw in one square of one frame. */
typedef struct mi_sight {
    mi_roi roi;
    float presence;            /* 0..1 */
    float flag;                /* presence as a logit: tells an upright face from one that is
                                * looked at upside down, where presence is near 1 for both */
    float point[MI_POINTS][3]; /* pixels of the frame, unsteady; z as in mien_face */
    float look[MI_LOOK * MI_LOOK][3];   /* mean R'G'B' 0..1 of the square's cells, row by row */
    float visible[MI_VISIBLE * MI_VISIBLE]; /* 0..1: bare face in this cell of the square */
    float glasses;             /* 0..1 */
} mi_sight;

/* What effects on the skin of a face go by. */
typedef struct mi_face_skin {
    float point[MI_POINTS][3]; /* as mien_face's, steadier: see mi_smooth_skin() */
    float bare[MI_POINTS];     /* how surely nothing covers each point, 0..1 */
} mi_face_skin;

#endif
