/* The graph as a thing: memory, lookup, removal of what is not needed. */
#include "graph.h"

#include "graph_build.h"

#include <stdlib.h>
#include <string.h>

void mi_graph_destroy(mi_graph **graph)
{
    mi_graph *g = *graph;
    if (!g)
        return;
    for (int32_t k = 0; k < g->tensors; k++) {
        free(g->tensor[k].name);
        free(g->tensor[k].data);
    }
    for (int32_t k = 0; k < g->nodes; k++)
        free(g->node[k].name);
    for (int32_t k = 0; k < g->metas; k++) {
        free(g->meta[k].key);
        free(g->meta[k].value);
    }
    free(g->tensor);
    free(g->node);
    free(g->meta);
    free(g);
    *graph = NULL;
}

const char *mi_graph_meta(const mi_graph *graph, const char *key)
{
    for (int32_t k = 0; k < graph->metas; k++)
        if (strcmp(graph->meta[k].key, key) == 0)
            return graph->meta[k].value;
    return NULL;
}

const char *mi_op_name(mi_op op)
{
    switch (op) {
    case MI_OP_CONV:
        return "Conv";
    case MI_OP_CONV_TRANSPOSE:
        return "ConvTranspose";
    case MI_OP_INSTANCE_NORM:
        return "InstanceNormalization";
    case MI_OP_AFFINE:
        return "BatchNormalization";
    case MI_OP_ACT:
        return "activation";
    case MI_OP_ADD:
        return "Add";
    case MI_OP_SUB:
        return "Sub";
    case MI_OP_MUL:
        return "Mul";
    case MI_OP_DIV:
        return "Div";
    case MI_OP_MAX:
        return "Max";
    case MI_OP_MIN:
        return "Min";
    case MI_OP_POW:
        return "Pow";
    case MI_OP_CONCAT:
        return "Concat";
    case MI_OP_PAD:
        return "Pad";
    case MI_OP_RESIZE:
        return "Resize";
    case MI_OP_DEPTH_TO_SPACE:
        return "DepthToSpace";
    case MI_OP_SPACE_TO_DEPTH:
        return "SpaceToDepth";
    case MI_OP_SLICE:
        return "Slice";
    case MI_OP_MAX_POOL:
        return "MaxPool";
    case MI_OP_AVERAGE_POOL:
        return "AveragePool";
    case MI_OP_GLOBAL_AVERAGE_POOL:
        return "GlobalAveragePool";
    case MI_OP_GLOBAL_MAX_POOL:
        return "GlobalMaxPool";
    case MI_OP_COPY:
        return "copy";
    }
    return "unknown";
}

static void prune_nodes(mi_graph *g, int32_t *needed)
{
    for (int32_t k = 0; k < g->outputs; k++)
        needed[g->output[k]] = 1;
    for (int32_t k = g->nodes - 1; k >= 0; k--) {
        if (!needed[g->node[k].out])
            continue;
        for (int32_t i = 0; i < g->node[k].inputs; i++)
            if (g->node[k].in[i] >= 0)
                needed[g->node[k].in[i]] = 1;
    }
    int32_t kept = 0;
    for (int32_t k = 0; k < g->nodes; k++) {
        if (needed[g->node[k].out])
            g->node[kept++] = g->node[k];
        else
            free(g->node[k].name);
    }
    g->nodes = kept;
}

int mi_graph_prune(mi_graph *g)
{
    int32_t *place = calloc((size_t)g->tensors, sizeof *place);
    if (!place)
        return MIEN_ERR_NOMEM;
    prune_nodes(g, place);
    place[g->input] = 1;
    int32_t kept = 0;
    for (int32_t k = 0; k < g->tensors; k++) {
        if (place[k]) {
            place[k] = kept;
            g->tensor[kept++] = g->tensor[k];
        } else {
            free(g->tensor[k].name);
            free(g->tensor[k].data);
        }
    }
    g->tensors = kept;
    for (int32_t k = 0; k < g->nodes; k++) {
        mi_node *node = &g->node[k];
        node->out = place[node->out];
        for (int32_t i = 0; i < node->inputs; i++)
            if (node->in[i] >= 0)
                node->in[i] = place[node->in[i]];
    }
    g->input = place[g->input];
    for (int32_t k = 0; k < g->outputs; k++)
        g->output[k] = place[g->output[k]];
    free(place);
    return 0;
}
