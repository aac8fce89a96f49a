/* NASA's portrait that portrait.sh has made, for tests that need a face. */
#ifndef MIEN_TEST_PORTRAIT_RIG_H
#define MIEN_TEST_PORTRAIT_RIG_H

#include "filter_rig.h"
#include "filter_tests.h"
#include "test_files.h"

enum { PORTRAIT_SIDE = 512 };

typedef struct portrait_tests {
    filter_group faceless; /* no test: there are none */
    filter_group with_face;
} portrait_tests;

/* The main() of tests of which some need a face. Arguments: [MODELS [PORTRAIT [TEST]]]; without
 * PORTRAIT those that need none are run, with it the others. These are skipped, with a line that
 * says why, if there is no portrait or the face networks are not there to find its face. */
int portrait_tests_main(const portrait_tests *tests, int argc, char **argv);

/* The folder of the models, "" if none is given. */
const char *portrait_models(void);
/* PORTRAIT_SIDE x PORTRAIT_SIDE RGBA bytes; NULL where no test of the second group is run. */
const uint8_t *portrait_bytes(void);

/* A filter as filter_make() gives it, with the networks of the models' folder. Where `params` say
 * an area, its style is filter_rig's that inverts. */
mien_filter *portrait_filter(filter_log *log, const char *params);

/* A new folder with the face networks and nothing else. */
void portrait_folder_make(char folder[TEST_FOLDER]);

#endif
