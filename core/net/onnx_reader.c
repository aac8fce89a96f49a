/* ModelProto to mi_onnx. Field numbers are those of onnx.proto. */
#include "onnx.h"

#include <stdlib.h>
#include <string.h>

enum { NODES_MAX = 1 << 16, ITEMS_MAX = 1 << 20 };

/* Names are collected in the order in which they are met and get their numbers at the end. */
typedef struct reader {
    mi_onnx *model;
    mi_view *met;
    int32_t mets, met_room;
    int32_t node_room, attr_room, id_room, initializer_room, meta_room;
    mi_onnx_input *input; /* all inputs */
    int32_t inputs, input_room;
    int32_t outputs;
} reader;

static int fail(const reader *r, const char *what)
{
    return mi_fail(r->model->log, MIEN_ERR_MODEL, "%s: not an ONNX model or damaged: %s",
                   r->model->file, what);
}

/* Room for one more item; `items` is the address of the pointer to them. */
static int grow(const reader *r, void *items, int32_t count, int32_t *room, size_t size,
                int32_t limit)
{
    if (count < *room)
        return 0;
    if (count >= limit)
        return mi_fail(r->model->log, MIEN_ERR_UNSUPPORTED, "%s: too many parts (limit %d)",
                       r->model->file, (int)limit);
    int32_t more = *room ? *room * 2 : 64;
    void *array;
    memcpy(&array, items, sizeof array); /* a pointer of any type lies there */
    array = realloc(array, (size_t)more * size);
    if (!array)
        return mi_fail(r->model->log, MIEN_ERR_NOMEM, "%s: no memory", r->model->file);
    memcpy(items, &array, sizeof array);
    *room = more;
    return 0;
}

#define GROW(r, array, count, room, limit)                                                         \
    grow(r, &(array), count, &(room), sizeof *(array), limit)

/* *id is an index into r->met until number_names(), or -1 for the empty name. */
static int meet(reader *r, mi_view name, int32_t *id)
{
    *id = -1;
    if (!name.size)
        return 0;
    int status = GROW(r, r->met, r->mets, r->met_room, ITEMS_MAX);
    if (status < 0)
        return status;
    r->met[r->mets] = name;
    *id = r->mets++;
    return 0;
}

static int read_attr(reader *r, mi_view message)
{
    mi_onnx *m = r->model;
    int status = GROW(r, m->attr, m->attrs, r->attr_room, ITEMS_MAX);
    if (status < 0)
        return status;
    mi_onnx_attr *attr = &m->attr[m->attrs];
    memset(attr, 0, sizeof *attr);
    attr->body = message;
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number == 1 && field.wire == MI_PB_BYTES) {
            attr->name = field.bytes;
        } else if (field.number == 2 && field.wire == MI_PB_FIXED32) {
            attr->has_float = true;
            attr->number = mi_pb_float((uint32_t)field.value);
        } else if (field.number == 3 && field.wire == MI_PB_VARINT) {
            attr->has_int = true;
            attr->integer = mi_pb_int64(field.value);
        } else if (field.number == 4 && field.wire == MI_PB_BYTES) {
            attr->has_text = true;
            attr->text = field.bytes;
        } else if (field.number == 5 && field.wire == MI_PB_BYTES) {
            attr->has_tensor = true;
            attr->tensor = field.bytes;
        } else if (field.number == 7) {
            attr->has_floats = true;
        } else if (field.number == 8) {
            attr->has_ints = true;
        }
    }
    if (pb.bad)
        return fail(r, "an attribute is cut off");
    m->attrs++;
    return 0;
}

static int read_id(reader *r, mi_view name)
{
    mi_onnx *m = r->model;
    int status = GROW(r, m->id, m->ids, r->id_room, ITEMS_MAX);
    if (status >= 0)
        status = meet(r, name, &m->id[m->ids]);
    if (status < 0)
        return status;
    m->ids++;
    return 0;
}

