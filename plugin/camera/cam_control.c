#include "cam_control.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cam_call.h"

enum { LINE_BYTES = 8192, CALLERS_MAX = 16 };

/* One connection. */
typedef struct {
    CamControl *control;
    int fd;
    guint watch;
    gboolean watches;
    gsize used;
    gchar line[LINE_BYTES];
} Caller;

struct CamControl {
    gchar *path;
    int fd;
    guint watch;
    const CamReach *reach;
    GPtrArray *callers; /* in the order in which they spoke last */
};

static void free_caller(gpointer data)
{
    Caller *caller = data;
    const CamReach *reach = caller->control->reach;
    if (caller->watch)
        g_source_remove(caller->watch);
    if (caller->watches)
        reach->unwatch(reach->data);
    close(caller->fd);
    g_free(caller);
}

/* `fd`: -1, or goes with it. FALSE: the caller does not read what it asked for. */
static gboolean answer_with(const Caller *caller, gchar *text, gint fd)
{
    union {
        gchar bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr aligned;
    } rights = {.bytes = {0}};
    struct iovec part = {text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = rights.bytes;
        message.msg_controllen = sizeof rights.bytes;
        struct cmsghdr *head = CMSG_FIRSTHDR(&message);
        *head = (struct cmsghdr){CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(head), &fd, sizeof fd);
    }
    return sendmsg(caller->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)part.iov_len;
}

static gboolean answer_line(Caller *caller, const gchar *line)
{
    const CamReach *reach = caller->control->reach;
    gint fd;
    gchar *answer = cam_protocol_answer(reach, line, &fd);
    gboolean sent = answer_with(caller, answer, fd);
    if (fd >= 0 && caller->watches) /* it was one before */
        reach->unwatch(reach->data);
    caller->watches |= fd >= 0;
    g_free(answer);
    return sent;
}

/* Answers whole lines and keeps the rest. FALSE: hang up. */
static gboolean work_off(Caller *caller)
{
    gchar *end;
    while ((end = memchr(caller->line, '\n', caller->used))) {
        gsize length = (gsize)(end - caller->line) + 1;
        *end = 0;
        if (strlen(caller->line) + 1 != length || !answer_line(caller, caller->line))
            return FALSE; /* bytes of value 0 are no text */
        caller->used -= length;
        memmove(caller->line, caller->line + length, caller->used);
    }
    return caller->used < LINE_BYTES;
}

static void put_last(Caller *caller)
{
    GPtrArray *callers = caller->control->callers;
    guint at;
    if (g_ptr_array_find(callers, caller, &at))
        g_ptr_array_add(callers, g_ptr_array_steal_index(callers, at));
}

static gboolean hear(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    Caller *caller = data;
    ssize_t got = recv(fd, caller->line + caller->used, LINE_BYTES - caller->used, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got > 0) {
        caller->used += (gsize)got;
        if (work_off(caller)) {
            put_last(caller);
            return G_SOURCE_CONTINUE;
        }
    }
    caller->watch = 0; /* this source ends by itself */
    g_ptr_array_remove(caller->control->callers, caller);
    return G_SOURCE_REMOVE;
}

static gboolean welcome(gint fd, GIOCondition condition, gpointer data)
{
    (void)condition;
    CamControl *control = data;
    int caller_fd = accept(fd, NULL, NULL);
    if (caller_fd < 0)
        return G_SOURCE_CONTINUE;
    if (control->callers->len >= CALLERS_MAX) /* those that stay and say nothing shut nobody out */
        g_ptr_array_remove_index(control->callers, 0);
    Caller *caller = g_new0(Caller, 1);
    caller->control = control;
    caller->fd = caller_fd;
    caller->watch = g_unix_fd_add(caller_fd, G_IO_IN | G_IO_HUP | G_IO_ERR, hear, caller);
    g_ptr_array_add(control->callers, caller);
    return G_SOURCE_CONTINUE;
}

/* The path is free, or what is left there is nobody's. */
static gboolean make_room(const gchar *path, gchar **trouble)
{
    struct stat what;
    if (lstat(path, &what) != 0)
        return TRUE;
    if (!S_ISSOCK(what.st_mode)) {
        *trouble = g_strdup_printf("%s is there and is no socket: choose another --control", path);
        return FALSE;
    }
    int fd = cam_call_connect(path);
    if (fd >= 0 || errno == EAGAIN) { /* EAGAIN: it is there, and stopped */
        if (fd >= 0)
            close(fd);
        *trouble = g_strdup_printf("a mien-cam is running already at %s (mien-cam quit ends it; "
                                   "--control PATH is for a second one)", path);
        return FALSE;
    }
    unlink(path);
    return TRUE;
}

CamControl *cam_control_open(const gchar *path, const CamReach *reach, gchar **trouble)
{
    struct sockaddr_un address;
    if (!cam_call_address(&address, path)) {
        *trouble = g_strdup_printf("the path of the control socket is too long: %s", path);
        return NULL;
    }
    if (!make_room(path, trouble))
        return NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0077);
    gboolean made = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
                    listen(fd, CALLERS_MAX) == 0;
    int fault = errno;
    umask(mask);
    if (!made) {
        *trouble = g_strdup_printf("no control socket can be made at %s: %s", path,
                                   g_strerror(fault));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    CamControl *control = g_new0(CamControl, 1);
    control->path = g_strdup(path);
    control->fd = fd;
    control->reach = reach;
    control->callers = g_ptr_array_new_with_free_func(free_caller);
    control->watch = g_unix_fd_add(fd, G_IO_IN, welcome, control);
    return control;
}

void cam_control_close(CamControl *control)
{
    g_ptr_array_unref(control->callers);
    g_source_remove(control->watch);
    close(control->fd);
    unlink(control->path);
    g_free(control->path);
    g_free(control);
}
