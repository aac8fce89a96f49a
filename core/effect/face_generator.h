/* Generators of whole faces: networks that see a face's square, and how much is wanted, and give a
 * residual. */
#ifndef MI_FACE_GENERATOR_H
#define MI_FACE_GENERATOR_H

#include "../crop.h"
#include "../net/net.h"

/* The file's convention: input 1 x 4 x size x size, R'G'B' 0..1 of the face's square
 * (mi_face_square()) and, in the fourth channel, how much is wanted, -1..1; output of the same
 * shape: what is added to R'G'B', and a gain for what of the frame is finer than the square's
 * pixels: -1 takes it away, 0 leaves it. */
typedef struct mi_face_generator {
    mvk_device *device;
    mi_net net;
    mi_crop crop;
    mi_picture input;
    int32_t base; /* the network's part of the arena */
} mi_face_generator;

enum { MI_FACE_SIZE = 256 }; /* columns and rows of what a generator sees and gives */

/* Reads the model `path`. `what` is how messages call it ("age model"). Takes its memory from
 * `arena`. */
int mi_face_generator_create(mi_face_generator *generator, mvk_device *device, mi_arena *arena,
                             const mien_frame *shape, const char *path, const char *what,
                             mi_log *log);
void mi_face_generator_destroy(mi_face_generator *generator); /* zeroed; may be zero already */

/* Records the look into square 0 of the uniform, which starts with face_uniform, and the network.
 * Ends with a barrier. */
void mi_face_generator_record(const mi_face_generator *generator, mvk_commands *commands);

/* Where the result lies afterwards, a vec4 a pixel. */
int32_t mi_face_generator_result(const mi_face_generator *generator);

#endif