/* The lists of a node must lie together in the arrays of the model: one pass for each. */
static int read_node(reader *r, mi_view message)
{
    mi_onnx *m = r->model;
    int status = GROW(r, m->node, m->nodes, r->node_room, NODES_MAX);
    if (status < 0)
        return status;
    mi_onnx_node node = {.first_attr = m->attrs};
    for (uint32_t list = 1; list <= 2; list++) {
        int32_t first = m->ids;
        mi_pb pb = mi_pb_open(message);
        mi_pb_field field;
        while (mi_pb_next(&pb, &field)) {
            if (field.wire != MI_PB_BYTES)
                continue;
            if (field.number == list)
                status = read_id(r, field.bytes);
            else if (list == 1 && field.number == 3)
                node.name = field.bytes;
            else if (list == 1 && field.number == 4)
                node.type = field.bytes;
            else if (list == 1 && field.number == 5)
                status = read_attr(r, field.bytes);
            else if (list == 1 && field.number == 7)
                node.domain = field.bytes;
            if (status < 0)
                return status;
        }
        if (pb.bad)
            return fail(r, "a node is cut off");
        if (list == 1) {
            node.first_in = first;
            node.ins = m->ids - first;
        } else {
            node.first_out = first;
            node.outs = m->ids - first;
        }
    }
    node.attrs = m->attrs - node.first_attr;
    m->node[m->nodes++] = node;
    return 0;
}

static int read_initializer(reader *r, mi_view message)
{
    mi_onnx *m = r->model;
    int status = GROW(r, m->initializer, m->initializers, r->initializer_room, ITEMS_MAX);
    if (status < 0)
        return status;
    mi_view name = {NULL, 0};
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field))
        if (field.number == 8 && field.wire == MI_PB_BYTES)
            name = field.bytes;
    if (pb.bad)
        return fail(r, "an initializer is cut off");
    if (!name.size)
        return 0; /* nothing can refer to it */
    mi_onnx_initializer *initializer = &m->initializer[m->initializers];
    initializer->tensor = message;
    status = meet(r, name, &initializer->id);
    if (status < 0)
        return status;
    m->initializers++;
    return 0;
}

static bool read_shape(mi_view message, mi_onnx_input *input)
{
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    input->rank = 0;
    while (mi_pb_next(&pb, &field)) {
        if (field.number != 1 || field.wire != MI_PB_BYTES)
            continue;
        int64_t size = 0;
        mi_pb inner = mi_pb_open(field.bytes);
        mi_pb_field part;
        while (mi_pb_next(&inner, &part))
            if (part.number == 1 && part.wire == MI_PB_VARINT)
                size = mi_pb_int64(part.value);
        if (inner.bad)
            return false;
        /* Some exporters write -1 for a dynamic size. */
        if (input->rank < 4)
            input->dim[input->rank] = size < 0 ? 0 : size;
        if (input->rank < MI_ONNX_RANK)
            input->rank++;
    }
    return !pb.bad;
}

static bool read_tensor_type(mi_view message, mi_onnx_input *input)
{
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number == 1 && field.wire == MI_PB_VARINT)
            input->type = field.value > 1000 ? 1000 : (int32_t)field.value;
        else if (field.number == 2 && field.wire == MI_PB_BYTES &&
                 !read_shape(field.bytes, input))
            return false;
    }
    return !pb.bad;
}

static int read_value_info(reader *r, mi_view message, mi_onnx_input *input)
{
    memset(input, 0, sizeof *input);
    input->rank = -1;
    mi_view name = {NULL, 0};
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    bool ok = true;
    while (ok && mi_pb_next(&pb, &field)) {
        if (field.number == 1 && field.wire == MI_PB_BYTES) {
            name = field.bytes;
        } else if (field.number == 2 && field.wire == MI_PB_BYTES) {
            mi_pb type = mi_pb_open(field.bytes);
            mi_pb_field part;
            while (ok && mi_pb_next(&type, &part))
                if (part.number == 1 && part.wire == MI_PB_BYTES)
                    ok = read_tensor_type(part.bytes, input);
            ok = ok && !type.bad;
        }
    }
    if (!ok || pb.bad)
        return fail(r, "an input or output is cut off");
    return meet(r, name, &input->id);
}

