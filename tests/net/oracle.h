/* Scalar reference of the graph's operators: plain loops, sums in double. Slow and obviously
 * right; what shaders are compared with. */
#ifndef MIEN_TEST_ORACLE_H
#define MIEN_TEST_ORACLE_H

#include "net/graph.h"

/* Computes one node. value[k] are the c*h*w values of tensor k, for constants too; those of
 * node->out are written. 0, or a negative mien_status. */
int oracle_node(const mi_graph *graph, const mi_node *node, float *const *value);

/* Runs the whole graph on a picture of c,h,w. output[0..graph->outputs) are to be freed. 0 or
 * MIEN_ERR_NOMEM. */
int oracle_run(const mi_graph *graph, const float *input, float **output);

/* Normalized mean square error, sum((a-b)^2) / sum(b^2); NaN counts as infinite. */
double oracle_nmse(const float *a, const float *b, size_t count);
/* Largest |a-b|; NaN counts as infinite. */
double oracle_max_abs(const float *a, const float *b, size_t count);

#endif
