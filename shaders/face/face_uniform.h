/* Parts of the frame that crops are taken from in this frame, shared by C and GLSL. */
#ifndef FACE_UNIFORM_H
#define FACE_UNIFORM_H
#ifndef VULKAN /* C */
#define FACE_VEC4(name) float name[4]
#define FACE_STRUCT struct
#else
#define FACE_VEC4(name) vec4 name
#define FACE_STRUCT
#endif

#define FACE_SQUARES 10

struct face_square {
    FACE_VEC4(place); /* middle x, y (pixels); from the left edge to the right one: x, y */
    FACE_VEC4(down);  /* from the upper edge to the lower one: x, y; 0; fourth channel everywhere */
    FACE_VEC4(how);   /* samples a crop pixel each way; values are made 0..1 * [1] + [2];
                       * [3] > 0: black beyond the frame, else its border is repeated */
    FACE_VEC4(more);  /* the second quad of every pixel, where a crop has one */
};

struct face_uniform {
    FACE_STRUCT face_square square[FACE_SQUARES];
};

#endif