static int read_graph(reader *r, mi_view message)
{
    mi_onnx *m = r->model;
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    mi_onnx_input output;
    int status = 0;
    while (status >= 0 && mi_pb_next(&pb, &field)) {
        if (field.wire != MI_PB_BYTES)
            continue;
        switch (field.number) {
        case 1:
            status = read_node(r, field.bytes);
            break;
        case 5:
            status = read_initializer(r, field.bytes);
            break;
        case 11:
            status = GROW(r, r->input, r->inputs, r->input_room, ITEMS_MAX);
            if (status >= 0)
                status = read_value_info(r, field.bytes, &r->input[r->inputs]);
            r->inputs += status >= 0;
            break;
        case 12:
            if (r->outputs++)
                break;
            status = read_value_info(r, field.bytes, &output);
            if (status >= 0)
                m->output = output.id;
            break;
        case 15:
            return mi_fail(m->log, MIEN_ERR_UNSUPPORTED, "%s: sparse initializers", m->file);
        default:
            break;
        }
    }
    if (status >= 0 && pb.bad)
        return fail(r, "the graph is cut off");
    return status;
}

static int read_opset(reader *r, mi_view message)
{
    mi_view domain = {NULL, 0};
    int64_t version = 0;
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number == 1 && field.wire == MI_PB_BYTES)
            domain = field.bytes;
        else if (field.number == 2 && field.wire == MI_PB_VARINT)
            version = mi_pb_int64(field.value);
    }
    if (pb.bad)
        return fail(r, "an operator set is cut off");
    if (mi_view_is(domain, "") || mi_view_is(domain, "ai.onnx"))
        r->model->opset = version;
    return 0;
}

static int read_meta(reader *r, mi_view message)
{
    mi_onnx *m = r->model;
    int status = GROW(r, m->meta, m->metas, r->meta_room, ITEMS_MAX);
    if (status < 0)
        return status;
    mi_onnx_meta *meta = &m->meta[m->metas];
    memset(meta, 0, sizeof *meta);
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field)) {
        if (field.number == 1 && field.wire == MI_PB_BYTES)
            meta->key = field.bytes;
        else if (field.number == 2 && field.wire == MI_PB_BYTES)
            meta->value = field.bytes;
    }
    if (pb.bad)
        return fail(r, "the metadata are cut off");
    m->metas++;
    return 0;
}

/* One look at the whole before any part is read: text and pictures can begin like a model. */
static int check_frame(const reader *r, mi_view bytes)
{
    mi_pb pb = mi_pb_open(bytes);
    mi_pb_field field;
    int32_t graphs = 0;
    if (!bytes.size)
        return fail(r, "the file is empty");
    while (mi_pb_next(&pb, &field))
        graphs += field.number == 7 && field.wire == MI_PB_BYTES && graphs < 2;
    if (pb.bad)
        return fail(r, "the file is cut off or something else");
    if (!graphs)
        return fail(r, "it holds no graph");
    return graphs > 1 ? fail(r, "it holds two graphs") : 0;
}

static int read_model(reader *r, mi_view bytes)
{
    mi_pb pb = mi_pb_open(bytes);
    mi_pb_field field;
    int status = check_frame(r, bytes);
    while (status >= 0 && mi_pb_next(&pb, &field)) {
        if (field.wire != MI_PB_BYTES)
            continue;
        if (field.number == 7)
            status = read_graph(r, field.bytes);
        else if (field.number == 8)
            status = read_opset(r, field.bytes);
        else if (field.number == 14)
            status = read_meta(r, field.bytes);
    }
    return status;
}

