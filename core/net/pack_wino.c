/* The weights of a 3x3 convolution as Winograd's F(4x4,3x3) wants them: G w G^T, with G from Lavin
 * and Gray, "Fast algorithms for convolutional neural networks", 2015, for the points 0, 1, -1, 2,
 * -2 and infinity. Worked out in double, since the sums cancel. */
#include "pack.h"

enum { PRODUCTS_MAX = 6 };

static const double plain[PRODUCTS_MAX][3] = {
    {1.0 / 4, 0, 0},
    {-1.0 / 6, -1.0 / 6, -1.0 / 6},
    {-1.0 / 6, 1.0 / 6, -1.0 / 6},
    {1.0 / 24, 1.0 / 12, 1.0 / 6},
    {1.0 / 24, -1.0 / 12, 1.0 / 6},
    {0, 0, 1},
};

/* Of an upsampled input, without point -1 and with the factors that wino_in.comp leaves out: 2, 3
 * and -1 for the points 1, 2 and -2. */
static const double upsampled[PRODUCTS_MAX - 1][3] = {
    {1.0 / 4, 0, 0},
    {-2.0 / 6, -2.0 / 6, -2.0 / 6},
    {3.0 / 24, 3.0 / 12, 3.0 / 6},
    {-1.0 / 24, 1.0 / 12, -1.0 / 6},
    {0, 0, 1},
};

/* Product (i, j) of the 3x3 weights w. */
static double product(const double g[][3], const double w[9], size_t i, size_t j)
{
    double sum = 0;
    for (size_t y = 0; y < 3; y++)
        for (size_t x = 0; x < 3; x++)
            sum += g[i][y] * w[y * 3 + x] * g[j][x];
    return sum;
}

int32_t mi_pack_wino(mi_blob *blob, const mi_filter_bank *b, int32_t block,
                     const int32_t *order, bool up)
{
    const double (*g)[3] = up ? upsampled : plain;
    size_t n = up ? PRODUCTS_MAX - 1 : PRODUCTS_MAX;
    size_t ci_quads = ((size_t)b->ci + 3) / 4, width = (size_t)block;
    size_t part = (4 * width + 31) / 32 * 32; /* floats of a product and input quad */
    size_t blocks = ((size_t)b->co + width - 1) / width;
    int32_t at = mi_blob_take(blob, blocks * n * n * ci_quads * part / 4);
    if (blob->failed)
        return 0;
    float *to = blob->data + (size_t)at * 4;
    for (size_t o = 0; o < (size_t)b->co; o++)
        for (size_t ci = 0; ci < (size_t)b->ci; ci++) {
            size_t co = order ? (size_t)order[o] : o;
            const float *from = b->weight + (co * (size_t)b->ci + ci) * 9;
            double w[9];
            for (size_t t = 0; t < 9; t++)
                w[t] = (double)from[t] * (b->scale ? (double)b->scale[co] : 1);
            for (size_t k = 0; k < n * n; k++)
                to[((o / width * n * n + k) * ci_quads + ci / 4) * part + ci % 4 * width +
                   o % width] = (float)product(g, w, k / n, k % n);
        }
    return at;
}
