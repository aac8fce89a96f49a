#include "onnx_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(onnx_bytes *to, const void *data, size_t size)
{
    if (!size)
        return;
    if (to->size + size > to->room) {
        to->room = 2 * (to->size + size);
        to->data = realloc(to->data, to->room);
        if (!to->data) {
            fprintf(stderr, "no memory\n");
            abort();
        }
    }
    memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_varint(onnx_bytes *to, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)(value & 0x7f) | (value > 0x7f ? 0x80 : 0);
        put(to, &byte, 1);
        value >>= 7;
    } while (value);
}

static void put_int(onnx_bytes *to, uint32_t field, int64_t value)
{
    put_varint(to, field << 3);
    put_varint(to, (uint64_t)value);
}

static void put_bytes(onnx_bytes *to, uint32_t field, const void *data, size_t size)
{
    put_varint(to, field << 3 | 2);
    put_varint(to, size);
    put(to, data, size);
}

static void put_text(onnx_bytes *to, uint32_t field, const char *text)
{
    put_bytes(to, field, text, strlen(text));
}

/* Moves what `part` holds into `to` as one field. */
static void put_part(onnx_bytes *to, uint32_t field, onnx_bytes *part)
{
    put_bytes(to, field, part->data, part->size);
    free(part->data);
    memset(part, 0, sizeof *part);
}

void onnx_writer_init(onnx_writer *writer, int32_t opset)
{
    memset(writer, 0, sizeof *writer);
    writer->opset = opset;
}

static void close_node(onnx_writer *writer)
{
    if (writer->node.size)
        put_part(&writer->graph, 1, &writer->node);
}

static void put_names(onnx_bytes *to, uint32_t field, const char *names)
{
    while (*names) {
        size_t size = strcspn(names, " ");
        put_bytes(to, field, names, size == 1 && *names == '-' ? 0 : size);
        names += size;
        names += *names == ' ';
    }
}

void onnx_node(onnx_writer *writer, const char *type, const char *inputs, const char *outputs)
{
    close_node(writer);
    put_names(&writer->node, 1, inputs);
    put_names(&writer->node, 2, outputs);
    put_text(&writer->node, 3, outputs);
    put_text(&writer->node, 4, type);
}

void onnx_attr_int(onnx_writer *writer, const char *name, int64_t value)
{
    onnx_bytes attr = {0};
    put_text(&attr, 1, name);
    put_int(&attr, 3, value);
    put_int(&attr, 20, 2);
    put_part(&writer->node, 5, &attr);
}

void onnx_attr_ints(onnx_writer *writer, const char *name, int32_t count, const int64_t *value)
{
    onnx_bytes attr = {0};
    put_text(&attr, 1, name);
    for (int32_t k = 0; k < count; k++)
        put_int(&attr, 8, value[k]);
    put_int(&attr, 20, 7);
    put_part(&writer->node, 5, &attr);
}