static int compare(const void *left, const void *right)
{
    const mi_view *a = left, *b = right;
    size_t size = a->size < b->size ? a->size : b->size;
    int order = memcmp(a->data, b->data, size);
    if (order)
        return order;
    return (a->size > b->size) - (a->size < b->size);
}

static void number(const reader *r, int32_t *id)
{
    const mi_onnx *m = r->model;
    if (*id < 0)
        return;
    const mi_view *found =
        bsearch(&r->met[*id], m->name, (size_t)m->names, sizeof *m->name, compare);
    *id = (int32_t)(found - m->name);
}

/* Sorting instead of hashing: a hostile file cannot make it slow. */
static int number_names(reader *r)
{
    mi_onnx *m = r->model;
    if (!r->mets)
        return fail(r, "the graph has no names");
    m->name = malloc((size_t)r->mets * sizeof *m->name);
    if (!m->name)
        return mi_fail(m->log, MIEN_ERR_NOMEM, "%s: no memory", m->file);
    memcpy(m->name, r->met, (size_t)r->mets * sizeof *m->name);
    qsort(m->name, (size_t)r->mets, sizeof *m->name, compare);
    for (int32_t k = 0; k < r->mets; k++)
        if (m->names == 0 || compare(&m->name[m->names - 1], &m->name[k]) != 0)
            m->name[m->names++] = m->name[k];
    for (int32_t k = 0; k < m->ids; k++)
        number(r, &m->id[k]);
    for (int32_t k = 0; k < m->initializers; k++)
        number(r, &m->initializer[k].id);
    for (int32_t k = 0; k < r->inputs; k++)
        number(r, &r->input[k].id);
    number(r, &m->output);
    return 0;
}

/* Before IR version 4 initializers were listed among the inputs too. */
static int choose_input(reader *r)
{
    mi_onnx *m = r->model;
    uint8_t *constant = calloc((size_t)m->names, 1);
    if (!constant)
        return mi_fail(m->log, MIEN_ERR_NOMEM, "%s: no memory", m->file);
    for (int32_t k = 0; k < m->initializers; k++)
        constant[m->initializer[k].id] = 1;
    int32_t found = 0;
    for (int32_t k = 0; k < r->inputs; k++) {
        if (r->input[k].id < 0 || constant[r->input[k].id])
            continue;
        if (found++ == 0)
            m->input = r->input[k];
    }
    free(constant);
    if (found == 0)
        return mi_fail(m->log, MIEN_ERR_MODEL, "%s: the graph has no input", m->file);
    if (found > 1)
        return mi_fail(m->log, MIEN_ERR_UNSUPPORTED, "%s: %d inputs; one picture is wanted",
                       m->file, (int)found);
    if (r->outputs == 0 || m->output < 0)
        return mi_fail(m->log, MIEN_ERR_MODEL, "%s: the graph has no output", m->file);
    m->outputs = r->outputs;
    return 0;
}

static int check_opset(const mi_onnx *m)
{
    if (m->opset < 1)
        return mi_fail(m->log, MIEN_ERR_MODEL, "%s: the operator set has no version", m->file);
    return 0;
}

int mi_onnx_read(mi_onnx *model, mi_view bytes, const char *file, mi_log *log)
{
    memset(model, 0, sizeof *model);
    model->file = file ? file : "model";
    model->log = log;
    model->output = -1;
    reader r = {.model = model};
    int status = read_model(&r, bytes);
    if (status >= 0)
        status = check_opset(model);
    if (status >= 0)
        status = number_names(&r);
    if (status >= 0)
        status = choose_input(&r);
    free(r.met);
    free(r.input);
    return status;
}

void mi_onnx_finish(mi_onnx *model)
{
    free(model->name);
    free(model->node);
    free(model->attr);
    free(model->id);
    free(model->initializer);
    free(model->meta);
    memset(model, 0, sizeof *model);
}
