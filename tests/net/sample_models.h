/* Models for tests that need some without Python; see the table in sample_models.c. */
#ifndef MIEN_TEST_SAMPLE_MODELS_H
#define MIEN_TEST_SAMPLE_MODELS_H

#include <stddef.h>
#include <stdint.h>

/* Model `index`, to be freed, and its name; NULL behind the last one. All take 3 channels. */
uint8_t *sample_model(int32_t index, size_t *size, const char **name);

#endif
