/* Checks and copies of host frames. */
#ifndef MI_FRAME_H
#define MI_FRAME_H

#include "log.h"

/* Geometry of a format's planes. */
typedef struct mi_plane_info {
    int32_t sub_x, sub_y; /* luma pixels a sample column / row: 1 or 2 */
    int32_t bytes;        /* bytes of one sample position: Y 1, UV 2, RGBA 4; YUY2: 4 every 2 px */
} mi_plane_info;

bool mi_plane_describe(mien_format format, int plane, mi_plane_info *info);

bool mi_format_is_yuv(mien_format format);

/* MIEN_ERR_INVALID with a line that names the fault. `planes` false: data and stride are not
 * looked at. */
int mi_frame_check(const mien_frame *frame, bool planes, mi_log *log);

/* Same format, size and colour description? */
bool mi_frame_same_shape(const mien_frame *a, const mien_frame *b);

/* Copies the picture bytes of `in` to `out` (same shape); nothing when they share planes. */
void mi_frame_copy(const mien_frame *out, const mien_frame *in);

/* Bytes of the picture packed: the planes' rows without padding, but each rounded up to 16 bytes,
 * which shaders store at once. offset[p], pitch[p]: where plane p starts and its row length
 * there. */
size_t mi_frame_packed(mien_format format, int32_t width, int32_t height, size_t offset[3],
                       size_t pitch[3]);

/* Between a frame's planes and that packed form. */
void mi_frame_pack(uint8_t *packed, const mien_frame *in);
void mi_frame_unpack(const mien_frame *out, const uint8_t *packed);

#endif
