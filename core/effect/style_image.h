/* What pictures a network takes and gives: as the user says, as its file says, as it shows. */
#ifndef MI_STYLE_IMAGE_H
#define MI_STYLE_IMAGE_H

#include "../net/graph.h"

typedef enum mi_image_order { MI_ORDER_UNKNOWN = 0, MI_ORDER_RGB, MI_ORDER_BGR } mi_image_order;

typedef enum mi_image_range {
    MI_RANGE_UNKNOWN = 0,
    MI_RANGE_UNIT,     /* 0..1 */
    MI_RANGE_SIGNED,   /* -1..1 */
    MI_RANGE_BYTE,     /* 0..255 */
    MI_RANGE_IMAGENET, /* 0..1 less ImageNet's mean, by its deviation: PyTorch's classifiers */
    MI_RANGE_CAFFE     /* 0..255 less ImageNet's mean: Caffe's VGG */
} mi_image_range;

/* How a network takes or gives a picture. */
typedef struct mi_image {
    mi_image_order order;
    mi_image_range range;
} mi_image;

typedef struct mi_images {
    mi_image in, out;
} mi_images;

/* The words of the parameters style-input and style-output, as flags in the order of their
 * choices. Two that contradict each other: MIEN_ERR_INVALID. */
int mi_images_of_words(mi_images *images, uint32_t input, uint32_t output, mi_log *log);

/* Adds what the file says where `images` says nothing:
 * mien.input.range, mien.output.range: 0..1, -1..1, 0..255, imagenet or caffe;
 * mien.input.order, mien.output.order: RGB or BGR;
 * ONNX's own Image.NominalPixelRange and Image.BitmapPixelFormat, for both.
 * `name` is what messages call the file. A word it does not know is an error. */
int mi_images_of_file(mi_images *images, const mi_graph *graph, const char *name, mi_log *log);

/* Adds what the network's first and last nodes tell: a division by 255, a tanh. False: something
 * is unknown still. */
bool mi_images_of_network(mi_images *images, const mi_graph *graph);

/* Adds the range that values of the output tell, which the network gave behind mi_image_take(); an
 * unknown input is taken to be like it. What is still unknown is RGB (with caffe BGR) and 0..1. */
void mi_images_of_values(mi_images *images, float low, float high);

/* "RGB 0..255" */
const char *mi_image_text(const mi_image *image, char text[32]);

/* Makes the graph take R'G'B' 0..1; of what is unknown, the input is taken for that. */
int mi_image_take(mi_graph *graph, const mi_image *input, mi_log *log);

/* Makes the graph take and give R'G'B' 0..1; nothing may be unknown. One channel is gray. */
int mi_images_wrap(mi_graph *graph, const mi_images *images, mi_log *log);

#endif
