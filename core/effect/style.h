/* Style generators: finding the model file, reading it, choosing the resolution it runs at. */
#ifndef MI_STYLE_H
#define MI_STYLE_H

#include "../model_file.h"
#include "../net/graph.h"
#include "../vk/mvk.h"

/* `style`: a path of a file, or a name for style-NAME.onnx in `models` ("": where the library
 * finds its own). An unknown name fails with a line that lists the known ones. The caller closes
 * the file with mi_model_close(). */
int mi_style_open(mi_model_file *file, const char *style, const char *models, mi_log *log);

/* Frame pixels a network pixel, each way, so that the network's work and picture fit the device
 * and the quality asked for. On success *w, *h: the network's picture, multiples of what the
 * model needs, covering the frame. */
int mi_style_choose_scale(const mi_model_file *file, const mvk_device *device, mi_quality quality,
                          int32_t width, int32_t height, int32_t *scale, int32_t *w, int32_t *h,
                          mi_log *log);

/* The graph for a picture of w x h, R'G'B' 0..1 in and out whatever the model's own convention;
 * checked to give a picture of the same size. */
int mi_style_graph(mi_graph **graph, const mi_model_file *file, int32_t w, int32_t h, mi_log *log);

#endif
