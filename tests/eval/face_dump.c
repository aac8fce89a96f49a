/* What the face analysis says, one line of JSON a frame, for the figures of the tests.
 *
 *   face_dump [--rgba WxH] [--reset-every N] [--frames N] [name=value ...] [FILE]
 *
 * FILE (or standard input) is a Y4M stream with 4:2:0 chroma or, with --rgba, bare frames of that
 * size. --reset-every N: the stream breaks before frame 0, N, 2N ... (mien_filter_reset).
 * name=value: parameters of the filter.
 *
 * A line: {"frame":0,"cpu_ms":21.2,"faces":[{"id":1,"lost":false,"presence":...,"box":[x,y,w,h],
 * "pose":[yaw,pitch,roll,confidence],"gaze":[yaw,pitch,confidence],"aperture":[left,right],
 * "glasses":...,"visible":[8 numbers],"points":[[x,y,z] 478 times]}]}; numbers as in mien_face, a
 * number that is none as null. cpu_ms: CPU time of the process, all threads, in
 * mien_filter_process(). */
#include <mien/mien.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE_MAX_BYTES = 512 };

typedef struct stream {
    FILE *file;
    bool rgba;
    int32_t width, height;
    int64_t rate, scale; /* frames a second: rate / scale */
    mien_siting siting;
    uint8_t *bytes; /* one frame */
    size_t size;
} stream;

typedef struct options {
    const char *file;
    long reset_every, frames;
} options;

static void on_log(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    fprintf(stderr, "%s%s\n", level == MIEN_LOG_ERROR ? "error: " : "", line);
}

static int fail(const char *text)
{
    fprintf(stderr, "face_dump: %s\n", text);
    return -1;
}

static bool take_format(stream *s, const char *word)
{
    static const struct {
        const char *name;
        mien_siting siting;
    } known[] = {{"C420jpeg", MIEN_SITING_CENTER},
                 {"C420mpeg2", MIEN_SITING_LEFT},
                 {"C420paldv", MIEN_SITING_TOPLEFT},
                 {"C420", MIEN_SITING_CENTER}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(word, known[i].name) == 0) {
            s->siting = known[i].siting;
            return true;
        }
    return false;
}

static int open_y4m(stream *s)
{
    char line[LINE_MAX_BYTES], *word;
    bool format = true;
    if (!fgets(line, sizeof line, s->file) || strncmp(line, "YUV4MPEG2 ", 10) != 0 ||
        !strchr(line, '\n'))
        return fail("this is no Y4M stream");
    s->siting = MIEN_SITING_CENTER;
    s->rate = 30;
    s->scale = 1;
    for (word = strtok(line + 10, " \n"); word; word = strtok(NULL, " \n")) {
        if (word[0] == 'W')
            s->width = (int32_t)strtol(word + 1, NULL, 10);
        else if (word[0] == 'H')
            s->height = (int32_t)strtol(word + 1, NULL, 10);
        else if (word[0] == 'F')
            format = format && sscanf(word + 1, "%" SCNd64 ":%" SCNd64, &s->rate, &s->scale) == 2;
        else if (word[0] == 'C')
            format = format && take_format(s, word);
    }
    if (!format || s->rate <= 0 || s->scale <= 0)
        return fail("only Y4M with 8 bits and 4:2:0 chroma is read");
    return 0;
}

static int open_stream(stream *s, const char *name)
{
    s->file = name && strcmp(name, "-") != 0 ? fopen(name, "rb") : stdin;
    if (!s->file)
        return fail("the file cannot be opened");
    s->rate = 30;
    s->scale = 1;
    if (!s->rgba && open_y4m(s) != 0)
        return -1;
    if (s->width < MIEN_SIZE_MIN || s->width > MIEN_SIZE_MAX || s->height < MIEN_SIZE_MIN ||
        s->height > MIEN_SIZE_MAX)
        return fail("the frames have no possible size");
    size_t pixels = (size_t)s->width * (size_t)s->height;
    size_t chroma = (size_t)((s->width + 1) / 2) * (size_t)((s->height + 1) / 2);
    s->size = s->rgba ? pixels * 4 : pixels + chroma * 2;
    s->bytes = malloc(s->size);
    return s->bytes ? 0 : fail("no memory");
}

/* 1: a frame was read, 0: the end, -1: an error */
static int read_frame(stream *s)
{
    char line[LINE_MAX_BYTES];
    if (!s->rgba) {
        if (!fgets(line, sizeof line, s->file))
            return 0;
        if (strncmp(line, "FRAME", 5) != 0)
            return fail("a frame is damaged");
    }
    size_t n = fread(s->bytes, 1, s->size, s->file);
    if (n == 0 && s->rgba)
        return 0;
    return n == s->size ? 1 : fail("the last frame is cut off");
}

