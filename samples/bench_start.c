#define _XOPEN_SOURCE 700 /* nftw */
#include "bench_start.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench_clock.h"

/* Tells a child from its parent, and where the children keep things. */
static const char FOLDER[] = "MIEN_BENCH_START";

static double begun; /* ms */

bool bench_start_is_child(void)
{
    return getenv(FOLDER) != NULL;
}

static void say(const char *line)
{
    printf("%8.0f %8.0f  %s\n", bench_clock_ms(CLOCK_MONOTONIC) - begun,
           bench_clock_ms(CLOCK_PROCESS_CPUTIME_ID), line);
    fflush(stdout);
}

static void on_line(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    (void)level;
    say(line);
}

mien_log bench_start_log(void)
{
    begun = bench_clock_ms(CLOCK_MONOTONIC);
    return (mien_log){.write = on_line, .level = MIEN_LOG_DEBUG};
}

static int child(mien_filter *filter, const mien_frame *in, const mien_frame *out)
{
    char cache[4096];
    snprintf(cache, sizeof cache, "%s/mien", getenv(FOLDER));
    if (mien_filter_set(filter, "cache", cache) < 0 || mien_filter_prepare(filter, in) < 0)
        return -1;
    say("prepared");
    for (int i = 0; i < 2; i++) {
        if (mien_filter_process(filter, in, out) < 0)
            return -1;
        say(i == 0 ? "first frame" : "second frame");
    }
    return 0;
}

static int run_child(char **argv)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], argv);
        perror(argv[0]);
        _exit(1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *walk)
{
    (void)s;
    (void)type;
    (void)walk;
    return remove(path);
}

int bench_start(mien_filter *filter, const mien_frame *in, const mien_frame *out, char **argv)
{
    const char *temporary = getenv("TMPDIR");
    char folder[4000], mesa[4096];
    if (bench_start_is_child())
        return child(filter, in, out);
    snprintf(folder, sizeof folder, "%.3900s/mien-bench-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return -1;
    }
    snprintf(mesa, sizeof mesa, "%s/mesa", folder);
    setenv(FOLDER, folder, 1);
    setenv("MESA_SHADER_CACHE_DIR", mesa, 1);
    int failed = 0;
    for (int i = 0; i < 2 && !failed; i++) {
        printf("%s start: ms since it began, ms of CPU\n", i == 0 ? "first" : "second");
        failed = run_child(argv) < 0;
    }
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed ? -1 : 0;
}
