/* NASA's portrait that portrait.sh has made, for tests that need a face. */
#ifndef MIEN_TEST_PORTRAIT_RIG_H
#define MIEN_TEST_PORTRAIT_RIG_H

#include "filter_rig.h"
#include "filter_tests.h"

enum { PORTRAIT_SIDE = 512 };

typedef struct portrait_tests {
    filter_group faceless; /* no test: there are none */
    filter_group with_face;
    const char **models;   /* gets the folder of the models, "" if none is given */
    uint8_t **portrait;    /* gets PORTRAIT_SIDE x PORTRAIT_SIDE RGBA bytes for the second group */
} portrait_tests;

/* The main() of tests of which some need a face. Arguments: [MODELS [PORTRAIT [TEST]]]; without
 * PORTRAIT those that need none are run, with it the others. These are skipped, with a line that
 * says why, if there is no portrait or the face networks are not there to find its face. */
int portrait_tests_main(const portrait_tests *tests, int argc, char **argv);

/* A filter as filter_make() gives it, with the networks of the folder `models`. Where `params` say
 * an area, its style is filter_rig's that inverts. */
mien_filter *portrait_filter(filter_log *log, const char *models, const char *params);

#endif
