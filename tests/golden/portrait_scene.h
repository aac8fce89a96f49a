/* Frames with portraits on grey, and in which parts of them two frames differ. */
#ifndef MIEN_TEST_PORTRAIT_SCENE_H
#define MIEN_TEST_PORTRAIT_SCENE_H

#include "portrait_rig.h"

enum { SCENE_WIDTH = 640, SCENE_HEIGHT = 480, SCENE_PARTS = 2 };

typedef struct scene {
    int32_t x[2], y[2]; /* the corner of each portrait, pixels */
    int32_t count;      /* 0..2 of them */
    bool wiped;         /* the first one has stripes for a face */
} scene;

/* What most tests look at: one portrait, its face at about (265, 108). */
extern const scene scene_one;

/* No padding, not upside down. */
extern const frame_layout scene_tight;

test_frame scene_make(const scene *scene, mien_format format, int32_t width, int32_t height,
                      const frame_layout *layout);
/* RGBA, SCENE_WIDTH x SCENE_HEIGHT. */
test_frame scene_rgba(const scene *scene);

/* A box of a portrait, pixels. */
typedef struct scene_box {
    int32_t x, y, width, height;
} scene_box;

typedef struct scene_parts {
    scene_box box[SCENE_PARTS];
    int32_t count;
} scene_parts;

/* Sums of the differences of bytes in the parts of each portrait, all these together, and
 * elsewhere. A byte of halved chroma is in a part if the first of its pixels is. */
typedef struct scene_change {
    long in[2][SCENE_PARTS], inside, elsewhere;
} scene_change;

scene_change scene_compare(const scene *scene, const scene_parts *parts, const mien_frame *a,
                           const mien_frame *b);

/* One frame through the filter, which may pass it by, and what that changed. */
scene_change scene_run(mien_filter *filter, const scene *scene, const scene_parts *parts,
                       const mien_frame *in, const mien_frame *out);

#endif
