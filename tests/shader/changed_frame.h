/* A frame of noise that shaders change in place, beside what it should become. Any failure fails
 * the test. */
#ifndef MIEN_TEST_CHANGED_FRAME_H
#define MIEN_TEST_CHANGED_FRAME_H

#include "rig_tests.h"
#include "test_frames.h"

typedef struct changed_frame {
    test_frame in, out;
    test_frame want; /* the same as `in`, for an oracle to change */
    int32_t variant;
    size_t bytes;    /* in a buffer: the packed frame and some behind it that nobody may write */
} changed_frame;

/* Variants 0 .. changed_frame_variants() - 1 differ in noise, matrix and range, with siting where
 * the format has any. */
int32_t changed_frame_variants(mien_format format);
changed_frame changed_frame_make(mien_format format, int32_t width, int32_t height,
                                 int32_t variant);
void changed_frame_free(changed_frame *f);

/* `in` to the start of a buffer, and the buffer to `out`. */
void changed_frame_put(const changed_frame *f, device_rig *rig, const mvk_buffer *buffer);
void changed_frame_take(const changed_frame *f, device_rig *rig, const mvk_buffer *buffer);

/* `out` has to be `want`, but for the rounding of one level. */
void changed_frame_check(const changed_frame *f);
/* `out` has to be `in`, to the bit. */
void changed_frame_check_same(const changed_frame *f);

#endif
