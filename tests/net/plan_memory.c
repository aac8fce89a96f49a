#include "plan_memory.h"

static bool uses(const mi_step *s, int32_t b)
{
    return s->in0 == b || s->in1 == b || s->in2 == b || s->out == b || s->stats == b;
}

bool plan_life(const mi_plan *plan, int32_t b, int32_t *first, int32_t *last)
{
    *first = plan->steps;
    *last = -1;
    for (int32_t i = 0; i < plan->steps; i++)
        if (uses(&plan->step[i], b)) {
            *first = i < *first ? i : *first;
            *last = i;
        }
    for (int32_t k = 0; k < plan->outputs && *last >= 0; k++)
        if (b == plan->output[k])
            *last = plan->steps;
    return *last >= 0;
}

int64_t plan_least_vec4s(const mi_plan *plan)
{
    int64_t most = 0;
    for (int32_t i = 0; i < plan->steps; i++) {
        int64_t living = 0;
        for (int32_t b = 0; b < plan->pieces; b++) {
            int32_t first, last;
            if (b != plan->input && plan_life(plan, b, &first, &last) && first <= i && i <= last)
                living += plan->piece[b].vec4s;
        }
        most = living > most ? living : most;
    }
    return most;
}
