/* Style generators: finding the model file, reading it, making a graph of it for frames. */
#ifndef MI_STYLE_H
#define MI_STYLE_H

#include "../model_file.h"
#include "../net/graph.h"
#include "../vk/mvk.h"
#include "style_fit.h"

/* `style`: a path of a file, or a name for style-NAME.onnx in `models` ("": where the library
 * finds its own). An unknown name fails with a line that lists the known ones. The caller closes
 * the file with mi_model_close(). */
int mi_style_open(mi_model_file *file, const char *style, const char *models, mi_log *log);

/* The graph for a picture of fit->w x fit->h, R'G'B' 0..1 in and out whatever the network's own
 * size and convention. `input`, `output`: the parameters style-input and style-output. The device
 * is used if a run must show what the network gives. */
int mi_style_graph(mi_graph **graph, const mi_model_file *file, const mi_style_fit *fit,
                   uint32_t input, uint32_t output, mvk_device *device, mi_log *log);

/* Does style-input ask for the size that the file declares? */
bool mi_style_holds(uint32_t input);

#endif
