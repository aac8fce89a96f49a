/* Push constants of the face shaders that work in the arena, shared by C and GLSL. Places are
 * vec4 offsets in the arena. */
#ifndef VULKAN /* C */
#include <stdint.h>
#define FACE_INT int32_t
#else
#define FACE_INT int
#endif

struct face_push {
    FACE_INT from, to;   /* see the shader */
    FACE_INT size;       /* pixels of the result's rows and columns */
    FACE_INT points;     /* float index of the mesh: x, y, z a point */
    FACE_INT subset, count; /* vec4 place of point numbers (as floats, 4 a vec4), and how many */
    FACE_INT left, right;   /* points whose line is made level */
};