static void put_float(onnx_bytes *to, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint8_t bytes[4] = {(uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                        (uint8_t)(bits >> 24)};
    put(to, bytes, 4);
}

void onnx_attr_float(onnx_writer *writer, const char *name, float value)
{
    onnx_bytes attr = {0};
    put_text(&attr, 1, name);
    put_varint(&attr, 2 << 3 | 5);
    put_float(&attr, value);
    put_int(&attr, 20, 1);
    put_part(&writer->node, 5, &attr);
}

void onnx_attr_text(onnx_writer *writer, const char *name, const char *value)
{
    onnx_bytes attr = {0};
    put_text(&attr, 1, name);
    put_text(&attr, 4, value);
    put_int(&attr, 20, 3);
    put_part(&writer->node, 5, &attr);
}

void onnx_floats(onnx_writer *writer, const char *name, int32_t rank, const int64_t *dim,
                 const float *value)
{
    onnx_bytes tensor = {0}, raw = {0};
    size_t count = 1;
    for (int32_t k = 0; k < rank; k++) {
        put_int(&tensor, 1, dim[k]);
        count *= (size_t)dim[k];
    }
    put_int(&tensor, 2, 1);
    put_text(&tensor, 8, name);
    for (size_t k = 0; k < count; k++)
        put_float(&raw, value[k]);
    put_part(&tensor, 9, &raw);
    put_part(&writer->graph, 5, &tensor);
}

void onnx_ints(onnx_writer *writer, const char *name, int32_t count, const int64_t *value)
{
    onnx_bytes tensor = {0}, packed = {0};
    put_int(&tensor, 1, count);
    put_int(&tensor, 2, 7);
    for (int32_t k = 0; k < count; k++)
        put_varint(&packed, (uint64_t)value[k]);
    put_part(&tensor, 7, &packed);
    put_text(&tensor, 8, name);
    put_part(&writer->graph, 5, &tensor);
}

void onnx_int(onnx_writer *writer, const char *name, int64_t value)
{
    onnx_ints(writer, name, 1, &value);
}

static void put_pair(onnx_bytes *to, uint32_t field, const char *key, const char *value)
{
    onnx_bytes pair = {0};
    if (!value)
        return;
    put_text(&pair, 1, key);
    put_text(&pair, 2, value);
    put_part(to, field, &pair);
}

void onnx_external(onnx_writer *writer, const char *name, int32_t rank, const int64_t *dim,
                   const char *location, const char *offset, const char *length)
{
    onnx_bytes tensor = {0};
    for (int32_t k = 0; k < rank; k++)
        put_int(&tensor, 1, dim[k]);
    put_int(&tensor, 2, 1);
    put_text(&tensor, 8, name);
    put_pair(&tensor, 13, "location", location);
    put_pair(&tensor, 13, "offset", offset);
    put_pair(&tensor, 13, "length", length);
    put_int(&tensor, 14, 1);
    put_part(&writer->graph, 5, &tensor);
}

void onnx_convolution(onnx_writer *w, int64_t channels, int64_t side, const float *weight,
                      const float *bias)
{
    onnx_floats(w, "w", 4, LIST(channels, channels, side, side), weight);
    onnx_floats(w, "b", 1, LIST(channels), bias);
    onnx_node(w, "Conv", "x w b", "y");
    onnx_attr_ints(w, "pads", 4, LIST(side / 2, side / 2, side / 2, side / 2));
}

void onnx_meta(onnx_writer *writer, const char *key, const char *value)
{
    put_pair(&writer->meta, 14, key, value);
}

enum { FLOAT = 1, UINT8 = 2 };

/* ValueInfoProto of a tensor; dim NULL: of unknown shape. */
static void put_value(onnx_bytes *to, uint32_t field, const char *name, int32_t type_number,
                      const int64_t *dim)
{
    onnx_bytes info = {0}, type = {0}, tensor = {0}, shape = {0};
    put_int(&tensor, 1, type_number);
    for (int32_t k = 0; dim && k < 4; k++) {
        onnx_bytes one = {0};
        if (dim[k])
            put_int(&one, 1, dim[k]);
        else
            put_text(&one, 2, "any");
        put_part(&shape, 1, &one);
    }
    if (dim)
        put_part(&tensor, 2, &shape);
    put_part(&type, 1, &tensor);
    put_text(&info, 1, name);
    put_part(&info, 2, &type);
    put_part(to, field, &info);
}

uint8_t *onnx_model(onnx_writer *writer, const int64_t dim[4], size_t *size)
{
    onnx_bytes model = {0}, opset = {0};
    close_node(writer);
    put_value(&writer->graph, 11, "x", writer->bytes ? UINT8 : FLOAT, dim);
    put_value(&writer->graph, 12, "y", FLOAT, NULL);
    put_int(&model, 1, 8);
    put_part(&model, 7, &writer->graph);
    put_text(&opset, 1, "");
    put_int(&opset, 2, writer->opset);
    put_part(&model, 8, &opset);
    put(&model, writer->meta.data, writer->meta.size);
    free(writer->meta.data);
    memset(writer, 0, sizeof *writer);
    *size = model.size;
    return model.data;
}
