#include "protobuf.h"

#include <string.h>

mi_pb mi_pb_open(mi_view message)
{
    mi_pb pb = {message.data, message.data, false};
    if (message.size)
        pb.end = message.data + message.size;
    return pb;
}

static bool damaged(mi_pb *pb)
{
    pb->bad = true;
    return false;
}

/* Also false at the end of a packed field, which is no damage. */
bool mi_pb_varint(mi_pb *pb, uint64_t *value)
{
    if (pb->bad || pb->at == pb->end)
        return false;
    uint64_t sum = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (pb->at == pb->end)
            return damaged(pb);
        uint8_t byte = *pb->at++;
        if (shift == 63 && byte > 1)
            return damaged(pb);
        sum |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *value = sum;
            return true;
        }
    }
    return damaged(pb);
}

static bool little_endian(mi_pb *pb, unsigned size, uint64_t *value)
{
    if (pb->bad || pb->at == pb->end)
        return false;
    if ((size_t)(pb->end - pb->at) < size)
        return damaged(pb);
    uint64_t sum = 0;
    for (unsigned k = 0; k < size; k++)
        sum |= (uint64_t)pb->at[k] << (8 * k);
    pb->at += size;
    *value = sum;
    return true;
}

bool mi_pb_fixed32(mi_pb *pb, uint32_t *value)
{
    uint64_t wide = 0;
    if (!little_endian(pb, 4, &wide))
        return false;
    *value = (uint32_t)wide;
    return true;
}

bool mi_pb_fixed64(mi_pb *pb, uint64_t *value)
{
    return little_endian(pb, 8, value);
}

bool mi_pb_next(mi_pb *pb, mi_pb_field *field)
{
    uint64_t key = 0, size = 0;
    if (!mi_pb_varint(pb, &key))
        return false;
    if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
        return damaged(pb);
    field->number = (uint32_t)(key >> 3);
    field->value = 0;
    field->bytes = (mi_view){pb->at, 0};
    bool ok = false;
    switch (key & 7) {
    case MI_PB_VARINT:
        field->wire = MI_PB_VARINT;
        ok = mi_pb_varint(pb, &field->value);
        break;
    case MI_PB_FIXED64:
        field->wire = MI_PB_FIXED64;
        ok = little_endian(pb, 8, &field->value);
        break;
    case MI_PB_FIXED32:
        field->wire = MI_PB_FIXED32;
        ok = little_endian(pb, 4, &field->value);
        break;
    case MI_PB_BYTES:
        field->wire = MI_PB_BYTES;
        ok = mi_pb_varint(pb, &size) && size <= (size_t)(pb->end - pb->at);
        if (ok) {
            field->bytes = (mi_view){pb->at, (size_t)size};
            pb->at += size;
        }
        break;
    default: /* groups: ONNX has none */
        break;
    }
    return ok || damaged(pb);
}

float mi_pb_float(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double mi_pb_double(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int64_t mi_pb_int64(uint64_t bits)
{
    int64_t value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

bool mi_view_is(mi_view view, const char *text)
{
    size_t size = strlen(text);
    return view.size == size && (size == 0 || memcmp(view.data, text, size) == 0);
}

const char *mi_view_text(mi_view view, char text[MI_VIEW_TEXT])
{
    size_t size = view.size < MI_VIEW_TEXT - 1 ? view.size : MI_VIEW_TEXT - 1;
    for (size_t k = 0; k < size; k++) {
        uint8_t byte = view.data[k];
        text[k] = byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
    }
    text[size] = 0;
    return text;
}
