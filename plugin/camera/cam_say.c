#include "cam_say.h"

#include <stdio.h>

void cam_say(const gchar *format, ...)
{
    va_list words;
    va_start(words, format);
    gchar *line = g_strdup_vprintf(format, words);
    va_end(words);
    fprintf(stderr, "mien-cam: %s\n", line); /* one write: other threads' lines stay whole */
    g_free(line);
}
