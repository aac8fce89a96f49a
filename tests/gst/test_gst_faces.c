/* The faces of a stream as metadata and messages, and made older.
 *
 *   test_gst_faces PORTRAIT.rgba
 *
 * The portrait is what portrait.sh makes. The first tests take made faces; the others need a Vulkan
 * device, the face networks and the portrait, and are skipped with a word without them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <mien/mien.h>

#include "gst_bench.h"
#include "gstmienfaces.h"
#include "test_files.h"

enum { SIZE = 512 };

static GstBuffer *portrait; /* SIZE x SIZE, I420; NULL: not to be had */

/* Where MediaPipe sees the astronaut's points (the ranges of astronaut-mediapipe.txt), and the
 * middle of the irises. */
static const double FACE_LEFT = 179, FACE_RIGHT = 271, FACE_TOP = 71, FACE_BOTTOM = 177;
static const double LEFT_IRIS[2] = {203.5, 101.1}, RIGHT_IRIS[2] = {246.6, 103.5};

static GstBuffer *load_portrait(const char *path)
{
    GstVideoInfo from, to;
    GstVideoFrame in, out;
    size_t size = 0;
    void *rgba = test_file_read(path, &size);
    gst_video_info_set_format(&from, GST_VIDEO_FORMAT_RGBA, SIZE, SIZE);
    gst_video_info_set_format(&to, GST_VIDEO_FORMAT_I420, SIZE, SIZE);
    if (size != GST_VIDEO_INFO_SIZE(&from)) {
        free(rgba);
        return NULL;
    }
    GstBuffer *read = gst_buffer_new_wrapped_full(0, rgba, size, 0, size, rgba, free);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&to), NULL);
    GstVideoConverter *converter = gst_video_converter_new(&from, &to, NULL);
    g_assert_true(gst_video_frame_map(&in, &from, read, GST_MAP_READ));
    g_assert_true(gst_video_frame_map(&out, &to, buffer, GST_MAP_WRITE));
    gst_video_converter_frame(converter, &in, &out);
    gst_video_frame_unmap(&in);
    gst_video_frame_unmap(&out);
    gst_video_converter_free(converter);
    gst_buffer_unref(read);
    return buffer;
}

/* The face regions of a buffer: their number, and the last of them. */
static guint count_faces(GstBuffer *buffer, GstVideoRegionOfInterestMeta **last)
{
    guint count = 0;
    gpointer state = NULL;
    GstMeta *meta;
    while ((meta = gst_buffer_iterate_meta_filtered(
                buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)) != NULL) {
        GstVideoRegionOfInterestMeta *region = (GstVideoRegionOfInterestMeta *)meta;
        if (region->roi_type != g_quark_from_string("face"))
            continue;
        count++;
        if (last)
            *last = region;
    }
    return count;
}

static double number_of(const GstStructure *structure, const char *field)
{
    gdouble number = NAN;
    if (!gst_structure_get_double(structure, field, &number))
        fail_msg("no number '%s'", field);
    return number;
}

static mien_face make_face(uint32_t id, float x, float y, float width, float height)
{
    mien_face face = {.id = id, .presence = 0.5f, .x = x, .y = y, .width = width,
                      .height = height, .yaw = 1, .pitch = 2, .roll = 3, .pose_confidence = 0.25f,
                      .gaze_yaw = 4, .gaze_pitch = 5, .gaze_confidence = 0.75f,
                      .aperture = {0.125f, 0.375f}, .glasses = 0.0625f};
    for (int r = 0; r < MIEN_FACE_REGIONS; r++)
        face.visible[r] = (float)r / 8;
    for (int i = 0; i < MIEN_FACE_POINTS; i++)
        for (int c = 0; c < 3; c++)
            face.point[i][c] = (float)(i * 3 + c);
    return face;
}

