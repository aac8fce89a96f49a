/* Writes small ONNX models for tests. Ends the program if memory runs out. */
#ifndef MIEN_TEST_ONNX_WRITER_H
#define MIEN_TEST_ONNX_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct onnx_bytes {
    uint8_t *data;
    size_t size, room;
} onnx_bytes;

typedef struct onnx_writer {
    onnx_bytes graph; /* fields of GraphProto */
    onnx_bytes node;  /* fields of the NodeProto at work */
    onnx_bytes meta;  /* fields of ModelProto */
    int32_t opset;
    bool bytes; /* the input is uint8, not float */
} onnx_writer;

/* Sizes, pads and other numbers for what is below. */
#define LIST(...) (const int64_t[]){__VA_ARGS__}

/* A model is begun here, and ended by onnx_model(), which frees what the writer holds. */
void onnx_writer_init(onnx_writer *writer, int32_t opset);

/* A node; `inputs` and `outputs` are names parted by spaces, "-" is one that is left out. The
 * attributes that follow belong to it. */
void onnx_node(onnx_writer *writer, const char *type, const char *inputs, const char *outputs);
void onnx_attr_int(onnx_writer *writer, const char *name, int64_t value);
void onnx_attr_ints(onnx_writer *writer, const char *name, int32_t count, const int64_t *value);
void onnx_attr_float(onnx_writer *writer, const char *name, float value);
void onnx_attr_text(onnx_writer *writer, const char *name, const char *value);

/* Initializers. */
void onnx_floats(onnx_writer *writer, const char *name, int32_t rank, const int64_t *dim,
                 const float *value);
void onnx_ints(onnx_writer *writer, const char *name, int32_t count, const int64_t *value);
void onnx_int(onnx_writer *writer, const char *name, int64_t value); /* a list of one */

/* Floats that lie in another file; a text that is NULL is left out. */
void onnx_external(onnx_writer *writer, const char *name, int32_t rank, const int64_t *dim,
                   const char *location, const char *offset, const char *length);

/* All of a model: y is a convolution of x, with zeros around that; weight:
 * [channels][channels][side][side]. */
void onnx_convolution(onnx_writer *writer, int64_t channels, int64_t side, const float *weight,
                      const float *bias);

void onnx_meta(onnx_writer *writer, const char *key, const char *value);

/* The model's bytes, to be freed. Input "x" of `dim` (0: dynamic), output "y". */
uint8_t *onnx_model(onnx_writer *writer, const int64_t dim[4], size_t *size);

#endif
