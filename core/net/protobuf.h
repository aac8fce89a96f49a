/* Reads the protobuf wire format from memory: bounds-checked, allocates nothing. */
#ifndef MI_PROTOBUF_H
#define MI_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of somebody else; not terminated. */
typedef struct mi_view {
    const uint8_t *data;
    size_t size;
} mi_view;

typedef enum mi_pb_wire {
    MI_PB_VARINT = 0,
    MI_PB_FIXED64 = 1,
    MI_PB_BYTES = 2,
    MI_PB_FIXED32 = 5
} mi_pb_wire;

typedef struct mi_pb {
    const uint8_t *at, *end;
    bool bad; /* the bytes are damaged; nothing more is read */
} mi_pb;

typedef struct mi_pb_field {
    uint32_t number;
    mi_pb_wire wire;
    uint64_t value; /* VARINT, FIXED32, FIXED64 */
    mi_view bytes;  /* BYTES: inside the message */
} mi_pb_field;

mi_pb mi_pb_open(mi_view message);

/* The next field of a message. False at the end or when pb->bad. Fields that the caller does not
 * know are skipped by simply not looking at them. */
bool mi_pb_next(mi_pb *pb, mi_pb_field *field);

/* Items of a packed repeated field. */
bool mi_pb_varint(mi_pb *pb, uint64_t *value);
bool mi_pb_fixed32(mi_pb *pb, uint32_t *value);
bool mi_pb_fixed64(mi_pb *pb, uint64_t *value);

float mi_pb_float(uint32_t bits);
double mi_pb_double(uint64_t bits);
int64_t mi_pb_int64(uint64_t bits);

bool mi_view_is(mi_view view, const char *text);

/* A copy that is fit for a message, whatever the file holds: printable, cut if long. */
enum { MI_VIEW_TEXT = 80 };
const char *mi_view_text(mi_view view, char text[MI_VIEW_TEXT]);

#endif