static void boxes_are_clipped(void **state)
{
    (void)state;
    static const struct {
        float box[4];
        guint clipped[4]; /* width 0: no region */
    } rows[] = {{{10.5f, 20.25f, 30, 40}, {10, 20, 31, 41}},
                {{10, 20, 30, 40}, {10, 20, 30, 40}},
                {{-5, -7, 20, 20}, {0, 0, 15, 13}},
                {{90, 70, 20, 20}, {90, 70, 10, 10}},
                {{-50, -50, 500, 500}, {0, 0, 100, 80}},
                {{-50, 10, 40, 40}, {0}},
                {{100, 10, 40, 40}, {0}},
                {{10, -90, 40, 40}, {0}},
                {{10, 80, 40, 40}, {0}},
                {{10, 10, 0, 40}, {0}},
                {{NAN, 10, 40, 40}, {0}},
                {{1e30f, -1e30f, 1e30f, 1e30f}, {0}}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const float *box = rows[i].box;
        const guint *want = rows[i].clipped;
        GstVideoRegionOfInterestMeta *region = NULL;
        GstBuffer *buffer = gst_buffer_new();
        mien_face face = make_face(7, box[0], box[1], box[2], box[3]);
        gst_mien_faces_attach(buffer, &face, 1, 100, 80);
        assert_int_equal(count_faces(buffer, &region), want[2] > 0);
        if (want[2] > 0) {
            assert_int_equal(region->id, 7);
            assert_true(region->x == want[0] && region->y == want[1] && region->w == want[2] &&
                        region->h == want[3]);
        }
        gst_buffer_unref(buffer);
    }
}

/* Every field of the structure, by name and value; what the header promises. */
static void structures_have_every_field(void **state)
{
    (void)state;
    static const struct {
        const char *field;
        double value;
    } rows[] = {{"presence", 0.5},        {"x", 1.5},
                {"y", 2.5},               {"width", 30.5},
                {"height", 40.5},         {"yaw", 1},
                {"pitch", 2},             {"roll", 3},
                {"pose-confidence", 0.25}, {"gaze-yaw", 4},
                {"gaze-pitch", 5},        {"gaze-confidence", 0.75},
                {"aperture-left", 0.125}, {"aperture-right", 0.375},
                {"glasses", 0.0625},      {"visible-left-eye", 0},
                {"visible-right-eye", 0.125}, {"visible-nose", 0.25},
                {"visible-mouth", 0.375}, {"visible-left-cheek", 0.5},
                {"visible-right-cheek", 0.625}, {"visible-forehead", 0.75},
                {"visible-chin", 0.875}};
    mien_face face = make_face(4000000000u, 1.5f, 2.5f, 30.5f, 40.5f);
    GstVideoRegionOfInterestMeta *region = NULL;
    GstBuffer *buffer = gst_buffer_new();
    guint id;
    gboolean lost;
    gsize size;
    GBytes *points;
    face.lost = true;
    gst_mien_faces_attach(buffer, &face, 1, 100, 80);
    assert_int_equal(count_faces(buffer, &region), 1);
    GstStructure *structure = gst_video_region_of_interest_meta_get_param(region, "mien-face");
    assert_non_null(structure);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_true(number_of(structure, rows[i].field) == rows[i].value);
    assert_true(gst_structure_get_uint(structure, "id", &id) && id == 4000000000u);
    assert_true(gst_structure_get_boolean(structure, "lost", &lost) && lost);
    assert_true(gst_structure_get(structure, "points", G_TYPE_BYTES, &points, NULL));
    const float *point = g_bytes_get_data(points, &size);
    assert_int_equal(size, sizeof face.point);
    assert_memory_equal(point, face.point, size);
    g_bytes_unref(points);
    assert_int_equal(gst_structure_n_fields(structure), G_N_ELEMENTS(rows) + 3);
    gst_buffer_unref(buffer);
}

