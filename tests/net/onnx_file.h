/* Small ONNX models as files. */
#ifndef MIEN_TEST_ONNX_FILE_H
#define MIEN_TEST_ONNX_FILE_H

#include "onnx_writer.h"

/* onnx_model() into a file; ends the program if that cannot be written. */
void onnx_file_write(onnx_writer *writer, const int64_t dim[4], const char *path);

#endif
