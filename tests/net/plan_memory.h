/* How little working memory a plan could do with, for tests and benchmarks. */
#ifndef MIEN_PLAN_MEMORY_H
#define MIEN_PLAN_MEMORY_H

#include "net/plan.h"

/* vec4: the most that lives during one step. No placement of the pieces needs less; the input
 * does not count, since it lies elsewhere. Worked out from the steps alone. */
int64_t plan_least_vec4s(const mi_plan *plan);

/* First and last step that uses piece b; an output is used until after the last step. False: none
 * does. */
bool plan_life(const mi_plan *plan, int32_t b, int32_t *first, int32_t *last);

#endif
