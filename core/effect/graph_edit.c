#include "graph_edit.h"

#include <stdlib.h>
#include <string.h>

static int32_t add_tensor(mi_graph *g, int32_t c, int32_t h, int32_t w, float *data)
{
    mi_tensor *t = realloc(g->tensor, ((size_t)g->tensors + 1) * sizeof *t);
    char *name = calloc(1, 1);
    if (t)
        g->tensor = t;
    if (!t || !name) {
        free(name);
        free(data);
        return -1;
    }
    t[g->tensors] = (mi_tensor){.name = name, .c = c, .h = h, .w = w, .data = data};
    return g->tensors++;
}

int32_t mi_edit_constant(mi_graph *g, int32_t c, int32_t h, int32_t w, float *data)
{
    return data ? add_tensor(g, c, h, w, data) : -1;
}

/* Room for a node at place `at` of the order. */
static mi_node *add_node(mi_graph *g, int32_t at, const mi_node *like, const char *name)
{
    mi_node *node = realloc(g->node, ((size_t)g->nodes + 1) * sizeof *node);
    char *text = strdup(name);
    if (node)
        g->node = node;
    if (!node || !text) {
        free(text);
        return NULL;
    }
    memmove(node + at + 1, node + at, (size_t)(g->nodes - at) * sizeof *node);
    g->nodes++;
    node[at] = *like;
    node[at].name = text;
    return &node[at];
}

int mi_edit_front(mi_graph *g, const mi_node *like, int32_t c, int32_t h, int32_t w,
                  const char *name)
{
    int32_t in = add_tensor(g, c, h, w, NULL);
    mi_node *node = in < 0 ? NULL : add_node(g, 0, like, name);
    if (!node)
        return MIEN_ERR_NOMEM;
    node->in[0] = in;
    node->out = g->input;
    g->input = in;
    return MIEN_OK;
}

int mi_edit_back(mi_graph *g, const mi_node *like, int32_t c, int32_t h, int32_t w,
                 const char *name)
{
    int32_t out = add_tensor(g, c, h, w, NULL);
    mi_node *node = out < 0 ? NULL : add_node(g, g->nodes, like, name);
    if (!node)
        return MIEN_ERR_NOMEM;
    node->in[0] = g->output[0];
    node->out = out;
    g->output[0] = out;
    return MIEN_OK;
}