static void several_faces_several_regions(void **state)
{
    (void)state;
    GstBuffer *buffer = gst_buffer_new();
    mien_face *faces = g_new(mien_face, MIEN_FACES_MAX);
    for (guint i = 0; i < MIEN_FACES_MAX; i++)
        faces[i] = make_face(i + 1, (float)i * 10, 5, 8, 8);
    gst_mien_faces_attach(buffer, faces, MIEN_FACES_MAX, 100, 80);
    for (gint i = 0; i < MIEN_FACES_MAX; i++) {
        GstVideoRegionOfInterestMeta *region =
            gst_buffer_get_video_region_of_interest_meta_id(buffer, i + 1);
        assert_non_null(region);
        assert_int_equal(region->x, i * 10);
    }
    g_free(faces);
    gst_buffer_unref(buffer);
}

/* The rest runs the analysis. */
static void open_bench(Bench *bench)
{
    if (!portrait)
        skip();
    bench_open(bench);
    gst_util_set_object_arg(G_OBJECT(bench->element), "device", "cpu");
}

static void start_bench(Bench *bench)
{
    open_bench(bench);
    bench_start(bench, "I420", SIZE, SIZE);
}

static GstBuffer *push_portrait(Bench *bench)
{
    GstBuffer *out = bench_push(bench, gst_buffer_copy_deep(portrait));
    assert_non_null(out);
    return out;
}

static GstBuffer *push_grey(Bench *bench)
{
    GstBuffer *grey = gst_buffer_copy_deep(portrait);
    gst_buffer_memset(grey, 0, 128, gst_buffer_get_size(grey));
    GstBuffer *out = bench_push(bench, grey);
    assert_non_null(out);
    return out;
}

/* The structure "mien-faces" of the next message, or NULL; the caller frees it. */
static GstStructure *next_message(Bench *bench)
{
    GstMessage *message = gst_bus_pop_filtered(bench->bus, GST_MESSAGE_ELEMENT);
    if (!message)
        return NULL;
    GstStructure *structure = gst_structure_copy(gst_message_get_structure(message));
    assert_ptr_equal(GST_MESSAGE_SRC(message), bench->element);
    gst_message_unref(message);
    assert_string_equal(gst_structure_get_name(structure), "mien-faces");
    return structure;
}

static void within(const char *what, double value, double from, double to)
{
    if (!(value >= from && value <= to))
        fail_msg("%s is %g, not in %g..%g", what, value, from, to);
}

/* Does the structure describe the astronaut? */
static void check_astronaut(const GstStructure *face)
{
    double x = number_of(face, "x"), y = number_of(face, "y");
    within("left", x, FACE_LEFT - 6, FACE_LEFT + 6);
    within("right", x + number_of(face, "width"), FACE_RIGHT - 6, FACE_RIGHT + 6);
    within("top", y, FACE_TOP - 6, FACE_TOP + 6);
    within("bottom", y + number_of(face, "height"), FACE_BOTTOM - 6, FACE_BOTTOM + 6);
    within("presence", number_of(face, "presence"), 0.5, 1);
    within("yaw", number_of(face, "yaw"), -25, 25);
    within("pitch", number_of(face, "pitch"), -25, 25);
    within("roll", number_of(face, "roll"), -15, 15);
    within("pose-confidence", number_of(face, "pose-confidence"), 0.3, 1);
    within("aperture-left", number_of(face, "aperture-left"), 0.1, 0.6);
    within("aperture-right", number_of(face, "aperture-right"), 0.1, 0.6);
    within("glasses", number_of(face, "glasses"), 0, 0.5);
    within("visible-nose", number_of(face, "visible-nose"), 0.5, 1);
}

