/* Values that lie beside an ONNX file, in files of their own, as many exporters write them. */
#ifndef MI_ONNX_EXTERNAL_H
#define MI_ONNX_EXTERNAL_H

#include "../log.h"
#include "protobuf.h"

/* Reads bytes of the file that the model calls `location`; a failure has made a line. */
typedef int mi_external_read(void *opaque, const char *location, uint64_t offset, size_t size,
                             uint8_t *to);

/* *made: the same model with all values in it, to be freed, *size bytes; NULL where there is
 * nothing to bring in. `limit`: bytes that may be brought in. Only initializers are looked at. A
 * damaged model is left to the reader. */
int mi_onnx_bring_in(uint8_t **made, size_t *size, mi_view model, const char *name, size_t limit,
                     mi_external_read *read, void *opaque, mi_log *log);

#endif
