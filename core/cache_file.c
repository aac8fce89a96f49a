#define _GNU_SOURCE /* mkostemp(), which POSIX has had since 2024 only */
#include "cache_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "hash.h"

enum { FILE_PATH = MI_CACHE_PATH + 80 };

/* A file: this, and then the blob. Byte order is the machine's: a file of another one has another
 * magic. */
typedef struct header {
    char magic[4];
    uint32_t version;
    uint64_t device;
    uint8_t driver[MI_CACHE_DRIVER];
    uint64_t size;     /* of the blob */
    uint64_t checksum; /* of the blob */
} header;

static const uint32_t MAGIC = 0x6e65696d; /* "mien" where the low byte comes first */
static const uint32_t VERSION = 1;
static const time_t STALE_SECONDS = 3600; /* nobody writes for so long */

/* The home of the user by the system's list: the library reads no environment. */
static void find_home(char *folder, size_t size)
{
    struct passwd entry, *found = NULL;
    char text[4096];
    if (getpwuid_r(getuid(), &entry, text, sizeof text, &found) != 0 || !found ||
        !found->pw_dir || found->pw_dir[0] != '/')
        return;
    int n = snprintf(folder, size, "%s/.cache/mien", found->pw_dir);
    if (n < 0 || (size_t)n >= size)
        folder[0] = '\0';
}

void mi_cache_open(mi_cache *c, const char *folder, mi_log *log)
{
    memset(c, 0, sizeof *c);
    c->log = log;
    if (strcmp(folder, "none") == 0)
        return;
    if (folder[0] == '\0')
        find_home(c->folder, sizeof c->folder);
    else if (strlen(folder) < sizeof c->folder)
        strcpy(c->folder, folder);
}

void mi_cache_identify(mi_cache *c, uint64_t device, const void *driver, size_t size)
{
    c->device = device;
    memset(c->driver, 0, sizeof c->driver);
    memcpy(c->driver, driver, size < sizeof c->driver ? size : sizeof c->driver);
}

static bool stores(const mi_cache *c)
{
    return c->folder[0] && c->device;
}

static void file_path(const mi_cache *c, const char *name, const char *end, char path[FILE_PATH])
{
    snprintf(path, FILE_PATH, "%s/%.24s-%016llx%s", c->folder, name,
             (unsigned long long)c->device, end);
}

static header make_header(const mi_cache *c, const void *data, size_t size)
{
    header h;
    memset(&h, 0, sizeof h);
    memcpy(h.magic, &MAGIC, sizeof h.magic);
    h.version = VERSION;
    h.device = c->device;
    memcpy(h.driver, c->driver, sizeof h.driver);
    h.size = size;
    h.checksum = mi_hash(MI_HASH_START, data, size);
    return h;
}

/* Reads an open file's blob; what is wrong, or NULL. */
static const char *read_blob(const mi_cache *c, FILE *f, void **data, size_t *size)
{
    header h;
    struct stat s;
    if (fstat(fileno(f), &s) != 0 || !S_ISREG(s.st_mode))
        return "is no file";
    if (fread(&h, sizeof h, 1, f) != 1 || memcmp(h.magic, &MAGIC, sizeof h.magic) != 0)
        return "is damaged";
    if (h.version != VERSION || h.device != c->device ||
        memcmp(h.driver, c->driver, sizeof h.driver) != 0)
        return "is of another driver version";
    if (h.size > MI_CACHE_MAX || (uint64_t)s.st_size != sizeof h + h.size)
        return "is damaged";
    *data = malloc(h.size ? (size_t)h.size : 1);
    if (!*data)
        return "is too large";
    *size = (size_t)h.size;
    if ((*size && fread(*data, *size, 1, f) != 1) ||
        mi_hash(MI_HASH_START, *data, *size) != h.checksum) {
        free(*data);
        *data = NULL;
        *size = 0;
        return "is damaged";
    }
    return NULL;
}

bool mi_cache_read(const mi_cache *c, const char *name, void **data, size_t *size)
{
    char path[FILE_PATH];
    *data = NULL;
    *size = 0;
    if (!stores(c))
        return false;
    file_path(c, name, "", path);
    FILE *f = fopen(path, "rbe");
    if (!f)
        return false;
    const char *wrong = read_blob(c, f, data, size);
    fclose(f);
    if (wrong)
        mi_log_write(c->log, MIEN_LOG_INFO, "cache file '%.300s' %s: it is made anew", path,
                     wrong);
    return !wrong;
}

/* The folder and the one it is in: ~/.cache may be lacking too. */
static void make_folder(const mi_cache *c)
{
    char parent[MI_CACHE_PATH];
    strcpy(parent, c->folder);
    char *slash = strrchr(parent, '/');
    if (slash && slash != parent) {
        *slash = '\0';
        mkdir(parent, 0700);
    }
    mkdir(c->folder, 0700);
}

/* A file that is being written has a name of its own, which begins like the blob's. Those of
 * processes that ended meanwhile go. */
static void remove_stale(const mi_cache *c, const char *name)
{
    char path[FILE_PATH];
    struct stat s;
    const struct dirent *entry;
    file_path(c, name, ".", path);
    const char *begin = path + strlen(c->folder) + 1;
    DIR *folder = opendir(c->folder);
    while (folder && (entry = readdir(folder)))
        if (strncmp(entry->d_name, begin, strlen(begin)) == 0 &&
            fstatat(dirfd(folder), entry->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(s.st_mode) && time(NULL) - s.st_mtime > STALE_SECONDS)
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
}

/* `path` is mkostemp()'s template; it becomes the name of the file, which is the user's own and
 * which no program that is started meanwhile inherits. */
static bool write_file(char *path, const header *h, const void *data)
{
    int fd = mkostemp(path, O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool ok = fwrite(h, sizeof *h, 1, f) == 1 &&
              (h->size == 0 || fwrite(data, (size_t)h->size, 1, f) == 1);
    return fclose(f) == 0 && ok;
}

void mi_cache_write(mi_cache *c, const char *name, const void *data, size_t size)
{
    char path[FILE_PATH], made[FILE_PATH];
    if (!stores(c) || size > MI_CACHE_MAX)
        return;
    header h = make_header(c, data, size);
    make_folder(c);
    remove_stale(c, name);
    file_path(c, name, "", path);
    file_path(c, name, ".XXXXXX", made);
    if (write_file(made, &h, data) && rename(made, path) == 0)
        return;
    int why = errno;
    unlink(made);
    if (!c->told)
        mi_log_write(c->log, MIEN_LOG_INFO, "nothing is kept for the next start: '%.300s': %s",
                     path, strerror(why));
    c->told = true;
}

bool mi_cache_remove(const mi_cache *c, const char *name)
{
    char path[FILE_PATH];
    if (!stores(c))
        return false;
    file_path(c, name, "", path);
    return unlink(path) == 0;
}
