/* The faces of a video as JSON, one object a line and frame; by the public API alone.
 *
 *   print_faces [OPTION ...] FILE.y4m|- [name=value ...]
 *
 * Reads 8-bit 4:2:0 Y4M ("-": standard input), which
 *
 *   ffmpeg -i in.mp4 -pix_fmt yuv420p -f yuv4mpegpipe - | print_faces -
 *
 * gives. name=value sets parameters of the filter, as max-faces=1. Options:
 *
 *   --points         all points of each face
 *   --times          what each frame cost
 *   --reset-every N  the scene changes every N frames, as in a slide show: no face is followed from
 *                    one scene to the next
 *   -o OUT.y4m       writes the frames too; overlay=faces+mesh draws in them what was found
 *
 *   {"frame": 0, "time": 0.04,             seconds, or null: the file has no frame rate
 *    "cpu_ms": 20,                         with --times: CPU time of all threads
 *    "faces": [{"id": 1, "lost": false, "presence": 0.99,
 *      "box": [x, y, width, height],       pixels
 *      "pose": {"yaw": 0, "pitch": 0, "roll": 0, "confidence": 1},   degrees
 *      "gaze": {"yaw": 0, "pitch": 0, "confidence": 1},              degrees
 *      "aperture": [left, right], "glasses": 0.1,
 *      "visible": {"left-eye": 1, ...},    a number for each region
 *      "points": [[x, y, z], ...]}]}       478 of them, with --points
 *
 * mien_face in mien.h says what the numbers mean. Exit status: 0, or 1 after a line that says what
 * went wrong. */
#include <mien/mien.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HEADER_MAX = 512 };

typedef struct options {
    const char *in, *out;
    bool points, times;
    long long reset_every; /* frames, or 0: never */
} options;

typedef struct video {
    FILE *in, *out;            /* out may be NULL */
    const char *name;          /* of the input, for messages */
    char header[HEADER_MAX];   /* the first line, without its end */
    long long rate, scale;     /* rate / scale frames a second; 0 / 0: unknown */
    mien_frame frame;          /* planes lie in `bytes` */
    uint8_t *bytes;
    size_t size;
} video;

typedef struct frame_faces {
    long long number; /* of the frame, from 0 */
    double cpu_ms;
    mien_face face[MIEN_FACES_MAX];
    size_t count;
} frame_faces;

/* Says a line and returns -1. */
static int fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("print_faces: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return -1;
}

static void on_log(void *opaque, mien_log_level level, const char *line)
{
    (void)opaque;
    (void)level;
    fail("%s", line);
}

/* Is it name=value, and not a file whose name has a '='? */
static bool is_parameter(const char *word)
{
    size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz-");
    return n > 0 && word[n] == '=';
}

static int take_frames(long long *frames, const char *word)
{
    char *end;
    *frames = strtoll(word, &end, 10);
    return *frames > 0 && *end == '\0' ? 0 : fail("'%s' is no number of frames", word);
}

static int take_options(options *o, int argc, char **argv, mien_filter *filter)
{
    *o = (options){0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--points") == 0) {
            o->points = true;
        } else if (strcmp(argv[i], "--times") == 0) {
            o->times = true;
        } else if (strcmp(argv[i], "--reset-every") == 0 && i + 1 < argc) {
            if (take_frames(&o->reset_every, argv[++i]) < 0)
                return -1;
        } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
            o->out = argv[++i];
        } else if (is_parameter(argv[i])) {
            char *value = strchr(argv[i], '=');
            *value = '\0';
            if (mien_filter_set(filter, argv[i], value + 1) < 0)
                return -1;
        } else if (!o->in && (argv[i][0] != '-' || argv[i][1] == '\0')) {
            o->in = argv[i];
        } else {
            return fail("'%s' is no option, or lacks its value", argv[i]);
        }
    }
    if (!o->in)
        return fail("usage: print_faces [--points] [--times] [--reset-every N] [-o OUT.y4m] "
                    "FILE.y4m|- [name=value ...]");
    if (o->out && (strcmp(o->out, "-") == 0 || strcmp(o->out, o->in) == 0))
        return fail("-o %s: the frames need a file of their own", o->out);
    return 0;
}

/* One line without its end into line[0..size); -1 at the end of the file or if it is too long. */
static int read_line(FILE *file, char *line, size_t size)
{
    size_t n = 0;
    int c;
    while ((c = getc(file)) != EOF && c != '\n' && n + 1 < size)
        line[n++] = (char)c;
    line[n] = '\0';
    return c == '\n' ? 0 : -1;
}

