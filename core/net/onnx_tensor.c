/* Constants: memory, and their decoding from a TensorProto. */
#include "onnx.h"

#include <stdlib.h>
#include <string.h>

int mi_const_init(mi_const *value, bool is_int, int32_t rank, const int64_t *dim,
                  mi_budget *budget)
{
    memset(value, 0, sizeof *value);
    if (rank < 0 || rank > MI_ONNX_RANK)
        return MIEN_ERR_MODEL;
    int64_t count = 1;
    bool empty = false;
    for (int32_t k = 0; k < rank; k++) {
        if (dim[k] < 0 || dim[k] > MI_ONNX_VALUES_MAX)
            return MIEN_ERR_MODEL;
        value->dim[k] = dim[k];
        if (dim[k] == 0)
            empty = true;
        else if (count > MI_ONNX_VALUES_MAX / dim[k])
            return MIEN_ERR_MODEL;
        else
            count *= dim[k];
    }
    value->is_int = is_int;
    value->rank = rank;
    value->count = empty ? 0 : count;
    if (empty)
        return 0;
    int64_t cost = is_int ? 2 * count : count;
    if (cost > budget->left)
        return MIEN_ERR_MODEL;
    if (is_int)
        value->i = calloc((size_t)count, sizeof *value->i);
    else
        value->f = calloc((size_t)count, sizeof *value->f);
    if (!value->i && !value->f)
        return MIEN_ERR_NOMEM;
    budget->left -= cost;
    return 0;
}

void mi_const_finish(mi_const *value)
{
    free(value->f);
    free(value->i);
    memset(value, 0, sizeof *value);
}

typedef struct proto {
    int32_t type, rank;
    int64_t dim[MI_ONNX_RANK];
    bool has_raw, external;
    mi_view raw, body;
} proto;

static bool read_proto(proto *t, mi_view message, const char **why)
{
    memset(t, 0, sizeof *t);
    t->body = message;
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number == 1 && (field.wire == MI_PB_VARINT || field.wire == MI_PB_BYTES)) {
            mi_pb packed = mi_pb_open(field.bytes);
            uint64_t item = field.value;
            while (field.wire == MI_PB_VARINT || mi_pb_varint(&packed, &item)) {
                if (t->rank == MI_ONNX_RANK) {
                    *why = "more than 8 dimensions";
                    return false;
                }
                t->dim[t->rank++] = mi_pb_int64(item);
                if (field.wire == MI_PB_VARINT)
                    break;
            }
            if (packed.bad)
                return false;
        } else if (field.number == 2 && field.wire == MI_PB_VARINT) {
            t->type = field.value > 1000 ? 1000 : (int32_t)field.value;
        } else if (field.number == 9 && field.wire == MI_PB_BYTES) {
            t->has_raw = true;
            t->raw = field.bytes;
        } else if (field.number == 14 && field.wire == MI_PB_VARINT) {
            t->external = field.value == 1;
        }
    }
    return !pb.bad;
}

static float half_to_float(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16, exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    if (exponent == 31)
        return mi_pb_float(sign | 0x7f800000 | fraction << 13);
    if (exponent)
        return mi_pb_float(sign | (exponent + 112) << 23 | fraction << 13);
    float value = (float)fraction / 16777216.0f; /* subnormal: fraction * 2^-24 */
    return sign ? -value : value;
}

/* A double that float cannot hold becomes an infinity; the cast alone would be undefined. */
static float narrow(double value)
{
    if (value > 3.4028234663852886e38)
        return mi_pb_float(0x7f800000);
    if (value < -3.4028234663852886e38)
        return mi_pb_float(0xff800000);
    return (float)value;
}

bool mi_onnx_is_float(int32_t type)
{
    return type == MI_ONNX_FLOAT || type == MI_ONNX_FLOAT16 || type == MI_ONNX_BFLOAT16 ||
           type == MI_ONNX_DOUBLE;
}

static size_t item_size(int32_t type)
{
    switch (type) {
    case MI_ONNX_UINT8:
    case MI_ONNX_INT8:
    case MI_ONNX_BOOL:
        return 1;
    case MI_ONNX_FLOAT16:
    case MI_ONNX_BFLOAT16:
    case MI_ONNX_INT16:
    case MI_ONNX_UINT16:
        return 2;
    case MI_ONNX_FLOAT:
    case MI_ONNX_INT32:
    case MI_ONNX_UINT32:
        return 4;
    case MI_ONNX_INT64:
    case MI_ONNX_UINT64:
    case MI_ONNX_DOUBLE:
        return 8;
    default:
        return 0;
    }
}

bool mi_onnx_is_int(int32_t type)
{
    return item_size(type) > 0 && !mi_onnx_is_float(type);
}

