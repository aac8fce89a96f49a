#include "changed_frame.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"

enum { TAIL = 64 };

void changed_frame_cases(mien_format format, changed_frame_case *check)
{
    dice d = dice_of((uint64_t)format + 40);
    int32_t variants = format <= MIEN_FORMAT_YUY2 ? 36 : 9;
    for (int32_t variant = 0; variant < variants; variant++)
        check(&d, format, variant);
}

changed_frame changed_frame_make(mien_format format, int32_t w, int32_t h, int32_t variant)
{
    const frame_layout dense = {0, false};
    size_t offset[3], pitch[3];
    changed_frame f = {.in = test_frame_make(format, w, h, &dense),
                       .out = test_frame_make(format, w, h, &dense), .variant = variant,
                       .bytes = mi_frame_packed(format, w, h, offset, pitch) + TAIL};
    f.in.frame.matrix = (mien_matrix)(variant % 3);
    f.in.frame.range = (mien_range)(variant / 3 % 3);
    f.in.frame.siting = (mien_siting)(variant / 9);
    test_frame_noise(&f.in.frame, (uint64_t)variant + 9);
    f.want = test_frame_make(format, w, h, &dense);
    test_frame_copy(&f.want.frame, &f.in.frame);
    return f;
}

void changed_frame_free(changed_frame *f)
{
    test_frame_free(&f->in);
    test_frame_free(&f->out);
    test_frame_free(&f->want);
}

void changed_frame_put(const changed_frame *f, device_rig *rig, const mvk_buffer *buffer)
{
    uint8_t *bytes = rig_room(f->bytes);
    memset(bytes, TEST_CANARY, f->bytes);
    mi_frame_pack(bytes, &f->in.frame);
    rig_write(rig, buffer, 0, bytes, f->bytes);
    free(bytes);
}

void changed_frame_take(const changed_frame *f, device_rig *rig, const mvk_buffer *buffer)
{
    uint8_t *bytes = rig_room(f->bytes);
    rig_read(rig, buffer, 0, bytes, f->bytes);
    mi_frame_unpack(&f->out.frame, bytes);
    for (size_t i = f->bytes - TAIL; i < f->bytes; i++)
        assert_int_equal(bytes[i], TEST_CANARY);
    free(bytes);
}

static void check(const changed_frame *f, const test_frame *want, int most)
{
    const mien_frame *out = &f->out.frame;
    int off = test_frame_difference(out, &want->frame);
    if (off > most)
        fail_msg("%s %dx%d variant %d: off by %d levels", test_format_name(out->format),
                 (int)out->width, (int)out->height, (int)f->variant, off);
}

void changed_frame_check(const changed_frame *f)
{
    test_frame_take_unseen(&f->want.frame, &f->out.frame);
    check(f, &f->want, 1);
}

void changed_frame_check_same(const changed_frame *f)
{
    check(f, &f->in, 0);
}
