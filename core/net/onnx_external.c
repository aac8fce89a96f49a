/* Field numbers are those of onnx.proto: ModelProto.graph 7, GraphProto.initializer 5, of
 * TensorProto name 8, raw_data 9, external_data 13 (StringStringEntryProto: key 1, value 2),
 * data_location 14. */
#include "onnx_external.h"

#include <stdlib.h>
#include <string.h>

#include "onnx.h"

enum { EXTERNAL = 1, LOCATION_MAX = 512 };

typedef struct bytes {
    uint8_t *data;
    size_t size, room;
    bool failed; /* memory ran out */
} bytes;

typedef struct job {
    const char *name;
    mi_external_read *read;
    void *opaque;
    size_t limit;
    bool bad; /* the model is damaged */
    mi_log *log;
} job;

/* Room for more at the end. */
static uint8_t *extend(bytes *to, size_t size)
{
    if (to->size + size > to->room) {
        size_t room = to->room + to->room / 2 + size + 256;
        uint8_t *data = to->failed ? NULL : realloc(to->data, room);
        if (!data) {
            to->failed = true;
            return NULL;
        }
        to->data = data;
        to->room = room;
    }
    uint8_t *at = to->data + to->size;
    to->size += size;
    return at;
}

static void put(bytes *to, const uint8_t *from, size_t size)
{
    uint8_t *at = size ? extend(to, size) : NULL;
    if (at)
        memcpy(at, from, size);
}

static void put_head(bytes *to, uint32_t number, size_t size)
{
    uint64_t part[2] = {(uint64_t)number << 3 | MI_PB_BYTES, size};
    for (int k = 0; k < 2; k++)
        do {
            uint8_t byte = (uint8_t)((part[k] & 0x7f) | (part[k] > 0x7f ? 0x80 : 0));
            put(to, &byte, 1);
            part[k] >>= 7;
        } while (part[k]);
}

/* A field as it stands. */
static void put_same(bytes *to, const uint8_t *begin, const mi_pb *end)
{
    put(to, begin, (size_t)(end->at - begin));
}

static bool is_external(mi_view tensor)
{
    mi_pb pb = mi_pb_open(tensor);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field))
        if (field.number == 14 && field.wire == MI_PB_VARINT && field.value == EXTERNAL)
            return true;
    return false;
}

typedef struct place {
    char location[LOCATION_MAX];
    char tensor[MI_VIEW_TEXT];
    uint64_t offset, length;
} place;

/* False if it does not fit or has bytes that no line of text has. */
static bool read_location(mi_view text, char location[LOCATION_MAX])
{
    if (text.size == 0 || text.size >= LOCATION_MAX)
        return false;
    for (size_t k = 0; k < text.size; k++)
        if (text.data[k] < 0x20 || text.data[k] == 0x7f)
            return false;
    memcpy(location, text.data, text.size);
    location[text.size] = '\0';
    return true;
}

/* A number of up to 15 digits. */
static bool read_number(mi_view text, uint64_t *number)
{
    *number = 0;
    for (size_t k = 0; k < text.size; k++) {
        if (text.data[k] < '0' || text.data[k] > '9')
            return false;
        *number = *number * 10 + (uint64_t)(text.data[k] - '0');
    }
    return text.size > 0 && text.size <= 15;
}

/* A length that is left out follows from type and shape. */
static bool read_place(mi_view tensor, place *p)
{
    mi_pb pb = mi_pb_open(tensor);
    mi_pb_field field, part;
    bool ok = true, has_length = false;
    memset(p, 0, sizeof *p);
    while (mi_pb_next(&pb, &field)) {
        mi_view key = {NULL, 0}, value = {NULL, 0};
        if (field.number == 8 && field.wire == MI_PB_BYTES)
            mi_view_text(field.bytes, p->tensor);
        if (field.number != 13 || field.wire != MI_PB_BYTES)
            continue;
        mi_pb entry = mi_pb_open(field.bytes);
        while (mi_pb_next(&entry, &part)) {
            if (part.number == 1)
                key = part.bytes;
            else if (part.number == 2)
                value = part.bytes;
        }
        if (mi_view_is(key, "location"))
            ok = read_location(value, p->location) && ok;
        else if (mi_view_is(key, "offset"))
            ok = read_number(value, &p->offset) && ok;
        else if (mi_view_is(key, "length")) {
            has_length = true;
            ok = read_number(value, &p->length) && ok;
        }
    }
    if (!has_length)
        p->length = mi_onnx_raw_size(tensor);
    return ok && p->location[0];
}

