/* Log sink and the text of the last error. Part of every long-lived object through a pointer. */
#ifndef MI_LOG_H
#define MI_LOG_H

#include <pthread.h>

#include <mien/mien.h>

enum { MI_ERROR_TEXT = 512 };

/* Any thread may write to it. */
typedef struct mi_log {
    mien_log sink;
    pthread_mutex_t lock;      /* guards error */
    char error[MI_ERROR_TEXT]; /* last error, "" if none */
} mi_log;

/* `sink` may be NULL: nothing is written, the error text is still kept. */
void mi_log_init(mi_log *log, const mien_log *sink);
void mi_log_finish(mi_log *log);

/* A copy of the last error's text. */
void mi_log_error(mi_log *log, char text[MI_ERROR_TEXT]);

#if defined(__GNUC__)
#define MI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define MI_PRINTF(fmt, args)
#endif

/* One line; longer than MI_ERROR_TEXT is cut. `log` may be NULL. */
void mi_log_write(mi_log *log, mien_log_level level, const char *format, ...) MI_PRINTF(3, 4);

/* Logs an error, remembers its text and returns `status`, for `return mi_fail(...)`. */
int mi_fail(mi_log *log, mien_status status, const char *format, ...) MI_PRINTF(3, 4);

#endif