static mien_frame frame_of(const stream *s, long number)
{
    int32_t w = s->width, h = s->height, cw = (w + 1) / 2, ch = (h + 1) / 2;
    mien_frame f = {.width = w, .height = h, .siting = s->siting,
                    .pts_ns = (int64_t)number * 1000000000 * s->scale / s->rate};
    if (s->rgba) {
        f.format = MIEN_FORMAT_RGBA;
        f.data[0] = s->bytes;
        f.stride[0] = (ptrdiff_t)w * 4;
        return f;
    }
    f.format = MIEN_FORMAT_I420;
    f.data[0] = s->bytes;
    f.data[1] = f.data[0] + (size_t)w * (size_t)h;
    f.data[2] = f.data[1] + (size_t)cw * (size_t)ch;
    f.stride[0] = w;
    f.stride[1] = f.stride[2] = cw;
    return f;
}

static void put(const char *before, double v, int digits)
{
    if (isfinite(v))
        printf("%s%.*f", before, digits, v);
    else
        printf("%snull", before);
}

static void put_list(const char *name, const float *v, size_t n, int digits)
{
    printf(",\"%s\":", name);
    for (size_t i = 0; i < n; i++)
        put(i ? "," : "[", (double)v[i], digits);
    printf("]");
}

static void put_face(const mien_face *f)
{
    const float box[4] = {f->x, f->y, f->width, f->height};
    const float pose[4] = {f->yaw, f->pitch, f->roll, f->pose_confidence};
    const float gaze[3] = {f->gaze_yaw, f->gaze_pitch, f->gaze_confidence};
    printf("{\"id\":%" PRIu32 ",\"lost\":%s", f->id, f->lost ? "true" : "false");
    put(",\"presence\":", (double)f->presence, 4);
    put_list("box", box, 4, 3);
    put_list("pose", pose, 4, 3);
    put_list("gaze", gaze, 3, 3);
    put_list("aperture", f->aperture, 2, 4);
    put(",\"glasses\":", (double)f->glasses, 4);
    put_list("visible", f->visible, MIEN_FACE_REGIONS, 4);
    printf(",\"points\":");
    for (int i = 0; i < MIEN_FACE_POINTS; i++) {
        put(i ? ",[" : "[[", (double)f->point[i][0], 4);
        put(",", (double)f->point[i][1], 4);
        put(",", (double)f->point[i][2], 3);
        printf("]");
    }
    printf("]}");
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int run(mien_filter *filter, stream *s, const options *o)
{
    mien_face faces[MIEN_FACES_MAX];
    size_t count;
    int status;
    for (long n = 0; o->frames <= 0 || n < o->frames; n++) {
        int got = read_frame(s);
        if (got <= 0)
            return got;
        mien_frame frame = frame_of(s, n);
        if (o->reset_every > 0 && n % o->reset_every == 0 &&
            (status = mien_filter_reset(filter)) < 0)
            return fail(mien_filter_error(filter));
        double start = cpu_ms();
        if ((status = mien_filter_process(filter, &frame, &frame)) < 0)
            return fail(mien_filter_error(filter));
        double cost = cpu_ms() - start;
        if ((status = mien_filter_faces(filter, faces, MIEN_FACES_MAX, &count)) < 0)
            return fail(mien_filter_error(filter));
        printf("{\"frame\":%ld,\"cpu_ms\":%.3f,\"faces\":[", n, cost);
        for (size_t i = 0; i < count; i++) {
            if (i)
                printf(",");
            put_face(&faces[i]);
        }
        printf("]}\n");
    }
    return 0;
}

static int take_options(options *o, stream *s, mien_filter *filter, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--rgba") == 0 && next &&
            sscanf(next, "%" SCNd32 "x%" SCNd32, &s->width, &s->height) == 2) {
            s->rgba = true;
            i++;
        } else if (strcmp(argv[i], "--reset-every") == 0 && next && atol(next) > 0) {
            o->reset_every = atol(next);
            i++;
        } else if (strcmp(argv[i], "--frames") == 0 && next && atol(next) > 0) {
            o->frames = atol(next);
            i++;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            return fail("usage: face_dump [--rgba WxH] [--reset-every N] [--frames N]"
                        " [name=value ...] [FILE]");
        } else if (strchr(argv[i], '=')) {
            if (mien_filter_set_all(filter, argv[i]) < 0)
                return fail(mien_filter_error(filter));
        } else {
            o->file = argv[i];
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    mien_log log = {.write = on_log};
    mien_filter *filter = NULL;
    stream s = {0};
    options o = {0};
    int result = -1;
    if (mien_filter_create(&filter, &log) < 0)
        return 1;
    if (take_options(&o, &s, filter, argc, argv) == 0 && open_stream(&s, o.file) == 0 &&
        mien_filter_set_analysis(filter, true) >= 0)
        result = run(filter, &s, &o);
    mien_filter_destroy(&filter);
    if (s.file && s.file != stdin)
        fclose(s.file);
    free(s.bytes);
    return result == 0 ? 0 : 1;
}
