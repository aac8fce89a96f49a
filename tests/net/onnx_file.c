#include "onnx_file.h"

#include <stdlib.h>

#include "test_files.h"

void onnx_file_write(onnx_writer *writer, const int64_t dim[4], const char *path)
{
    size_t size;
    uint8_t *bytes = onnx_model(writer, dim, &size);
    test_file_write(path, bytes, size);
    free(bytes);
}