static void check_points(const GstStructure *face)
{
    GBytes *points;
    assert_true(gst_structure_get(face, "points", G_TYPE_BYTES, &points, NULL));
    const float(*point)[3] = (const float(*)[3])g_bytes_get_data(points, NULL);
    assert_int_equal(g_bytes_get_size(points), sizeof(float) * 3 * MIEN_FACE_POINTS);
    double x = number_of(face, "x"), y = number_of(face, "y");
    double width = number_of(face, "width"), height = number_of(face, "height");
    for (int i = 0; i < MIEN_FACE_POINTS; i++) {
        within("a point's x", point[i][0], x - 0.01, x + width + 0.01);
        within("a point's y", point[i][1], y - 0.01, y + height + 0.01);
        within("a point's z", point[i][2], -width, width);
    }
    within("left iris x", point[468][0], LEFT_IRIS[0] - 2, LEFT_IRIS[0] + 2);
    within("left iris y", point[468][1], LEFT_IRIS[1] - 2, LEFT_IRIS[1] + 2);
    within("right iris x", point[473][0], RIGHT_IRIS[0] - 2, RIGHT_IRIS[0] + 2);
    within("right iris y", point[473][1], RIGHT_IRIS[1] - 2, RIGHT_IRIS[1] + 2);
    g_bytes_unref(points);
}

static void off_is_passthrough(void **state)
{
    (void)state;
    Bench bench;
    start_bench(&bench);
    GstBuffer *in = gst_buffer_copy_deep(portrait);
    GstBuffer *out = bench_push(&bench, in);
    assert_ptr_equal(out, in);
    assert_int_equal(count_faces(out, NULL), 0);
    assert_null(next_message(&bench));
    gst_buffer_unref(out);
    bench_close(&bench);
}

static void a_face_is_attached(void **state)
{
    (void)state;
    Bench bench;
    gint id = 0;
    open_bench(&bench);
    g_object_set(bench.element, "face-meta", TRUE, NULL);
    bench_start(&bench, "I420", SIZE, SIZE);
    for (int i = 0; i < 3; i++) {
        GstVideoRegionOfInterestMeta *region = NULL;
        GstBuffer *out = push_portrait(&bench);
        assert_true(bench_same(out, portrait)); /* it is only looked at */
        assert_int_equal(count_faces(out, &region), 1);
        assert_true(region->id > 0 && (id == 0 || region->id == id));
        id = region->id;
        within("region's left", region->x, FACE_LEFT - 7, FACE_LEFT + 7);
        within("region's width", region->w, FACE_RIGHT - FACE_LEFT - 12,
               FACE_RIGHT - FACE_LEFT + 12);
        GstStructure *face = gst_video_region_of_interest_meta_get_param(region, "mien-face");
        assert_non_null(face);
        check_astronaut(face);
        check_points(face);
        gst_buffer_unref(out);
    }
    assert_null(next_message(&bench)); /* nobody asked for messages */
    bench_close(&bench);
}

static void a_message_is_posted_for_each_frame(void **state)
{
    (void)state;
    Bench bench;
    open_bench(&bench);
    g_object_set(bench.element, "face-messages", TRUE, NULL);
    bench_start(&bench, "I420", SIZE, SIZE);
    for (guint i = 0; i < 3; i++) {
        GstClockTime time, want = i * GST_SECOND / 25;
        GstBuffer *out = push_portrait(&bench);
        assert_int_equal(count_faces(out, NULL), 0); /* nobody asked for metadata */
        gst_buffer_unref(out);
        GstStructure *structure = next_message(&bench);
        assert_non_null(structure);
        assert_true(gst_structure_get_clock_time(structure, "timestamp", &time) && time == want);
        assert_true(gst_structure_get_clock_time(structure, "stream-time", &time) && time == want);
        assert_true(gst_structure_get_clock_time(structure, "running-time", &time) &&
                    time == want);
        const GValue *faces = gst_structure_get_value(structure, "faces");
        assert_int_equal(gst_value_list_get_size(faces), 1);
        const GstStructure *face = gst_value_get_structure(gst_value_list_get_value(faces, 0));
        check_astronaut(face);
        assert_false(gst_structure_has_field(face, "points"));
        gst_structure_free(structure);
        assert_null(next_message(&bench));
    }
    bench_close(&bench);
}