/* Chroma of 4:2:0 with 8 bits; MPEG-1 and JPEG put it in the middle, which is Y4M's default. */
static int take_chroma(mien_frame *frame, const char *word)
{
    static const struct {
        const char *word;
        mien_siting siting;
    } known[] = {{"420", MIEN_SITING_CENTER},
                 {"420jpeg", MIEN_SITING_CENTER},
                 {"420mpeg2", MIEN_SITING_LEFT},
                 {"420paldv", MIEN_SITING_TOPLEFT}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(word, known[i].word) == 0) {
            frame->siting = known[i].siting;
            return 0;
        }
    return -1;
}

static int take_word(video *v, const char *word)
{
    switch (word[0]) {
    case 'W':
        v->frame.width = atoi(word + 1);
        return 0;
    case 'H':
        v->frame.height = atoi(word + 1);
        return 0;
    case 'F':
        if (sscanf(word + 1, "%lld:%lld", &v->rate, &v->scale) != 2 || v->rate <= 0 ||
            v->scale <= 0 || v->rate > INT32_MAX || v->scale > INT32_MAX)
            v->rate = v->scale = 0;
        return 0;
    case 'C':
        return take_chroma(&v->frame, word + 1) == 0
                   ? 0
                   : fail("%s: chroma '%s' is not 8-bit 4:2:0", v->name, word + 1);
    case 'X':
        if (strcmp(word, "XCOLORRANGE=FULL") == 0)
            v->frame.range = MIEN_RANGE_FULL;
        return 0;
    default:
        return 0; /* interlacing, pixel shape: of no matter here */
    }
}

static int read_header(video *v)
{
    static const char magic[] = "YUV4MPEG2 ";
    char words[HEADER_MAX], *rest = words;
    v->frame = (mien_frame){.format = MIEN_FORMAT_I420, .siting = MIEN_SITING_CENTER};
    if (read_line(v->in, v->header, sizeof v->header) < 0 ||
        strncmp(v->header, magic, strlen(magic)) != 0)
        return fail("%s: this is no Y4M file", v->name);
    strcpy(words, v->header + strlen(magic));
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
        if (take_word(v, word) < 0)
            return -1;
    if (v->frame.width < MIEN_SIZE_MIN || v->frame.width > MIEN_SIZE_MAX ||
        v->frame.height < MIEN_SIZE_MIN || v->frame.height > MIEN_SIZE_MAX)
        return fail("%s: frames of %dx%d, where %d to %d are possible", v->name,
                    (int)v->frame.width, (int)v->frame.height, MIEN_SIZE_MIN, MIEN_SIZE_MAX);
    return 0;
}

static size_t plane_size(const mien_frame *f, int plane)
{
    return mien_format_row_bytes(f->format, plane, f->width) *
           (size_t)mien_format_rows(f->format, plane, f->height);
}

static int make_planes(video *v)
{
    for (int p = 0; p < 3; p++)
        v->size += plane_size(&v->frame, p);
    v->bytes = malloc(v->size);
    if (!v->bytes)
        return fail("no memory for a frame");
    uint8_t *plane = v->bytes;
    for (int p = 0; p < 3; p++) {
        v->frame.data[p] = plane;
        v->frame.stride[p] = (ptrdiff_t)mien_format_row_bytes(v->frame.format, p, v->frame.width);
        plane += plane_size(&v->frame, p);
    }
    return 0;
}

static int open_video(video *v, const options *o)
{
    bool standard = strcmp(o->in, "-") == 0;
    v->name = standard ? "standard input" : o->in;
    v->in = standard ? stdin : fopen(o->in, "rb");
    if (!v->in) {
        perror(o->in);
        return -1;
    }
    if (read_header(v) < 0 || make_planes(v) < 0)
        return -1;
    if (o->out) {
        v->out = fopen(o->out, "wb");
        if (!v->out) {
            perror(o->out);
            return -1;
        }
        fprintf(v->out, "%s\n", v->header);
    }
    return 0;
}

static int close_video(video *v)
{
    int status = 0;
    if (v->in && v->in != stdin)
        fclose(v->in);
    if (v->out && (ferror(v->out) | fclose(v->out)) != 0)
        status = fail("the frames could not be written");
    free(v->bytes);
    return status;
}

/* 1: a frame was read, 0: there is none left, -1: the file is damaged. */
static int read_frame(video *v, long long number)
{
    char line[HEADER_MAX];
    int c = getc(v->in);
    if (c == EOF)
        return ferror(v->in) ? fail("%s cannot be read", v->name) : 0;
    ungetc(c, v->in);
    if (read_line(v->in, line, sizeof line) < 0 || strncmp(line, "FRAME", 5) != 0)
        return fail("%s: no frame begins where frame %lld should", v->name, number);
    if (fread(v->bytes, 1, v->size, v->in) != v->size)
        return fail("%s ends within frame %lld", v->name, number);
    v->frame.pts_ns = v->rate ? (int64_t)((double)number * (double)v->scale * 1e9 / (double)v->rate)
                              : MIEN_NO_PTS;
    return 1;
}

