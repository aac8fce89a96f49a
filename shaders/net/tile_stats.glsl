// Mean and sum of squared deviations of what a subgroup of 8 lanes made of a quad: 8 columns from
// x - lane on, ROWS rows from y on. For instance norms, so that nobody has to read the tensor for
// them (norm_scale.comp). A mean of its own for each tile keeps the variance exact where the mean
// is large. They go to in1: [quad][tile row][tile column] pairs of vec4.
#ifdef LANES8
layout(constant_id = 6) const int STATS = 0;

// Written out: Mesa 22.3 does not unroll a loop over 1, 2, 4, and a shuffle by what is no constant
// hung there.
vec4 sum_of_lanes(vec4 v)
{
    v += subgroupShuffle(v, uint(lane ^ 1));
    v += subgroupShuffle(v, uint(lane ^ 2));
    return v + subgroupShuffle(v, uint(lane ^ 4));
}

void keep_stats(vec4 v[ROWS], int quad, int x, int y)
{
    int columns = min(8, p.ow - (x - lane)), rows = min(ROWS, p.oh - y);
    vec4 sum = vec4(0), squares = vec4(0);
    [[unroll]] for (int d = 0; d < ROWS; d++)
        sum += x < p.ow && d < rows ? v[d] : vec4(0);
    vec4 mean = sum_of_lanes(sum) / float(columns * rows);
    [[unroll]] for (int d = 0; d < ROWS; d++) {
        vec4 off = x < p.ow && d < rows ? v[d] - mean : vec4(0);
        squares += off * off;
    }
    squares = sum_of_lanes(squares);
    int tiles = (p.ow + 7) / 8, at = (quad * ((p.oh + ROWS - 1) / ROWS) + y / ROWS) * tiles + x / 8;
    if (lane < 2) // the first stores the mean, the second the squares
        store(quad < p.oq ? p.in1 + 2 * at + lane : WASTE, lane == 0 ? mean : squares);
}
#endif
