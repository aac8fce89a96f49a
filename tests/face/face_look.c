/* What the face networks see in pictures, as numbers for check_face_look.py.
 *
 *   face_look MODELS_FOLDER rgba|i420 WIDTH HEIGHT FILE
 *
 * FILE holds frames, one after the other, without padding; I420 is Rec. 709, limited range, with
 * chroma in the middle. For every frame, both detectors on the square around the whole of it and
 * on one of half the side in its middle:
 *
 *   run FRAME DETECTOR X Y SIDE
 *   face SCORE X Y WIDTH HEIGHT, 6 keys (x y)
 *   sight X Y SIDE ANGLE PRESENCE FLAG, 64 cells (r g b), 478 points (x y z)
 *
 * `sight` twice a face: in the detection's square, and in the square of the points found there.
 * All faces of a run are looked at in one go. Exit status 77: there is no device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../shader/device_rig.h"
#include "face/face_nets.h"

typedef struct looker {
    device_rig rig;
    mien_frame frame;
    uint8_t *bytes;
    size_t size; /* of a frame */
    mi_transfer transfer;
    mi_face_nets *nets;
} looker;

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "face_look: %s\n", what);
    exit(1);
}

static void make_frame(looker *k, const char *format, const char *width, const char *height)
{
    mien_frame *f = &k->frame;
    bool yuv = strcmp(format, "i420") == 0;
    must(yuv || strcmp(format, "rgba") == 0, "format is rgba or i420");
    *f = (mien_frame){.format = yuv ? MIEN_FORMAT_I420 : MIEN_FORMAT_RGBA,
                      .width = (int32_t)strtol(width, NULL, 10),
                      .height = (int32_t)strtol(height, NULL, 10),
                      .matrix = MIEN_MATRIX_BT709, .range = MIEN_RANGE_LIMITED,
                      .siting = MIEN_SITING_CENTER, .pts_ns = MIEN_NO_PTS};
    must(f->width > 0 && f->height > 0, "width and height");
    size_t at[3];
    for (int p = 0; p < mien_format_planes(f->format); p++) {
        f->stride[p] = (ptrdiff_t)mien_format_row_bytes(f->format, p, f->width);
        at[p] = k->size;
        k->size += (size_t)f->stride[p] * (size_t)mien_format_rows(f->format, p, f->height);
    }
    k->bytes = malloc(k->size);
    must(k->bytes != NULL, "no memory");
    for (int p = 0; p < mien_format_planes(f->format); p++)
        f->data[p] = k->bytes + at[p];
}

static void print_numbers(const float *number, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf(" %.9g", (double)number[i]);
}

static void print_sight(const mi_sight *s)
{
    const float head[] = {s->roi.x, s->roi.y, s->roi.side, s->roi.angle, s->presence, s->flag};
    printf("sight");
    print_numbers(head, 6);
    print_numbers(s->look[0], 3 * MI_LOOK * MI_LOOK);
    print_numbers(s->point[0], 3 * MI_POINTS);
    printf("\n");
}

static void print_face(const mi_detection *f)
{
    const float box[] = {f->score, f->x, f->y, f->w, f->h};
    printf("face");
    print_numbers(box, 5);
    print_numbers(f->key[0], 12);
    printf("\n");
}

static void look(looker *k, const mi_detection *found, int32_t count)
{
    static mi_sight sight[2][MI_FACES];
    mi_roi roi[MI_FACES];
    if (!count)
        return;
    for (int32_t i = 0; i < count; i++)
        roi[i] = mi_roi_of_detection(&found[i]);
    must(mi_face_nets_look(k->nets, roi, count, sight[0]) == MIEN_OK, "cannot look");
    for (int32_t i = 0; i < count; i++)
        roi[i] = mi_roi_of_points((const float (*)[3])sight[0][i].point);
    must(mi_face_nets_look(k->nets, roi, count, sight[1]) == MIEN_OK, "cannot look");
    for (int32_t i = 0; i < count; i++) {
        print_face(&found[i]);
        print_sight(&sight[0][i]);
        print_sight(&sight[1][i]);
    }
}

static void run(looker *k, int32_t number, mi_detector detector, float part)
{
    int32_t w = k->frame.width, h = k->frame.height, count;
    mi_roi roi = {(float)w / 2, (float)h / 2, (float)(w > h ? w : h) * part, 0};
    mi_detection found[MI_DETECTIONS];
    must(mi_face_nets_detect(k->nets, detector, &roi, found, &count) == MIEN_OK, "cannot detect");
    printf("run %d %s %.9g %.9g %.9g\n", (int)number,
           detector == MI_DETECTOR_SHORT ? "short" : "full", (double)roi.x, (double)roi.y,
           (double)roi.side);
    look(k, found, count < MI_FACES ? count : MI_FACES);
}

int main(int argc, char **argv)
{
    looker k = {.size = 0};
    must(argc == 6, "usage: face_look MODELS_FOLDER rgba|i420 WIDTH HEIGHT FILE");
    make_frame(&k, argv[2], argv[3], argv[4]);
    FILE *file = fopen(argv[5], "rb");
    must(file != NULL, "cannot open the frames");
    if (!rig_open(&k.rig)) {
        rig_close(&k.rig);
        return RIG_SKIPPED;
    }
    must(mi_transfer_create(&k.transfer, k.rig.device, &k.frame) == MIEN_OK, "no transfer");
    must(mi_face_nets_create(&k.nets, k.rig.device, &k.frame, &k.transfer, argv[1],
                             &k.rig.log) == MIEN_OK, "no networks");
    for (int32_t number = 0; fread(k.bytes, 1, k.size, file) == k.size; number++) {
        mi_transfer_put(&k.transfer, &k.frame);
        for (int detector = 0; detector < MI_DETECTORS; detector++)
            for (int half = 0; half < 2; half++)
                run(&k, number, (mi_detector)detector, half ? 0.5f : 1);
    }
    fclose(file);
    mi_face_nets_destroy(&k.nets);
    mi_transfer_destroy(&k.transfer);
    int lines = k.rig.validation_lines;
    rig_close(&k.rig);
    free(k.bytes);
    return lines ? 1 : 0;
}