static void put_number(const char *before, double number)
{
    if (isfinite(number))
        printf("%s%.6g", before, number);
    else
        printf("%snull", before); /* JSON has no other word for it */
}

static void put_points(const mien_face *face)
{
    printf(", \"points\": [");
    for (int i = 0; i < MIEN_FACE_POINTS; i++) {
        put_number(i ? ", [" : "[", face->point[i][0]);
        put_number(", ", face->point[i][1]);
        put_number(", ", face->point[i][2]);
        printf("]");
    }
    printf("]");
}

static void put_face(const mien_face *face, bool points)
{
    printf("{\"id\": %u, \"lost\": %s", (unsigned)face->id, face->lost ? "true" : "false");
    put_number(", \"presence\": ", face->presence);
    put_number(", \"box\": [", face->x);
    put_number(", ", face->y);
    put_number(", ", face->width);
    put_number(", ", face->height);
    put_number("], \"pose\": {\"yaw\": ", face->yaw);
    put_number(", \"pitch\": ", face->pitch);
    put_number(", \"roll\": ", face->roll);
    put_number(", \"confidence\": ", face->pose_confidence);
    put_number("}, \"gaze\": {\"yaw\": ", face->gaze_yaw);
    put_number(", \"pitch\": ", face->gaze_pitch);
    put_number(", \"confidence\": ", face->gaze_confidence);
    put_number("}, \"aperture\": [", face->aperture[0]);
    put_number(", ", face->aperture[1]);
    put_number("], \"glasses\": ", face->glasses);
    printf(", \"visible\": {");
    for (int r = 0; r < MIEN_FACE_REGIONS; r++) {
        printf("%s\"%s\"", r ? ", " : "", mien_face_region_name((mien_face_region)r));
        put_number(": ", face->visible[r]);
    }
    printf("}");
    if (points)
        put_points(face);
    printf("}");
}

static void put_frame(const video *v, const frame_faces *f, const options *o)
{
    printf("{\"frame\": %lld", f->number);
    put_number(", \"time\": ",
               v->rate ? (double)f->number * (double)v->scale / (double)v->rate : (double)NAN);
    if (o->times)
        put_number(", \"cpu_ms\": ", f->cpu_ms);
    printf(", \"faces\": [");
    for (size_t i = 0; i < f->count; i++) {
        if (i)
            printf(", ");
        put_face(&f->face[i], o->points);
    }
    printf("]}\n");
    fflush(stdout); /* whoever reads the pipe wants it now */
}

/* CPU time of all threads so far, milliseconds. */
static double cpu_ms(void)
{
    return (double)clock() * 1e3 / CLOCKS_PER_SEC;
}

static int analyse(mien_filter *filter, const video *v, const options *o, frame_faces *f)
{
    if (o->reset_every && f->number % o->reset_every == 0 && mien_filter_reset(filter) < 0)
        return -1; /* the log has said why */
    double start = cpu_ms();
    if (mien_filter_process(filter, &v->frame, &v->frame) < 0)
        return -1;
    f->cpu_ms = cpu_ms() - start;
    return mien_filter_faces(filter, f->face, MIEN_FACES_MAX, &f->count) < 0 ? -1 : 0;
}

static int run(mien_filter *filter, video *v, const options *o)
{
    frame_faces f = {0};
    int more;
    for (; (more = read_frame(v, f.number)) > 0; f.number++) {
        if (analyse(filter, v, o, &f) < 0)
            return -1;
        put_frame(v, &f, o);
        if (v->out) {
            fputs("FRAME\n", v->out);
            fwrite(v->bytes, 1, v->size, v->out);
        }
        if (ferror(stdout))
            return fail("the JSON could not be written");
    }
    return more;
}

int main(int argc, char **argv)
{
    mien_log log = {.write = on_log, .level = MIEN_LOG_WARNING};
    mien_filter *filter = NULL;
    options o;
    video v = {0};
    int status = mien_filter_create(&filter, &log);
    if (status < 0)
        fail("%s", mien_status_text(status));
    if (status == 0)
        status = take_options(&o, argc, argv, filter);
    if (status == 0)
        status = open_video(&v, &o);
    if (status == 0)
        status = mien_filter_set_analysis(filter, true);
    if (status == 0)
        status = run(filter, &v, &o);
    if (close_video(&v) < 0)
        status = -1;
    mien_filter_destroy(&filter);
    return status < 0 ? 1 : 0;
}
