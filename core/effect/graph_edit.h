/* Nodes ahead of a network and behind it. */
#ifndef MI_GRAPH_EDIT_H
#define MI_GRAPH_EDIT_H

#include "../net/graph.h"

/* A constant for a node to come; takes over `data` (c*h*w values from malloc(), NULL if that
 * failed). Returns its index, or -1 if memory ran out. */
int32_t mi_edit_constant(mi_graph *graph, int32_t c, int32_t h, int32_t w, float *data);

/* The graph takes a picture of c x h x w; `node`, of which in[0], out and name are filled in here,
 * makes of it what the graph took before. MIEN_ERR_NOMEM, without a line. */
int mi_edit_front(mi_graph *graph, const mi_node *node, int32_t c, int32_t h, int32_t w,
                  const char *name);
/* `node` makes a picture of c x h x w of output 0 and becomes the output. */
int mi_edit_back(mi_graph *graph, const mi_node *node, int32_t c, int32_t h, int32_t w,
                 const char *name);

#endif
