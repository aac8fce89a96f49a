#include "cam_call.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_SECONDS = 10 };

gchar *cam_call_path(const gchar *option)
{
    if (!strcmp(option, "none"))
        return NULL;
    if (*option)
        return g_strdup(option);
    return g_build_filename(g_get_user_runtime_dir(), "mien-cam.sock", NULL);
}

gboolean cam_call_address(struct sockaddr_un *address, const gchar *path)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    return g_strlcpy(address->sun_path, path, sizeof address->sun_path) <
           sizeof address->sun_path;
}

int cam_call_connect(const gchar *path)
{
    const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
    struct sockaddr_un address;
    if (!cam_call_address(&address, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

gchar *cam_call_request(const gchar *const *words)
{
    GString *line = g_string_new(NULL);
    for (; *words; words++) {
        gchar *quoted = g_shell_quote(*words);
        g_string_append_printf(line, "%s%s", line->len ? " " : "", quoted);
        g_free(quoted);
    }
    g_string_append_c(line, '\n');
    return g_string_free(line, FALSE);
}

/* The last line of an answer, or NULL: it is not there yet. */
static gchar *find_end(const GString *answer)
{
    if (answer->len == 0 || answer->str[answer->len - 1] != '\n')
        return NULL;
    gchar *before = g_strrstr_len(answer->str, (gssize)answer->len - 1, "\n");
    gchar *last = before ? before + 1 : answer->str;
    return !strcmp(last, "ok\n") || g_str_has_prefix(last, "error ") ? last : NULL;
}

/* NULL: it did not come. */
static GString *hear_answer(int fd)
{
    GString *answer = g_string_new(NULL);
    gchar part[4096];
    ssize_t got;
    while (!find_end(answer) && (got = recv(fd, part, sizeof part, 0)) > 0)
        g_string_append_len(answer, part, got);
    if (find_end(answer))
        return answer;
    g_string_free(answer, TRUE);
    return NULL;
}

static int say_mute(const gchar *path)
{
    fprintf(stderr, "mien-cam: the mien-cam at %s does not answer\n", path);
    return 1;
}

int cam_call_send(const gchar *path, gchar **words)
{
    int fd = cam_call_connect(path);
    if (fd < 0 && errno == EAGAIN)
        return say_mute(path);
    if (fd < 0) {
        fprintf(stderr, "mien-cam: no mien-cam is running at %s (%s)\n", path, g_strerror(errno));
        return 1;
    }
    gchar *request = cam_call_request((const gchar *const *)words);
    gsize length = strlen(request);
    gboolean sent = send(fd, request, length, MSG_NOSIGNAL) == (ssize_t)length;
    GString *answer = sent ? hear_answer(fd) : NULL;
    g_free(request);
    close(fd);
    if (!answer)
        return say_mute(path);
    const gchar *end = find_end(answer);
    int status = strcmp(end, "ok\n") ? 1 : 0;
    fwrite(answer->str, 1, (gsize)(end - answer->str), stdout);
    if (status)
        fprintf(stderr, "mien-cam: %s", end + strlen("error "));
    g_string_free(answer, TRUE);
    return status;
}
