/* Looks into a model that is taken apart: attributes, the declared picture. */
#include "onnx.h"

static bool is_channels(int64_t size)
{
    return size >= 1 && size <= 4;
}

int mi_onnx_picture(const mi_onnx *m, bool *nhwc, int32_t *c, int32_t *h, int32_t *w)
{
    const mi_onnx_input *input = &m->input;
    char text[MI_VIEW_TEXT];
    mi_view_text(m->name[input->id], text);
    if (!mi_onnx_is_float(input->type) && input->type != MI_ONNX_UINT8)
        return mi_fail(m->log, MIEN_ERR_UNSUPPORTED,
                       "%s: input '%s': data type %d is neither float nor uint8", m->file, text,
                       (int)input->type);
    if (input->rank != 4)
        return mi_fail(m->log, MIEN_ERR_UNSUPPORTED,
                       "%s: input '%s': wants 4 dimensions, a batch of pictures", m->file, text);
    if (input->dim[0] > 1)
        return mi_fail(m->log, MIEN_ERR_UNSUPPORTED, "%s: input '%s': batch of %lld pictures",
                       m->file, text, (long long)input->dim[0]);
    *nhwc = !is_channels(input->dim[1]) && is_channels(input->dim[3]);
    const int64_t *dim = input->dim;
    int64_t channels = *nhwc ? dim[3] : dim[1];
    int64_t height = *nhwc ? dim[1] : dim[2], width = *nhwc ? dim[2] : dim[3];
    if (!channels)
        channels = 3; /* not given: colours */
    if (channels > 1024)
        return mi_fail(m->log, MIEN_ERR_UNSUPPORTED, "%s: input '%s': %lld channels", m->file,
                       text, (long long)channels);
    if (height > 1 << 20 || width > 1 << 20)
        return mi_fail(m->log, MIEN_ERR_MODEL, "%s: input '%s': absurd size %lldx%lld", m->file,
                       text, (long long)width, (long long)height);
    *c = (int32_t)channels;
    *h = (int32_t)height;
    *w = (int32_t)width;
    return 0;
}

const mi_onnx_attr *mi_onnx_find(const mi_onnx *model, const mi_onnx_node *node, const char *name)
{
    for (int32_t k = 0; k < node->attrs; k++)
        if (mi_view_is(model->attr[node->first_attr + k].name, name))
            return &model->attr[node->first_attr + k];
    return NULL;
}

int32_t mi_onnx_ints(const mi_onnx_attr *attr, int64_t *value, int32_t limit)
{
    int32_t count = 0;
    mi_pb pb = mi_pb_open(attr->body);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number != 8)
            continue;
        if (field.wire == MI_PB_VARINT) {
            if (count == limit)
                return -1;
            value[count++] = mi_pb_int64(field.value);
        } else if (field.wire == MI_PB_BYTES) {
            mi_pb packed = mi_pb_open(field.bytes);
            uint64_t item;
            while (mi_pb_varint(&packed, &item)) {
                if (count == limit)
                    return -1;
                value[count++] = mi_pb_int64(item);
            }
            if (packed.bad)
                return -1;
        }
    }
    return count;
}

int32_t mi_onnx_floats(const mi_onnx_attr *attr, float *value, int32_t limit)
{
    int32_t count = 0;
    mi_pb pb = mi_pb_open(attr->body);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number != 7)
            continue;
        if (field.wire == MI_PB_FIXED32) {
            if (count == limit)
                return -1;
            value[count++] = mi_pb_float((uint32_t)field.value);
        } else if (field.wire == MI_PB_BYTES) {
            mi_pb packed = mi_pb_open(field.bytes);
            uint32_t item;
            while (mi_pb_fixed32(&packed, &item)) {
                if (count == limit)
                    return -1;
                value[count++] = mi_pb_float(item);
            }
            if (packed.bad)
                return -1;
        }
    }
    return count;
}
