/* Networks that turn an eye: they see its patch and how far it shall be turned, and give a flow. */
#ifndef MI_GAZE_GENERATOR_H
#define MI_GAZE_GENERATOR_H

#include "../crop.h"
#include "../gaze_patch.h"
#include "../net/net.h"

/* The file's convention: input 1x8x64x96: R'G'B' 0..1 of the eye's patch (gaze_patch.h), and planes
 * that are the same everywhere: 3, 4 the wanted turn (right, up), 5 the share of the present gaze
 * that is taken off, 6, 7 where the head points. Right is that of the patch; all are components of
 * directions. Outputs: "state" 1x4x1x1: the present gaze, 0..1: it is an eye that can be turned,
 * and the share of the iris that the lids leave open. "flow" 1x2x64x96: pixels of the patch to the
 * right and down, from a pixel to where its colour comes from. "blend" 1x3x64x96, 0..1: matte, half
 * of a gain, light + 1/2:  out = in + matte (in(p + flow) gain + light - in). */
typedef struct mi_gaze_generator {
    mvk_device *device;
    mi_net net;
    mi_crop crop;
    int32_t look, input; /* in the arena: 2 quads of the patch each, */
    int32_t base;        /* and the network's part */
} mi_gaze_generator;

/* Reads the model `path`. `what` is how messages call it. Takes its memory from `arena`. */
int mi_gaze_generator_create(mi_gaze_generator *generator, mvk_device *device, mi_arena *arena,
                             const mien_frame *shape, const char *path, const char *what,
                             mi_log *log);
void mi_gaze_generator_destroy(mi_gaze_generator *generator); /* zeroed; may be zero already */

/* What is asked for: fills the square that mi_gaze_generator_record_look() looks into. Right is
 * that of the patch. */
struct face_square mi_gaze_generator_square(const mi_eye_patch *patch, const float turn[2],
                                            float share, const float head[2]);

/* Records the look into a square of the uniform, which starts with face_uniform; to `look`. Ends
 * with a barrier. */
void mi_gaze_generator_record_look(const mi_gaze_generator *generator, mvk_commands *commands,
                                   int32_t square);
/* Records the network, which takes `input`. Ends with a barrier. */
void mi_gaze_generator_record(const mi_gaze_generator *generator, mvk_commands *commands);

/* Where the outputs lie afterwards, a vec4 a pixel. */
typedef enum mi_gaze_output { MI_GAZE_STATE = 0, MI_GAZE_FLOW, MI_GAZE_BLEND } mi_gaze_output;
int32_t mi_gaze_generator_result(const mi_gaze_generator *generator, mi_gaze_output output);

#endif
