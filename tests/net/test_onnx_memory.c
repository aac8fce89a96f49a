/* The ONNX reader when memory runs out: every allocation fails once. Linked with
 * --wrap=malloc,calloc,realloc,strdup. */
#include "net/graph.h"
#include "sample_models.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

static long left = -1; /* allocations until one fails; -1: none does */

static int fails(void)
{
    return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

static void test_each(void **state)
{
    (void)state;
    size_t size;
    uint8_t *model;
    for (int32_t k = 0; (model = sample_model(k, &size, NULL)); k++) {
        int status = MIEN_ERR_NOMEM;
        for (long at = 0; status == MIEN_ERR_NOMEM; at++) {
            mi_log log;
            mi_graph *g;
            mi_log_init(&log, NULL);
            left = at;
            status = mi_graph_from_onnx(&g, model, size, "memory", 16, 16, &log);
            int failed = left < 0;
            left = -1;
            assert_true(failed ? status == MIEN_ERR_NOMEM && !g && log.error[0] : status == 0);
            mi_graph_destroy(&g);
        }
        free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};
    return cmocka_run_group_tests_name("onnx memory", tests, NULL, NULL);
}
