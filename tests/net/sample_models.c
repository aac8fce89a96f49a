#include "sample_models.h"

#include "onnx_writer.h"

#include <stdlib.h>

/* An initializer with some values between -1 and 1. */
static void noise(onnx_writer *w, const char *name, int32_t rank, const int64_t *dim)
{
    size_t count = 1;
    for (int32_t k = 0; k < rank; k++)
        count *= (size_t)dim[k];
    float *value = malloc(count * sizeof *value);
    if (!value)
        abort();
    uint32_t state = 12345;
    for (size_t k = 0; k < count; k++) {
        state = state * 1664525 + 1013904223;
        value[k] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    onnx_floats(w, name, rank, dim, value);
    free(value);
}

static void one_conv(onnx_writer *w)
{
    noise(w, "w", 4, LIST(4, 3, 3, 3));
    noise(w, "b", 1, LIST(4));
    onnx_node(w, "Conv", "x w b", "y");
    onnx_attr_ints(w, "pads", 4, LIST(1, 1, 1, 1));
    onnx_attr_ints(w, "strides", 2, LIST(2, 1));
}

static void transposed(onnx_writer *w)
{
    noise(w, "w", 4, LIST(3, 2, 4, 4));
    onnx_node(w, "ConvTranspose", "x w", "y");
    onnx_attr_ints(w, "pads", 4, LIST(1, 1, 1, 1));
    onnx_attr_ints(w, "strides", 2, LIST(2, 2));
    onnx_attr_ints(w, "output_padding", 2, LIST(1, 0));
}

/* A small network of the kind that the library runs. */
static void network(onnx_writer *w)
{
    noise(w, "w1", 4, LIST(8, 3, 3, 3));
    noise(w, "w2", 4, LIST(8, 1, 3, 3));
    noise(w, "w3", 4, LIST(12, 16, 1, 1));
    noise(w, "s", 1, LIST(8));
    onnx_ints(w, "pad", 8, LIST(0, 0, 1, 1, 0, 0, 1, 1));
    onnx_node(w, "Pad", "x pad", "a");
    onnx_attr_text(w, "mode", "reflect");
    onnx_node(w, "Conv", "a w1", "b");
    onnx_attr_ints(w, "strides", 2, LIST(2, 2));
    onnx_node(w, "InstanceNormalization", "b s s", "c");
    onnx_attr_float(w, "epsilon", 1e-3f);
    onnx_node(w, "LeakyRelu", "c", "d");
    onnx_attr_float(w, "alpha", 0.2f);
    onnx_node(w, "Conv", "d w2", "e");
    onnx_attr_int(w, "group", 8);
    onnx_attr_text(w, "auto_pad", "SAME_UPPER");
    onnx_node(w, "Concat", "d e", "f");
    onnx_attr_int(w, "axis", 1);
    onnx_node(w, "Conv", "f w3", "g");
    onnx_node(w, "DepthToSpace", "g", "h");
    onnx_attr_int(w, "blocksize", 2);
    onnx_attr_text(w, "mode", "CRD");
    onnx_node(w, "Add", "h x", "i");
    onnx_node(w, "Tanh", "i", "y");
    onnx_meta(w, "mien.role", "style");
}

/* Shapes computed by nodes, as exporters write them. */
static void shapes(onnx_writer *w)
{
    onnx_node(w, "AveragePool", "x", "p");
    onnx_attr_ints(w, "kernel_shape", 2, LIST(3, 3));
    onnx_attr_ints(w, "strides", 2, LIST(2, 2));
    onnx_attr_ints(w, "pads", 4, LIST(1, 1, 1, 1));
    onnx_attr_int(w, "count_include_pad", 1);
    onnx_int(w, "zero", 0);
    onnx_int(w, "two", 2);
    onnx_node(w, "Shape", "p", "sp");
    onnx_node(w, "Slice", "sp zero two", "nc");
    onnx_int(w, "four", 4);
    onnx_node(w, "Shape", "x", "sx");
    onnx_node(w, "Slice", "sx two four", "hw");
    onnx_node(w, "Mul", "hw two", "hw2");
    onnx_node(w, "Concat", "nc hw2", "size");
    onnx_attr_int(w, "axis", 0);
    onnx_node(w, "Resize", "p - - size", "r");
    onnx_attr_text(w, "mode", "linear");
    onnx_node(w, "SpaceToDepth", "r", "q");
    onnx_attr_int(w, "blocksize", 2);
    onnx_node(w, "GlobalAveragePool", "q", "m");
    onnx_node(w, "Sub", "q m", "y");
}

/* Other dimensions on the way, in every way. */
static void rearranged(onnx_writer *w)
{
    onnx_ints(w, "split", 5, LIST(1, 3, 2, -1, 4));
    onnx_ints(w, "rows", 3, LIST(3, 2, -1));
    onnx_ints(w, "begin", 2, LIST(1, 0));
    onnx_ints(w, "end", 2, LIST(3, 100));
    onnx_ints(w, "axes", 2, LIST(0, 2));
    onnx_ints(w, "step", 2, LIST(1, 2));
    onnx_ints(w, "pad", 6, LIST(1, 0, 2, 0, 1, 1));
    onnx_ints(w, "twice", 3, LIST(1, 2, 1));
    onnx_ints(w, "some", 4, LIST(2, 0, 1, -1));
    onnx_ints(w, "flat", 4, LIST(1, 1, 1, -1));
    onnx_node(w, "Reshape", "x split", "a");
    onnx_node(w, "Transpose", "a", "b");
    onnx_attr_ints(w, "perm", 5, LIST(1, 3, 0, 4, 2));
    onnx_node(w, "Reshape", "b rows", "c");
    onnx_node(w, "Slice", "c begin end axes step", "d");
    onnx_node(w, "Pad", "d pad", "e");
    onnx_node(w, "Tile", "e twice", "f");
    onnx_node(w, "Gather", "f some", "g");
    onnx_attr_int(w, "axis", 1);
    onnx_node(w, "Concat", "g g", "h");
    onnx_attr_int(w, "axis", 2);
    onnx_node(w, "Softmax", "h", "i");
    onnx_attr_int(w, "axis", 0);
    onnx_node(w, "ReduceMax", "i", "j");
    onnx_attr_ints(w, "axes", 1, LIST(1));
    onnx_attr_int(w, "keepdims", 0);
    onnx_node(w, "Reshape", "j flat", "y");
}

/* A batch of pictures, matrices, means, a resize that no kernel knows. */
static void matrices(onnx_writer *w)
{
    noise(w, "w", 4, LIST(4, 3, 3, 3));
    noise(w, "m", 2, LIST(4, 6));
    noise(w, "n", 2, LIST(4, 6));
    noise(w, "s", 1, LIST(4));
    onnx_ints(w, "batch", 4, LIST(2, 3, -1, 4));
    onnx_ints(w, "back", 4, LIST(1, 4, 8, -1));
    onnx_ints(w, "size", 4, LIST(1, 4, 5, 9));
    onnx_node(w, "Reshape", "x batch", "a");
    onnx_node(w, "Conv", "a w", "b");
    onnx_attr_text(w, "auto_pad", "SAME_UPPER");
    onnx_node(w, "GlobalMaxPool", "b", "c");
    onnx_node(w, "Flatten", "c", "d");
    onnx_node(w, "Gemm", "d m", "e");
    onnx_attr_float(w, "alpha", 0.5f);
    onnx_node(w, "Gemm", "e n s", "f");
    onnx_attr_int(w, "transB", 1);
    onnx_attr_float(w, "beta", 2);
    onnx_node(w, "Expand", "f back", "never");
    onnx_node(w, "Reshape", "b back", "g");
    onnx_node(w, "Resize", "g - - size", "h");
    onnx_attr_text(w, "mode", "cubic");
    onnx_node(w, "Transpose", "h", "i");
    onnx_attr_ints(w, "perm", 4, LIST(0, 2, 3, 1));
    onnx_node(w, "MatMul", "i m", "j");
    onnx_node(w, "ReduceMean", "f", "k");
    onnx_attr_ints(w, "axes", 1, LIST(0));
    onnx_node(w, "LayerNormalization", "i s s", "l");
    onnx_node(w, "Mul", "l k", "n1");
    onnx_node(w, "Squeeze", "n1", "n2");
    onnx_node(w, "Erf", "n2", "y");
}

static void identity(onnx_writer *w)
{
    onnx_node(w, "Identity", "x", "y");
}

typedef struct sample_row {
    const char *name;
    void (*write)(onnx_writer *w);
} sample_row;

static const sample_row sample_table[] = {
    {"one_conv", one_conv}, {"transposed", transposed}, {"network", network},
    {"shapes", shapes},     {"identity", identity},     {"rearranged", rearranged},
    {"matrices", matrices},
};

uint8_t *sample_model(int32_t index, size_t *size, const char **name)
{
    if (index < 0 || (size_t)index >= sizeof sample_table / sizeof *sample_table)
        return NULL;
    onnx_writer w;
    onnx_writer_init(&w, 17);
    sample_table[index].write(&w);
    uint8_t *bytes = onnx_model(&w, LIST(1, 3, 0, 0), size);
    if (name)
        *name = sample_table[index].name;
    return bytes;
}
