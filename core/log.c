#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void mi_log_init(mi_log *log, const mien_log *sink)
{
    memset(log, 0, sizeof *log);
    if (sink)
        log->sink = *sink;
    if (log->sink.level == 0)
        log->sink.level = MIEN_LOG_WARNING;
    pthread_mutex_init(&log->lock, NULL);
}

void mi_log_finish(mi_log *log)
{
    pthread_mutex_destroy(&log->lock);
}

void mi_log_error(mi_log *log, char text[MI_ERROR_TEXT])
{
    pthread_mutex_lock(&log->lock);
    memcpy(text, log->error, MI_ERROR_TEXT);
    pthread_mutex_unlock(&log->lock);
}

static void write_line(mi_log *log, mien_log_level level, const char *line)
{
    if (log->sink.write && level <= log->sink.level)
        log->sink.write(log->sink.opaque, level, line);
}

void mi_log_write(mi_log *log, mien_log_level level, const char *format, ...)
{
    if (!log || !log->sink.write || level > log->sink.level)
        return;
    char line[MI_ERROR_TEXT];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    write_line(log, level, line);
}

int mi_fail(mi_log *log, mien_status status, const char *format, ...)
{
    if (log) {
        char line[MI_ERROR_TEXT];
        va_list args;
        va_start(args, format);
        vsnprintf(line, sizeof line, format, args);
        va_end(args);
        pthread_mutex_lock(&log->lock);
        memcpy(log->error, line, sizeof line);
        pthread_mutex_unlock(&log->lock);
        write_line(log, MIEN_LOG_ERROR, line);
    }
    return status;
}
