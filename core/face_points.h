/* Outlines on the face mesh, as indices of mien_face.point. Constant data, any thread. */
#ifndef MI_FACE_POINTS_H
#define MI_FACE_POINTS_H

#include <stdint.h>

enum { MI_OVAL = 36, MI_LIPS = 20, MI_LID = 9 };

extern const uint16_t mi_face_oval[MI_OVAL];   /* clockwise from the top of the forehead */
extern const uint16_t mi_lip_outline[MI_LIPS]; /* outer edge, clockwise from the left corner */
extern const uint16_t mi_mouth_outline[MI_LIPS]; /* inner edge, the same way round */
/* [left eye, right eye], from the corner at the left; corners are the first and the last. */
extern const uint16_t mi_upper_lid[2][MI_LID];
extern const uint16_t mi_lower_lid[2][MI_LID];

#endif