static void no_face_no_region(void **state)
{
    (void)state;
    Bench bench;
    open_bench(&bench);
    g_object_set(bench.element, "face-meta", TRUE, "face-messages", TRUE, NULL);
    bench_start(&bench, "I420", SIZE, SIZE);
    for (int i = 0; i < 3; i++) {
        GstBuffer *out = push_grey(&bench);
        assert_int_equal(count_faces(out, NULL), 0);
        gst_buffer_unref(out);
        GstStructure *structure = next_message(&bench); /* says that there is none */
        assert_non_null(structure);
        assert_int_equal(
            gst_value_list_get_size(gst_structure_get_value(structure, "faces")), 0);
        gst_structure_free(structure);
    }
    bench_close(&bench);
}

/* Regions of another detector go through, also where the frame has to be copied. */
static void other_regions_are_kept(void **state)
{
    (void)state;
    Bench bench;
    open_bench(&bench);
    g_object_set(bench.element, "face-meta", TRUE, NULL);
    bench_start(&bench, "I420", SIZE, SIZE);
    for (int held = 0; held < 2; held++) {
        GstBuffer *in = gst_buffer_copy_deep(portrait);
        GstVideoRegionOfInterestMeta *car =
            gst_buffer_add_video_region_of_interest_meta(in, "car", 1, 2, 3, 4);
        car->id = 12345;
        GstBuffer *out = bench_push(&bench, held ? gst_buffer_ref(in) : in);
        assert_non_null(out);
        car = gst_buffer_get_video_region_of_interest_meta_id(out, 12345);
        assert_non_null(car);
        assert_true(car->x == 1 && car->y == 2 && car->w == 3 && car->h == 4);
        assert_int_equal(count_faces(out, NULL), 1);
        if (held) {
            assert_int_equal(count_faces(in, NULL), 0); /* the holder's buffer is left alone */
            gst_buffer_unref(in);
        }
        gst_buffer_unref(out);
    }
    bench_close(&bench);
}

static void can_be_switched_while_playing(void **state)
{
    (void)state;
    Bench bench;
    start_bench(&bench);
    for (int i = 0; i < 4; i++) {
        gboolean on = i % 2;
        g_object_set(bench.element, "face-meta", on, NULL);
        GstBuffer *in = gst_buffer_copy_deep(portrait);
        GstBuffer *out = bench_push(&bench, in);
        assert_int_equal(count_faces(out, NULL), on);
        if (!on)
            assert_ptr_equal(out, in);
        gst_buffer_unref(out);
    }
    bench_close(&bench);
}

static void switches_survive_stop(void **state)
{
    (void)state;
    Bench bench;
    gboolean meta, messages;
    start_bench(&bench);
    g_object_set(bench.element, "face-meta", TRUE, "face-messages", TRUE, NULL);
    gst_buffer_unref(push_portrait(&bench));
    gst_element_set_state(bench.element, GST_STATE_NULL);
    gst_structure_free(next_message(&bench));
    gst_element_set_state(bench.element, GST_STATE_PLAYING);
    g_object_get(bench.element, "face-meta", &meta, "face-messages", &messages, NULL);
    assert_true(meta && messages);
    gst_harness_play(bench.harness);
    gst_harness_push_event(bench.harness, gst_event_new_stream_start("again"));
    bench_start(&bench, "I420", SIZE, SIZE);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(bench.harness, gst_event_new_segment(&segment));
    GstBuffer *out = push_portrait(&bench);
    assert_int_equal(count_faces(out, NULL), 1);
    gst_buffer_unref(out);
    bench_close(&bench);
}

static void missing_networks_fail_with_the_caps(void **state)
{
    (void)state;
    Bench bench;
    open_bench(&bench);
    g_object_set(bench.element, "face-meta", TRUE, "models", "/no/such/folder", NULL);
    bench_start(&bench, "I420", SIZE, SIZE);
    gchar *line = bench_message(&bench, GST_MESSAGE_ERROR, NULL, NULL);
    assert_non_null(line); /* before any frame */
    assert_non_null(strstr(line, "/no/such/folder"));
    g_free(line);
    bench_close(&bench);
}

