/* The stored input/output pair of a network, by which a device is checked: text in the model's
 * metadata, made by training/stored_pair.py, which describes its form. */
#ifndef MI_STORED_PAIR_H
#define MI_STORED_PAIR_H

#include "graph.h"

enum { MI_PAIR_NAME = 64, MI_PAIR_POINTS = 64 };

typedef struct mi_pair_point {
    int32_t at;  /* in C,H,W order */
    float value;
} mi_pair_point;

typedef struct mi_pair_output {
    char name[MI_PAIR_NAME];
    float limit; /* largest error allowed, > 0 */
    mi_pair_point point[MI_PAIR_POINTS];
    int32_t points;
} mi_pair_output;

typedef struct mi_pair {
    int32_t height, width; /* of the input picture */
    uint32_t seed;         /* of its values */
    mi_pair_output output[MI_GRAPH_OUTPUTS];
    int32_t outputs;       /* 0: the model has no pair */
} mi_pair;

/* Reads the pair of an ONNX file. MIEN_ERR_MODEL if it has one that cannot be understood, or is
 * no model. */
int mi_pair_read(mi_pair *pair, const void *bytes, size_t size, const char *name, mi_log *log);

/* The input: count = channels * height * width values 0..1 in C,H,W order. */
void mi_pair_input(const mi_pair *pair, int32_t channels, float *value);

#endif
