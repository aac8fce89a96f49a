/* A frame of noise that shaders change in place, beside what it should become. Any failure fails
 * the test. */
#ifndef MIEN_TEST_CHANGED_FRAME_H
#define MIEN_TEST_CHANGED_FRAME_H

#include "dice.h"
#include "rig_tests.h"
#include "test_frames.h"

typedef struct changed_frame {
    test_frame in, out;
    test_frame want; /* the same as `in`, for an oracle to change */
    int32_t variant;
    size_t bytes;    /* in a buffer: the packed frame and some behind it that nobody may write */
} changed_frame;

/* Calls this for all variants that a format has: of noise, matrix and range, and of siting where
 * chroma has any. */
typedef void changed_frame_case(dice *d, mien_format format, int32_t variant);
void changed_frame_cases(mien_format format, changed_frame_case *check);

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