/* By how much a buffer differs from the portrait in a plane: within the face, and elsewhere. */
static void measure_change(GstBuffer *out, long *face, long *elsewhere)
{
    GstMapInfo a, b;
    *face = *elsewhere = 0;
    gst_buffer_map(portrait, &a, GST_MAP_READ);
    gst_buffer_map(out, &b, GST_MAP_READ);
    assert_int_equal(a.size, b.size);
    for (int i = 0; i < SIZE * SIZE; i++) {
        int x = i % SIZE, y = i / SIZE;
        gboolean inside = x > FACE_LEFT - 3 && x < FACE_RIGHT + 3 && y > FACE_TOP - 3 &&
                          y < FACE_BOTTOM + 3;
        *(inside ? face : elsewhere) += abs(a.data[i] - b.data[i]);
    }
    gst_buffer_unmap(portrait, &a);
    gst_buffer_unmap(out, &b);
}

/* The property works from the first frame on, and while it plays: down to nothing. */
static void a_face_is_aged(void **state)
{
    (void)state;
    Bench bench;
    long face, elsewhere, whole = 0;
    open_bench(&bench);
    g_object_set(bench.element, "age", 30.0, NULL);
    bench_start(&bench, "I420", SIZE, SIZE);
    for (int i = 0; i < 9; i++) {
        GstBuffer *out = push_portrait(&bench);
        measure_change(out, &face, &elsewhere);
        assert_int_equal(elsewhere, 0);
        whole = i == 0 ? face : whole;
        assert_true(i > 1 ? face < whole : face > 30000);
        if (i == 1)
            g_object_set(bench.element, "age", 0.0, NULL);
        gst_buffer_unref(out);
    }
    assert_int_equal(face, 0);
    bench_close(&bench);
}

/* Why the analysis cannot run here, or NULL. */
static gchar *find_obstacle(void)
{
    mien_filter *filter;
    mien_frame frame = {.format = MIEN_FORMAT_I420, .width = SIZE, .height = SIZE};
    gchar *why = NULL;
    if (mien_filter_create(&filter, NULL) != MIEN_OK)
        return g_strdup("out of memory");
    mien_filter_set(filter, "device", "cpu");
    mien_filter_set_analysis(filter, true);
    int status = mien_filter_prepare(filter, &frame);
    if (status == MIEN_ERR_NO_DEVICE || status == MIEN_ERR_IO)
        why = g_strdup(mien_filter_error(filter));
    mien_filter_destroy(&filter);
    return why;
}

/* Loads the portrait, or says why not. */
static gchar *find_portrait(const char *path)
{
    gchar *why = find_obstacle();
    if (why)
        return why;
    portrait = load_portrait(path);
    return portrait ? NULL : g_strdup_printf("no portrait in %s", path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boxes_are_clipped),
        cmocka_unit_test(structures_have_every_field),
        cmocka_unit_test(several_faces_several_regions),
        cmocka_unit_test(off_is_passthrough),
        cmocka_unit_test(a_face_is_attached),
        cmocka_unit_test(a_message_is_posted_for_each_frame),
        cmocka_unit_test(no_face_no_region),
        cmocka_unit_test(other_regions_are_kept),
        cmocka_unit_test(can_be_switched_while_playing),
        cmocka_unit_test(switches_survive_stop),
        cmocka_unit_test(a_face_is_aged),
        cmocka_unit_test(missing_networks_fail_with_the_caps),
    };
    gst_init(&argc, &argv);
    if (argc != 2) {
        fprintf(stderr, "usage: test_gst_faces PORTRAIT.rgba\n");
        return 1;
    }
    gchar *why = find_portrait(argv[1]);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (why)
        printf("skipped what looks for faces: %s\n", why);
    failed = why && failed == 0 ? 77 : failed; /* 77: Meson counts it as skipped */
    g_free(why);
    gst_clear_buffer(&portrait);
    gst_deinit();
    return failed;
}
