/* Push constants of import and export, shared by C and GLSL. */
#ifndef VULKAN /* C */
#include <stdint.h>
#define PIXEL_INT int32_t
#else
#define PIXEL_INT int
#endif

struct pixel_push {
    PIXEL_INT width, height;    /* of the frame, pixels */
    PIXEL_INT plane0, plane1, plane2; /* first byte of each plane in the packed frame */
    PIXEL_INT pitch0, pitch1, pitch2; /* bytes from row to row */
    PIXEL_INT low_w, low_h;     /* of the low-resolution picture */
    PIXEL_INT low;              /* its offset in the arena, vec4 */
    PIXEL_INT still;            /* export: plane of low_w x low_h floats: stillness 0..1 */
    PIXEL_INT fine;             /* export: steadied native luma, vec4: 8 pixels of 16 bits a vec4,
                                   rows of whole ones; 0: luma is not steadied */
    PIXEL_INT first_row;        /* export: this band of the frame starts here, */
    PIXEL_INT out_base;         /* and the frame-out slot shows the frame from this byte on */
    PIXEL_INT square;           /* crop: its number in the uniform */
    float kr, kb;               /* luma weights of red and blue (Rec. 601 or 709) */
    float y_offset, y_scale;    /* byte 0..255 -> luma 0..1: (byte - offset) * scale */
    float c_scale;              /* (byte - 128) * scale -> chroma -0.5..0.5 */
    float site_x, site_y;       /* luma position of chroma sample 0: 0 (co-sited) or 0.5 */
};