/* `bits` as they lie in raw_data or in the typed list (int32_data holds the smaller types). */
static void store(mi_const *value, int64_t at, int32_t type, uint64_t bits)
{
    switch (type) {
    case MI_ONNX_FLOAT:
        value->f[at] = mi_pb_float((uint32_t)bits);
        break;
    case MI_ONNX_FLOAT16:
        value->f[at] = half_to_float((uint32_t)bits & 0xffff);
        break;
    case MI_ONNX_BFLOAT16:
        value->f[at] = mi_pb_float((uint32_t)(bits & 0xffff) << 16);
        break;
    case MI_ONNX_UINT16:
        value->i[at] = (int64_t)(bits & 0xffff);
        break;
    case MI_ONNX_INT16:
        value->i[at] = (int64_t)(bits & 0xffff) - (bits & 0x8000 ? 0x10000 : 0);
        break;
    case MI_ONNX_UINT32:
        value->i[at] = (int64_t)(bits & 0xffffffff);
        break;
    case MI_ONNX_DOUBLE:
        value->f[at] = narrow(mi_pb_double(bits));
        break;
    case MI_ONNX_BOOL:
        value->i[at] = bits != 0;
        break;
    case MI_ONNX_UINT8:
        value->i[at] = (int64_t)(bits & 0xff);
        break;
    case MI_ONNX_INT8:
        value->i[at] = (int64_t)(bits & 0xff) - (bits & 0x80 ? 0x100 : 0);
        break;
    case MI_ONNX_INT32:
        value->i[at] = (int64_t)(bits & 0xffffffff) -
                       (bits & 0x80000000 ? INT64_C(0x100000000) : 0);
        break;
    default:
        value->i[at] = mi_pb_int64(bits);
        break;
    }
}

static void store_raw(mi_const *value, const proto *t)
{
    size_t size = item_size(t->type);
    for (int64_t at = 0; at < value->count; at++) {
        const uint8_t *from = t->raw.data + (size_t)at * size;
        uint64_t bits = 0;
        for (size_t k = 0; k < size; k++)
            bits |= (uint64_t)from[k] << (8 * k);
        store(value, at, t->type, bits);
    }
}

static bool next_item(mi_pb *pb, mi_pb_wire wire, uint64_t *bits)
{
    uint32_t narrow_bits = 0;
    if (wire == MI_PB_VARINT)
        return mi_pb_varint(pb, bits);
    if (wire == MI_PB_FIXED64)
        return mi_pb_fixed64(pb, bits);
    bool more = mi_pb_fixed32(pb, &narrow_bits);
    *bits = narrow_bits;
    return more;
}

/* Walks the typed list. With value NULL it only counts. -1: damaged. */
static int64_t walk_list(mi_const *value, const proto *t)
{
    uint32_t number = 5; /* int32_data */
    mi_pb_wire wire = MI_PB_VARINT;
    if (t->type == MI_ONNX_FLOAT) {
        number = 4;
        wire = MI_PB_FIXED32;
    } else if (t->type == MI_ONNX_INT64) {
        number = 7;
    } else if (t->type == MI_ONNX_UINT32 || t->type == MI_ONNX_UINT64) {
        number = 11;
    } else if (t->type == MI_ONNX_DOUBLE) {
        number = 10;
        wire = MI_PB_FIXED64;
    }
    int64_t count = 0;
    mi_pb pb = mi_pb_open(t->body);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number != number)
            continue;
        if (field.wire == wire) {
            if (value)
                store(value, count, t->type, field.value);
            count++;
        } else if (field.wire == MI_PB_BYTES) {
            mi_pb packed = mi_pb_open(field.bytes);
            uint64_t bits;
            while (next_item(&packed, wire, &bits)) {
                if (value)
                    store(value, count, t->type, bits);
                count++;
            }
            if (packed.bad)
                return -1;
        }
    }
    return count;
}

/* The product of the dimensions, or -1 if it is absurd. */
static int64_t declared_count(const proto *t)
{
    int64_t count = 1;
    for (int32_t k = 0; k < t->rank; k++)
        if (t->dim[k] == 0)
            return 0;
    for (int32_t k = 0; k < t->rank; k++) {
        if (t->dim[k] < 0 || t->dim[k] > MI_ONNX_VALUES_MAX / count)
            return -1;
        count *= t->dim[k];
    }
    return count;
}

uint64_t mi_onnx_raw_size(mi_view tensor)
{
    proto t;
    const char *why;
    if (!read_proto(&t, tensor, &why))
        return 0;
    int64_t count = declared_count(&t);
    return count < 0 ? 0 : (uint64_t)count * item_size(t.type);
}

int mi_onnx_tensor(mi_const *value, mi_view tensor, mi_budget *budget, const char **why)
{
    proto t;
    memset(value, 0, sizeof *value);
    *why = "cut off";
    if (!read_proto(&t, tensor, why))
        return MIEN_ERR_MODEL;
    size_t size = item_size(t.type);
    if (!size) {
        *why = "its data type is not supported";
        return MIEN_ERR_UNSUPPORTED;
    }
    if (t.external) {
        *why = "its data lie in another file";
        return MIEN_ERR_UNSUPPORTED;
    }
    /* The number of values must be in the file before any memory is taken for them. */
    int64_t count = declared_count(&t), present = 0;
    if (t.has_raw)
        present = t.raw.size % size ? -1 : (int64_t)(t.raw.size / size);
    else
        present = walk_list(NULL, &t);
    if (count < 0 || present != count) {
        *why = "its shape does not fit its data";
        return MIEN_ERR_MODEL;
    }
    bool is_int = !mi_onnx_is_float(t.type);
    int status = mi_const_init(value, is_int, t.rank, t.dim, budget);
    if (status < 0) {
        *why = status == MIEN_ERR_NOMEM ? "no memory" : "it is too large";
        return status;
    }
    if (t.has_raw)
        store_raw(value, &t);
    else
        walk_list(value, &t);
    return 0;
}
