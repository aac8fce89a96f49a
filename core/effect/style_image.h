/* What a model's file says about its pictures. */
#ifndef MI_STYLE_IMAGE_H
#define MI_STYLE_IMAGE_H

#include "../net/graph.h"

/* Makes the graph take and give R'G'B' 0..1, whatever its metadata says it takes and gives:
 * mien.input.range, mien.output.range: 0..1 (default), -1..1 or 0..255;
 * mien.input.order, mien.output.order: RGB (default) or BGR.
 * `name` is what messages call the file. A word it does not know is an error. */
int mi_style_wrap(mi_graph *graph, const char *name, mi_log *log);

#endif
