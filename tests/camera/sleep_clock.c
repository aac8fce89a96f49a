/* A machine that slept, without sleep: preloaded, it adds the seconds in the file of SLEEP_CLOCK to
 * the clock that counts sleep. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Not in POSIX. */
long syscall(long number, ...);

static long slept(void)
{
    const char *path = getenv("SLEEP_CLOCK");
    FILE *file = path ? fopen(path, "r") : NULL;
    long seconds = 0;
    if (file && fscanf(file, "%ld", &seconds) != 1)
        seconds = 0;
    if (file)
        fclose(file);
    return seconds;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *time)
{
    long status = syscall(SYS_clock_gettime, (long)clock, time);
    if (status == 0 && clock == CLOCK_BOOTTIME)
        time->tv_sec += slept();
    return (int)status;
}
