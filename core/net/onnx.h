/* An ONNX file taken apart: views into its bytes, names as numbers. Nothing is interpreted yet.
 * Private to the ONNX reader. */
#ifndef MI_ONNX_H
#define MI_ONNX_H

#include "../log.h"
#include "protobuf.h"

/* Numbers that the format gives its data types and attribute types. */
enum {
    MI_ONNX_FLOAT = 1,
    MI_ONNX_UINT8 = 2,
    MI_ONNX_INT8 = 3,
    MI_ONNX_UINT16 = 4,
    MI_ONNX_INT16 = 5,
    MI_ONNX_INT32 = 6,
    MI_ONNX_INT64 = 7,
    MI_ONNX_BOOL = 9,
    MI_ONNX_FLOAT16 = 10,
    MI_ONNX_DOUBLE = 11,
    MI_ONNX_UINT32 = 12,
    MI_ONNX_UINT64 = 13,
    MI_ONNX_BFLOAT16 = 16
};

/* Of the data types that constants may have. */
bool mi_onnx_is_float(int32_t type);
bool mi_onnx_is_int(int32_t type); /* or boolean */

enum { MI_ONNX_RANK = 8 };

/* Values in one constant. */
#define MI_ONNX_VALUES_MAX (INT64_C(1) << 28)

typedef struct mi_onnx_attr {
    mi_view name;
    bool has_float, has_int, has_text, has_tensor, has_ints, has_floats;
    float number;
    int64_t integer;
    mi_view text;
    mi_view tensor; /* a TensorProto */
    mi_view body;   /* the AttributeProto, for the lists */
} mi_onnx_attr;

typedef struct mi_onnx_node {
    mi_view name, type, domain;
    int32_t first_in, ins;   /* into model->id; an id of -1: left out */
    int32_t first_out, outs; /* into model->id */
    int32_t first_attr, attrs;
} mi_onnx_node;

typedef struct mi_onnx_initializer {
    int32_t id;
    mi_view tensor; /* a TensorProto */
} mi_onnx_initializer;

typedef struct mi_onnx_input {
    int32_t id;
    int32_t type; /* data type */
    int32_t rank; /* -1: not given */
    int64_t dim[4]; /* 0: dynamic */
} mi_onnx_input;

typedef struct mi_onnx_meta {
    mi_view key, value;
} mi_onnx_meta;

typedef struct mi_onnx {
    const char *file; /* for messages */
    mi_log *log;
    int64_t opset;
    mi_view *name; /* of an id; sorted, no two alike */
    int32_t names;
    mi_onnx_node *node;
    int32_t nodes;
    mi_onnx_attr *attr;
    int32_t attrs;
    int32_t *id;
    int32_t ids;
    mi_onnx_initializer *initializer;
    int32_t initializers;
    mi_onnx_meta *meta;
    int32_t metas;
    mi_onnx_input input; /* the one that is no initializer */
    int32_t output;      /* id of the first one */
    int32_t outputs;     /* how many there are */
} mi_onnx;

/* `model` is filled; mi_onnx_finish() is needed in any case. The bytes must outlive it. */
int mi_onnx_read(mi_onnx *model, mi_view bytes, const char *file, mi_log *log);
void mi_onnx_finish(mi_onnx *model);

/* Does the declared input hold N,H,W,C? Its size (0: dynamic) and channels. */
int mi_onnx_picture(const mi_onnx *model, bool *nhwc, int32_t *c, int32_t *h, int32_t *w);

const mi_onnx_attr *mi_onnx_find(const mi_onnx *model, const mi_onnx_node *node,
                                 const char *name);

/* The list of an integer attribute: count, or -1 if it has more than `limit`. */
int32_t mi_onnx_ints(const mi_onnx_attr *attr, int64_t *value, int32_t limit);
int32_t mi_onnx_floats(const mi_onnx_attr *attr, float *value, int32_t limit);

/* A constant. Integers and booleans are int64_t, every other type is float. */
typedef struct mi_const {
    bool is_int;
    int32_t rank;
    int64_t dim[MI_ONNX_RANK];
    int64_t count; /* product of dim */
    float *f;      /* owned; one of the two, NULL if count is 0 */
    int64_t *i;
} mi_const;

/* What is left of the memory that constants of one file may take, in values. */
typedef struct mi_budget {
    int64_t left;
} mi_budget;

/* Zeroes. MIEN_ERR_MODEL if the shape is absurd or the budget is spent, MIEN_ERR_NOMEM. No
 * message is made. */
int mi_const_init(mi_const *value, bool is_int, int32_t rank, const int64_t *dim,
                  mi_budget *budget);
void mi_const_finish(mi_const *value);

/* Decodes a TensorProto. On failure *why is a text for the message. */
int mi_onnx_tensor(mi_const *value, mi_view tensor, mi_budget *budget, const char **why);

/* Bytes of a TensorProto's values as raw data, by its type and shape; 0 where mi_onnx_tensor()
 * refuses these. */
uint64_t mi_onnx_raw_size(mi_view tensor);

#endif
