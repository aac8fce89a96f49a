// For wino_in.comp: loads the SIZE x SIZE pixels that a tile sees; tiles lie STEP apart. Included
// once for each kind of picture, which defines
//   LOAD_TILE   the function's name
//   SIZE, STEP, MODE (of the padding), WIDTH and HEIGHT (of the picture)
void LOAD_TILE(int x, int y, int base, out vec4 v[SIZE][SIZE])
{
#define ROW(i) tile_row(y * STEP + (i), MODE, WIDTH, HEIGHT)
#define COLUMN(x, j) source((x) * STEP - p.pad_l + (j), WIDTH, MODE)
    int column[SIZE];
    [[unroll]] for (int j = 0; j < SIZE; j++)
        column[j] = COLUMN(x, j);
#ifdef LANES8
    const int NEXT = SIZE - STEP; // columns of a row that only the last lane does not get
    const int NEXT_LOADS = (SIZE * NEXT + 7) / 8;
    vec4 next[NEXT_LOADS];
    [[unroll]] for (int k = 0; k < NEXT_LOADS; k++)
        next[k] = load(base + ROW(min((k * 8 + lane) / NEXT, SIZE - 1)) +
                       COLUMN(x - lane + 8, lane % NEXT));
#endif
    [[unroll]] for (int i = 0; i < SIZE; i++) {
        int row = base + ROW(i);
#ifdef LANES8
        [[unroll]] for (int j = 0; j < STEP; j++)
            v[i][j] = load(row + column[j]);
        [[unroll]] for (int j = 0; j < NEXT; j++)
            v[i][STEP + j] = beside(v[i][j], next[i * NEXT / 8], 1, (i * NEXT + j) % 8);
#else
        [[unroll]] for (int j = 0; j < SIZE; j++)
            v[i][j] = load(row + column[j]);
#endif
    }
#undef ROW
#undef COLUMN
}
