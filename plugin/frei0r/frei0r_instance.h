/* One effect in a host: a filter, and what the host has set. */
#ifndef FREI0R_INSTANCE_H
#define FREI0R_INSTANCE_H

#include <stdint.h>

typedef struct instance instance;

/* Cheap: hosts make instances only to read defaults. NULL if memory ran out. */
instance *instance_create(unsigned width, unsigned height);
void instance_destroy(instance *self);

/* Parameters by frei0r's numbers: 0 is the text of name=value words, the others are rows of the
 * library's table plus one. Numbers that do not exist are ignored. `value` is what frei0r hands
 * over: double * or char **. From any thread; a text got is valid until the next call for the
 * same number. */
void instance_set(instance *self, int index, const void *value);
void instance_get(instance *self, int index, void *value);

void instance_update(instance *self, const uint32_t *in, uint32_t *out);

#endif
