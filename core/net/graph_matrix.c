/* Products with a constant matrix: a 1x1 convolution along the dimension that is summed up. */
#include "graph_build.h"

#include <math.h>

/* A matrix of `rows` outputs and `columns` inputs, of which a value stands at data[row * row_step +
 * column * column_step]. */
typedef struct matrix {
    const mi_const *con;
    int64_t rows, columns, row_step, column_step;
    float factor;
} matrix;

/* Dimension `dim` of x, of as many values as m has columns, becomes one of its rows. */
static int multiply(mi_build *b, const mi_value *x, int32_t dim, const matrix *m, mi_value *out)
{
    int32_t weight;
    mi_value from;
    float *data;
    if (x->layout.dim[dim] != m->columns)
        return mi_build_fail(b, MIEN_ERR_MODEL, "a matrix for %lld values, not %d",
                             (long long)m->columns, (int)x->layout.dim[dim]);
    int status = mi_build_on_c(b, x, dim, false, &from);
    if (status < 0)
        return status;
    status = mi_build_values(b, m->rows * m->columns, &data);
    if (status < 0)
        return status;
    for (int64_t r = 0; r < m->rows; r++)
        for (int64_t c = 0; c < m->columns; c++) {
            int64_t at = r * m->row_step + c * m->column_step;
            data[r * m->columns + c] =
                m->factor * (m->con->is_int ? (float)m->con->i[at] : m->con->f[at]);
        }
    status = mi_build_data(b, data, (int32_t)m->rows, (int32_t)m->columns, 1, &weight);
    *out = from;
    if (status >= 0)
        status = mi_build_point_conv(b, from.tensor, weight, -1, 1, &out->tensor);
    if (status < 0)
        return status;
    return mi_build_resized(b, &out->layout, dim, MI_AXIS_C, (int32_t)m->rows);
}

static int matrix_input(mi_build *b, int32_t k, const mi_const **con)
{
    const mi_value *value = mi_build_in(b, k);
    if (!value || value->kind != MI_VALUE_CONST)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "neither factor is constant");
    if (value->con.rank != 2 || value->con.count == 0)
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a constant factor of %d dimensions, not 2",
                             (int)value->con.rank);
    *con = &value->con;
    return 0;
}

int mi_build_matmul(mi_build *b)
{
    const mi_value *left = mi_build_in(b, 0), *right = mi_build_in(b, 1);
    mi_value out;
    const mi_const *con = NULL;
    if (!left || !right)
        return mi_build_fail(b, MIEN_ERR_MODEL, "an input is missing");
    bool run_left = left->kind == MI_VALUE_RUN;
    int status = matrix_input(b, run_left ? 1 : 0, &con);
    if (status < 0)
        return status;
    const mi_value *x = run_left ? left : right;
    int32_t rank = x->layout.rank;
    if (rank < 1 || (!run_left && rank < 2))
        return mi_build_fail(b, MIEN_ERR_UNSUPPORTED, "a factor of %d dimensions", (int)rank);
    matrix by_right = {con, con->dim[1], con->dim[0], 1, con->dim[1], 1};
    matrix by_left = {con, con->dim[0], con->dim[1], con->dim[1], 1, 1};
    status = run_left ? multiply(b, x, rank - 1, &by_right, &out)
                      : multiply(b, x, rank - 2, &by_left, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}

/* alpha * A * B + beta * C, each of A and B turned or not; A is what the picture goes into. */
int mi_build_gemm(mi_build *b)
{
    static const int32_t turned[2] = {1, 0};
    mi_value *a, *c = mi_build_in(b, 2), out;
    int32_t turn_a, turn_b;
    float alpha, beta;
    const mi_const *con = NULL;
    int status = mi_build_run(b, 0, &a);
    if (status >= 0)
        status = matrix_input(b, 1, &con);
    if (status >= 0)
        status = mi_build_int(b, "transA", 0, 0, 1, &turn_a);
    if (status >= 0)
        status = mi_build_int(b, "transB", 0, 0, 1, &turn_b);
    if (status >= 0)
        status = mi_build_float(b, "alpha", 1, &alpha);
    if (status >= 0)
        status = mi_build_float(b, "beta", 1, &beta);
    if (status < 0)
        return status;
    if (a->layout.rank != 2)
        return mi_build_fail(b, MIEN_ERR_MODEL, "input 0 has %d dimensions, not 2",
                             (int)a->layout.rank);
    mi_value x = *a;
    if (turn_a)
        mi_layout_permute(&a->layout, turned, &x.layout);
    bool adds = c && fabsf(beta) > 0;
    matrix m = {con, con->dim[!turn_b], con->dim[turn_b], turn_b ? con->dim[1] : 1,
                turn_b ? 1 : con->dim[1], adds ? alpha / beta : alpha};
    status = multiply(b, &x, 1, &m, &out);
    if (status >= 0 && adds)
        status = mi_build_pair(b, MI_OP_ADD, &out, c, &out);
    if (status >= 0 && adds && (beta < 1 || beta > 1))
        status = mi_build_by_number(b, MI_OP_MUL, &out, beta, &out);
    return status < 0 ? status : mi_build_out(b, 0, &out);
}
