/* NASA's portrait that portrait.sh has made, for tests that need a face. */
#ifndef MIEN_TEST_PORTRAIT_RIG_H
#define MIEN_TEST_PORTRAIT_RIG_H

#include <stdint.h>

enum { PORTRAIT_SIDE = 512 };

/* PORTRAIT_SIDE x PORTRAIT_SIDE RGBA bytes, the caller's to free. `argv` is the test's: the folder
 * of models and the portrait's path. NULL, and a line that says why the test is skipped, if there
 * is no portrait or the face networks are not there to find its face. */
uint8_t *portrait_open(int argc, char **argv);

#endif