/* The tensor with its values in it. */
static int bring_in(job *j, mi_view tensor, bytes *to)
{
    place p;
    mi_pb pb = mi_pb_open(tensor);
    mi_pb_field field;
    if (!read_place(tensor, &p))
        return mi_fail(j->log, MIEN_ERR_MODEL, "%s: initializer '%s': where its data lie is "
                       "damaged", j->name, p.tensor);
    if (p.length > j->limit)
        return mi_fail(j->log, MIEN_ERR_MODEL, "%s: initializer '%s': the data beside the file "
                       "are too large", j->name, p.tensor);
    j->limit -= (size_t)p.length;
    for (const uint8_t *begin = pb.at; mi_pb_next(&pb, &field); begin = pb.at)
        if (field.number != 9 && field.number != 13 && field.number != 14)
            put_same(to, begin, &pb);
    put_head(to, 9, (size_t)p.length);
    uint8_t *at = extend(to, (size_t)p.length);
    return at ? j->read(j->opaque, p.location, p.offset, (size_t)p.length, at) : MIEN_OK;
}

static int walk_graph(job *j, mi_view graph, bytes *to)
{
    mi_pb pb = mi_pb_open(graph);
    mi_pb_field field;
    int status = MIEN_OK;
    for (const uint8_t *begin = pb.at; status == MIEN_OK && mi_pb_next(&pb, &field);
         begin = pb.at) {
        if (field.number != 5 || field.wire != MI_PB_BYTES || !is_external(field.bytes)) {
            put_same(to, begin, &pb);
            continue;
        }
        bytes tensor = {.size = 0};
        status = bring_in(j, field.bytes, &tensor);
        put_head(to, 5, tensor.size);
        put(to, tensor.data, tensor.size);
        to->failed = to->failed || tensor.failed;
        free(tensor.data);
    }
    j->bad = j->bad || pb.bad;
    return status;
}

/* Is there anything to do? */
static bool has_external(mi_view model)
{
    mi_pb pb = mi_pb_open(model), graph;
    mi_pb_field field, inner;
    while (mi_pb_next(&pb, &field)) {
        if (field.number != 7 || field.wire != MI_PB_BYTES)
            continue;
        graph = mi_pb_open(field.bytes);
        while (mi_pb_next(&graph, &inner))
            if (inner.number == 5 && inner.wire == MI_PB_BYTES && is_external(inner.bytes))
                return true;
    }
    return false;
}

int mi_onnx_bring_in(uint8_t **made, size_t *size, mi_view model, const char *name, size_t limit,
                     mi_external_read *read, void *opaque, mi_log *log)
{
    job j = {.name = name, .read = read, .opaque = opaque, .limit = limit, .log = log};
    bytes all = {.size = 0}, graph;
    mi_pb pb = mi_pb_open(model);
    mi_pb_field field;
    int status = MIEN_OK;
    *made = NULL;
    *size = 0;
    if (!has_external(model))
        return MIEN_OK;
    for (const uint8_t *begin = pb.at; status == MIEN_OK && mi_pb_next(&pb, &field);
         begin = pb.at) {
        if (field.number != 7 || field.wire != MI_PB_BYTES) {
            put_same(&all, begin, &pb);
            continue;
        }
        memset(&graph, 0, sizeof graph);
        status = walk_graph(&j, field.bytes, &graph);
        put_head(&all, 7, graph.size);
        put(&all, graph.data, graph.size);
        all.failed = all.failed || graph.failed;
        free(graph.data);
    }
    if (status == MIEN_OK && all.failed)
        status = mi_fail(log, MIEN_ERR_NOMEM, "%s: no memory", name);
    if (status != MIEN_OK || j.bad || pb.bad) {
        free(all.data);
        return status;
    }
    *made = all.data;
    *size = all.size;
    return MIEN_OK;
}
