/* Generators of whole faces: networks that see a face's texture (core/face/face_maps.h), and how
 * much is wanted, and give a residual. */
#ifndef MI_FACE_GENERATOR_H
#define MI_FACE_GENERATOR_H

#include "../crop.h"
#include "../net/net.h"

/* The file's convention: input 1 x 4 x size x size, R'G'B' 0..1 of the frame at each texel of the
 * face's atlas and, in the fourth channel, how much is wanted, -1..1; texels beside the mesh look
 * as the nearest point of it. Output of the same shape: what is added to R'G'B' at the texel, and a
 * gain for what of the frame is finer than the pixels of the face's square (mi_face_square()): -1
 * takes it away, 0 leaves it. Where a head turns a side away, the texture is of what is in front of
 * it, and the output is not shown. */
typedef struct mi_face_generator {
    mvk_device *device;
    mi_net net;
    mi_crop crop;
    mi_picture seen;  /* the face's square */
    mi_picture input; /* its texture */
    int32_t base; /* the network's part of the arena */
} mi_face_generator;

/* Columns and rows of the square, and of what a generator sees and gives. */
enum { MI_FACE_SIZE = 256, MI_TEXTURE_SIZE = 256 };

/* Reads the model `path`. `what` is how messages call it ("age model"). Takes its memory from
 * `arena`. */
int mi_face_generator_create(mi_face_generator *generator, mvk_device *device, mi_arena *arena,
                             const mien_frame *shape, const char *path, const char *what,
                             mi_log *log);
void mi_face_generator_destroy(mi_face_generator *generator); /* zeroed; may be zero already */

/* Records the look into square 0 of the uniform, which starts with face_uniform. Ends with a
 * barrier. */
void mi_face_generator_look(const mi_face_generator *generator, mvk_commands *commands);

/* Records the network, whose input lies there by then. Ends with a barrier. */
void mi_face_generator_record(const mi_face_generator *generator, mvk_commands *commands);

/* Where the result lies afterwards, a vec4 a texel. */
int32_t mi_face_generator_result(const mi_face_generator *generator);

#endif
