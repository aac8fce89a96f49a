/* Prints the operators that the ONNX reader takes: the part of docs/own-models.md that is made from
 * the code, or with --plain a line "picture NAME" or "constants NAME" for each. */
#include <stdio.h>
#include <string.h>

#include "net/graph.h"

enum { COLUMNS = 100 };

/* Words with commas between, in lines of a width. */
typedef struct words {
    size_t column;
} words;

static void put_word(words *w, const char *text)
{
    size_t size = strlen(text) + 1;
    if (w->column)
        w->column += (size_t)printf(",");
    if (w->column + size >= COLUMNS)
        w->column = 0 * (size_t)printf("\n");
    w->column += (size_t)printf("%s%s", w->column ? " " : "", text);
}

static void print_document(void)
{
    const char *type, *limits;
    words plain = {0}, constant = {0};
    printf("Whole:\n\n");
    for (int32_t k = 0; mi_onnx_operator(k, &type, &limits); k++)
        if (!limits[0])
            put_word(&plain, type);
    printf(".\n\nWithin limits:\n\n| operator | limits |\n|---|---|\n");
    for (int32_t k = 0; mi_onnx_operator(k, &type, &limits); k++)
        if (limits[0])
            printf("| %s | %s |\n", type, limits);
    printf("\nOf constants and shapes, when the file is read:\n\n");
    for (int32_t k = 0; mi_onnx_constant_operator(k, &type); k++)
        put_word(&constant, type);
    printf(".\n");
}

int main(int argc, char **argv)
{
    const char *type, *limits;
    if (argc < 2 || strcmp(argv[1], "--plain") != 0) {
        print_document();
        return 0;
    }
    for (int32_t k = 0; mi_onnx_operator(k, &type, &limits); k++)
        printf("picture %s\n", type);
    for (int32_t k = 0; mi_onnx_constant_operator(k, &type); k++)
        printf("constants %s\n", type);
    return 0;
}
