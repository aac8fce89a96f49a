/* Fuzz target of the ONNX reader: whatever the bytes, no crash, one line of error text, and a
 * graph that comes out of it can be executed. With libFuzzer (-DMIEN_LIBFUZZER) it is driven by
 * that; otherwise
 *
 *     fuzz_onnx COUNT [FILE...]
 *
 * makes COUNT variants of the sample models and the files, always the same ones. */
#include "net/onnx_writer.h"
#include "net/oracle.h"
#include "net/protobuf.h"
#include "net/sample_models.h"
#include "test_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct lines {
    int errors;
} lines;

static void count_line(void *opaque, mien_log_level level, const char *line)
{
    lines *seen = opaque;
    seen->errors += level == MIEN_LOG_ERROR;
    for (; *line; line++)
        if (*line == '\n')
            abort();
}

/* Work of the oracle, roughly. */
static double cost(const mi_graph *g)
{
    double sum = g->mac;
    for (int32_t k = 0; k < g->tensors; k++)
        sum += (double)g->tensor[k].c * g->tensor[k].h * g->tensor[k].w;
    for (int32_t k = 0; k < g->nodes; k++) {
        const mi_node *n = &g->node[k];
        const mi_tensor *t = &g->tensor[n->out];
        if (n->op == MI_OP_MAX_POOL || n->op == MI_OP_AVERAGE_POOL)
            sum += (double)t->c * t->h * t->w * n->conv.kh * n->conv.kw;
        if (n->op == MI_OP_RESIZE)
            sum += (double)t->c * t->h * t->w * n->resize_taps_h * n->resize_taps_w;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lines seen = {0};
    mi_log log;
    mi_log_init(&log, &(mien_log){count_line, &seen, MIEN_LOG_INFO});
    int32_t height, width;
    mi_graph *g;
    (void)mi_onnx_input_size(data, size, "fuzz", &height, &width, NULL);
    int status = mi_graph_from_onnx(&g, data, size, "fuzz", PICTURE, PICTURE, &log);
    if ((status < 0) != (seen.errors == 1) || (status < 0) != (g == NULL) || seen.errors > 1)
        abort();
    if (g && cost(g) < 1e6) {
        const mi_tensor *x = &g->tensor[g->input];
        float *picture = calloc((size_t)x->c * PICTURE * PICTURE, sizeof *picture), *result;
        if (picture && oracle_run(g, picture, &result) == 0)
            free(result);
        free(picture);
    }
    mi_graph_destroy(&g);
    return 0;
}

#ifndef MIEN_LIBFUZZER

static uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

static uint32_t below(uint32_t *state, size_t limit)
{
    return limit ? (uint32_t)(next_random(state) % limit) : 0;
}

/* What is written never outgrows it: at most one part is doubled or lengthened. */
typedef struct sink {
    uint8_t *data;
    size_t size, room;
} sink;

static void put(sink *to, const void *data, size_t size)
{
    if (size > to->room - to->size)
        size = to->room - to->size;
    if (size)
        memcpy(to->data + to->size, data, size);
    to->size += size;
}

static void put_varint(sink *to, uint64_t value)
{
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        put(to, &byte, 1);
        value >>= 7;
    } while (value);
}

static uint64_t odd_number(uint32_t *state, uint64_t old)
{
    static const uint64_t odd[] = {0,       1,          2,          3,
                                   7,       8,          127,        255,
                                   65535,   0x7fffffff, 0x80000000, 0xffffffff,
                                   1 << 28, UINT64_MAX, INT64_MAX,  (uint64_t)INT64_MAX + 1};
    switch (below(state, 4)) {
    case 0:
        return old + 1;
    case 1:
        return old - 1;
    default:
        return odd[below(state, sizeof odd / sizeof *odd)];
    }
}

/* Bytes anywhere, without regard to the format. */
static void spoil(sink *part, uint32_t *state)
{
    for (uint32_t n = 1 + below(state, 4); part->size && n; n--) {
        uint32_t at = below(state, part->size);
        if (below(state, 3))
            part->data[at] = (uint8_t)next_random(state);
        else
            part->data[at] ^= (uint8_t)(1u << below(state, 8));
    }
}

static bool is_message(mi_view view)
{
    mi_pb pb = mi_pb_open(view);
    mi_pb_field field;
    while (mi_pb_next(&pb, &field))
        continue;
    return view.size && !pb.bad;
}

static void vary(mi_view message, sink *to, uint32_t *state, int depth);

