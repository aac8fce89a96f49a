/* For tests of the public interface: a folder of small styles with a known result, a filter whose
 * log lines are kept, frames with content.
 *
 *   invert   1 - colour
 *   grey     0.5 everywhere
 *   sharp    a 3x3 filter that makes noise larger
 *   broken   the beginning of a model */
#ifndef MIEN_TEST_FILTER_RIG_H
#define MIEN_TEST_FILTER_RIG_H

#include "test_frames.h"

enum { RIG_LINES = 64, RIG_LINE = 600 };

typedef struct filter_log {
    char line[RIG_LINES][RIG_LINE];
    mien_log_level level[RIG_LINES];
    int lines; /* all of them; those behind RIG_LINES are not kept */
    int validation_lines;
} filter_log;

/* Writes the styles; false if there is no Vulkan device to run them. */
bool filter_rig_open(void);
void filter_rig_close(void);
const char *filter_rig_models(void);

/* A filter with the folder of styles and `params` set; any failure fails the test. */
mien_filter *filter_make(filter_log *log, const char *params);
/* How many kept lines of this level have the part in them, and whether one has. */
int filter_log_count(const filter_log *log, mien_log_level level, const char *part);
bool filter_log_has(const filter_log *log, mien_log_level level, const char *part);

/* mien_filter_process() that must give `status`. */
void filter_run(mien_filter *filter, const mien_frame *in, const mien_frame *out, int status);

/* Every pixel gets the R'G'B' 0..255 that colour() says for its place, in the frame's format; the
 * fourth byte of RGB formats is some number. */
typedef void (*frame_colour)(const void *opaque, int32_t x, int32_t y, double rgb[3]);
void frame_paint(const mien_frame *frame, frame_colour colour, const void *opaque);

/* Even colour, given as R'G'B' bytes. */
void frame_fill(const mien_frame *frame, const uint8_t rgb[3]);
/* A soft gradient around grey: no clipping anywhere, also when it is inverted. */
void frame_gradient(const mien_frame *frame);

/* Mean of the first plane's bytes (luma, or the colour of RGB formats), padding left out. */
double frame_mean(const mien_frame *frame);

#endif
