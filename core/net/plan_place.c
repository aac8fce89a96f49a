/* Where the pieces of working memory lie. */
#include "planner.h"

#include <stdlib.h>
#include <string.h>

/* State of one attempt. */
typedef struct placement {
    const mi_plan *plan;
    int32_t *placed; /* pieces with a place, by it */
    int32_t count;
    int32_t *at;     /* of each piece */
    int64_t top;
} placement;

static bool together(const mi_piece *a, const mi_piece *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The smallest gap that piece b fits into, between pieces that live at the same time. */
static int64_t find_gap(const placement *s, int32_t b)
{
    const mi_piece *piece = &s->plan->piece[b];
    int64_t end = 0, best = -1, least = INT64_MAX;
    for (int32_t i = 0; i < s->count; i++) {
        const mi_piece *o = &s->plan->piece[s->placed[i]];
        if (!together(piece, o))
            continue;
        int64_t at = s->at[s->placed[i]], gap = at - end;
        if (gap >= piece->vec4s && gap < least) {
            least = gap;
            best = end;
        }
        end = at + o->vec4s > end ? at + o->vec4s : end;
    }
    return best >= 0 ? best : end;
}

static void place(placement *s, int32_t b)
{
    int64_t at = find_gap(s, b), end = at + s->plan->piece[b].vec4s;
    s->top = end > s->top ? end : s->top;
    if (s->top > INT32_MAX)
        return;
    s->at[b] = (int32_t)at;
    int32_t i = s->count++;
    for (; i > 0 && s->at[s->placed[i - 1]] > at; i--)
        s->placed[i] = s->placed[i - 1];
    s->placed[i] = b;
}

typedef struct sized {
    int32_t vec4s, life, piece;
} sized;

/* Of equal ones the one that lives longer, which has more neighbours. */
static int larger_first(const void *a, const void *b)
{
    const sized *x = a, *y = b;
    if (x->vec4s != y->vec4s)
        return x->vec4s < y->vec4s ? 1 : -1;
    if (x->life != y->life)
        return x->life < y->life ? 1 : -1;
    return x->piece < y->piece ? -1 : 1;
}

static void attempt(placement *s, const sized *order)
{
    s->count = 0;
    s->top = 0;
    for (int32_t i = 0; i < s->plan->pieces && s->top <= INT32_MAX; i++)
        if (order[i].piece != s->plan->input)
            place(s, order[i].piece);
}

static void keep(mi_plan *plan, const placement *s)
{
    for (int32_t i = 0; i < plan->pieces; i++)
        plan->piece[i].at = i == plan->input ? 0 : s->at[i];
    plan->vec4s = (int32_t)s->top;
}

/* Largest first (Pisarchyk and Lee, "Efficient memory management for deep neural net inference",
 * 2020, "greedy by size"): small pieces find gaps beside large ones, but not the other way round.
 * Some networks fall better into the order in which they run, so that is tried too. */
int mi_place_pieces(mi_plan *plan)
{
    size_t n = (size_t)plan->pieces + 1;
    placement s = {.plan = plan, .placed = malloc(n * sizeof *s.placed),
                   .at = calloc(n, sizeof *s.at)};
    sized *order = malloc(n * sizeof *order);
    int status = MIEN_ERR_NOMEM;
    if (!s.placed || !s.at || !order)
        goto error;
    for (int32_t i = 0; i < plan->pieces; i++)
        order[i] = (sized){plan->piece[i].vec4s, plan->piece[i].last - plan->piece[i].first, i};
    attempt(&s, order);
    int64_t in_turn = s.top;
    if (in_turn <= INT32_MAX)
        keep(plan, &s);
    qsort(order, (size_t)plan->pieces, sizeof *order, larger_first);
    attempt(&s, order);
    if (s.top < in_turn && s.top <= INT32_MAX)
        keep(plan, &s);
    status = in_turn <= INT32_MAX || s.top <= INT32_MAX ? MIEN_OK : MIEN_ERR_UNSUPPORTED;
error:
    free(s.placed);
    free(s.at);
    free(order);
    return status;
}