static void put_field(const mi_pb_field *field, mi_view bytes, sink *to)
{
    put_varint(to, (uint64_t)field->number << 3 | field->wire);
    uint8_t little[8];
    for (int k = 0; k < 8; k++)
        little[k] = (uint8_t)(field->value >> (8 * k));
    switch (field->wire) {
    case MI_PB_VARINT:
        put_varint(to, field->value);
        break;
    case MI_PB_FIXED32:
        put(to, little, 4);
        break;
    case MI_PB_FIXED64:
        put(to, little, 8);
        break;
    case MI_PB_BYTES:
        put_varint(to, bytes.size);
        put(to, bytes.data, bytes.size);
        break;
    }
}

/* The field, changed in a way that keeps the lengths around it right. */
static void put_varied(mi_pb_field field, sink *to, uint32_t *state, int depth)
{
    if (field.wire != MI_PB_BYTES) {
        field.value = odd_number(state, field.value);
        put_field(&field, field.bytes, to);
        return;
    }
    sink part = {.room = 2 * field.bytes.size + 64};
    part.data = malloc(part.room);
    if (!part.data)
        abort();
    if (depth < 8 && is_message(field.bytes) && below(state, 8)) {
        vary(field.bytes, &part, state, depth + 1);
    } else {
        put(&part, field.bytes.data, field.bytes.size);
        if (below(state, 4))
            spoil(&part, state);
        else
            part.size = below(state, part.size + 1);
    }
    put_field(&field, (mi_view){part.data, part.size}, to);
    free(part.data);
}

/* Copies a message and changes, drops or doubles one of its fields. */
static void vary(mi_view message, sink *to, uint32_t *state, int depth)
{
    mi_pb pb = mi_pb_open(message);
    mi_pb_field field;
    uint32_t count = 0;
    while (mi_pb_next(&pb, &field))
        count++;
    uint32_t chosen = below(state, count), way = below(state, 12);
    pb = mi_pb_open(message);
    for (uint32_t k = 0; mi_pb_next(&pb, &field); k++) {
        if (k == chosen && way == 0)
            continue;
        if (k == chosen && way == 1)
            put_field(&field, field.bytes, to);
        if (k == chosen && way > 1)
            put_varied(field, to, state, depth);
        else
            put_field(&field, field.bytes, to);
    }
}

static void try_variant(mi_view seed, uint32_t *state)
{
    sink made = {.room = 2 * seed.size + 64};
    made.data = malloc(made.room);
    if (!made.data)
        abort();
    put(&made, seed.data, seed.size);
    for (uint32_t n = 1 + below(state, 3); n; n--) {
        sink next = {.room = 2 * made.size + 64};
        next.data = malloc(next.room);
        if (!next.data)
            abort();
        vary((mi_view){made.data, made.size}, &next, state, 0);
        free(made.data);
        made = next;
    }
    if (below(state, 8) == 0)
        spoil(&made, state);
    if (below(state, 16) == 0)
        made.size = below(state, made.size + 1);
    /* Exactly as large as it says, for the sanitizer. */
    uint8_t *exact = malloc(made.size ? made.size : 1);
    if (!exact)
        abort();
    if (made.size)
        memcpy(exact, made.data, made.size);
    LLVMFuzzerTestOneInput(exact, made.size);
    free(exact);
    free(made.data);
}

static mi_view read_file(const char *path)
{
    size_t size;
    uint8_t *data = test_file_read(path, &size);
    if (!data) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    return (mi_view){data, size};
}

int main(int argc, char **argv)
{
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 2000;
    size_t seeds = 0, files = argc > 2 ? (size_t)argc - 2 : 0;
    mi_view *seed = calloc(files + 64, sizeof *seed);
    if (!seed)
        abort();
    for (int32_t k = 0; k < 64; k++) {
        size_t size;
        uint8_t *model = sample_model(k, &size, NULL);
        if (!model)
            break;
        seed[seeds++] = (mi_view){model, size};
    }
    for (size_t k = 0; k < files; k++)
        seed[seeds++] = read_file(argv[2 + k]);
    uint32_t state = 2463534242u;
    for (size_t k = 0; k < seeds; k++)
        LLVMFuzzerTestOneInput(seed[k].data, seed[k].size);
    for (long k = 0; k < count; k++)
        try_variant(seed[below(&state, seeds)], &state);
    printf("%ld variants of %zu models\n", count, seeds);
    for (size_t k = 0; k < seeds; k++)
        free((void *)(uintptr_t)seed[k].data);
    free(seed);
    return 0;
}

#endif
