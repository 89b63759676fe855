
#ifdef HAS_WINOGRAD
/* A convolution of 3x3 at a stride of one by Winograd's F(4x4, 3x3) (Lavin and Gray, arXiv 1509.09308), at the points 0, +-sqrt(1/2),
   +-sqrt(2) and infinity: a tile of 6x6 inputs becomes 36 frequencies, at each of these the channels are mixed by a matrix, and 36
   frequencies become 4x4 outputs, with 36 multiplications where there were 144. A block of tiles is mixed at a time, so that each weight
   that is read serves several. */
enum { SIDE = 4, REACH = SIDE + 2, FREQUENCIES = REACH * REACH, TILES = 12 };
#define ROOT 1.41421356f

/* Of a block's inputs, by frequency, tile and channel; of some of its outputs, by frequency, tile and output. */
static float frequencies[FREQUENCIES * TILES * MOST_INPUTS], mixed[FREQUENCIES * TILES * VECTORS * LANES];
/* What is read beyond the border. */
static const float beyond[MOST_INPUTS] = {0.0f};

/* The first channel of a vector. The last vector may lie over the one before it. */
SPECIALISED int channel_at(int vector, int channels)
{
    return (vector + 1) * LANES <= channels ? vector * LANES : channels - LANES;
}

/* Six frequencies of a line of three weights. */
SPECIALISED void transform_weight_line(const float *w, int step, float *to, int to_step)
{
    const float even = (w[0] + 0.5f * w[2 * step]) * (-2.0f / 3.0f), odd = w[step] * (-ROOT / 3.0f);
    const float wide_even = (w[0] + 2.0f * w[2 * step]) * (1.0f / 6.0f), wide_odd = w[step] * (ROOT / 6.0f);
    to[0] = w[0];
    to[to_step] = even + odd;
    to[2 * to_step] = even - odd;
    to[3 * to_step] = wide_even + wide_odd;
    to[4 * to_step] = wide_even - wide_odd;
    to[5 * to_step] = w[2 * step];
}

/* A convolution's weights as they are mixed with: by groups of vectors of outputs, by frequency, by input, and by output. */
static void transform_weights(const struct conv *c, float *to)
{
    const int all = (c->out + LANES - 1) / LANES, tap = c->in * c->out;
    int first, vectors, input, lane, line, f;
    for (first = 0; first < all; first += vectors) {
        vectors = next_vectors(all - first);
        for (input = 0; input < c->in; input++) {
            for (lane = 0; lane < vectors * LANES; lane++) {
                const int output = channel_at(first + lane / LANES, c->out) + lane % LANES;
                const float *w = c->weight + input * c->out + output;
                float lines[3 * REACH], found[FREQUENCIES];
                for (line = 0; line < 3; line++) {
                    transform_weight_line(w + 3 * line * tap, tap, lines + line * REACH, 1);
                }
                for (line = 0; line < REACH; line++) {
                    transform_weight_line(lines + line, REACH, found + line, REACH);
                }
                for (f = 0; f < FREQUENCIES; f++) {
                    to[(f * c->in + input) * vectors * LANES + lane] = found[f];
                }
            }
        }
        to += FREQUENCIES * c->in * vectors * LANES;
    }
}

/* Six frequencies of a line of six inputs. */
SPECIALISED void transform_input_line(const lanes *x, int step, lanes *to)
{
    const lanes even = WITH_PRODUCTS(x[4 * step], EACH(-2.0f), x[2 * step]);
    const lanes odd = WITH_PRODUCTS(TIMES(EACH(ROOT / 2.0f), x[3 * step]), EACH(-ROOT), x[step]);
    const lanes wide_even = WITH_PRODUCTS(x[4 * step], EACH(-0.5f), x[2 * step]);
    const lanes wide_odd = WITH_PRODUCTS(TIMES(EACH(ROOT), x[3 * step]), EACH(-ROOT / 2.0f), x[step]);
    to[0] = PLUS(WITH_PRODUCTS(x[0], EACH(-2.5f), x[2 * step]), x[4 * step]);
    to[1] = PLUS(even, odd);
    to[2] = MINUS(even, odd);
    to[3] = PLUS(wide_even, wide_odd);
    to[4] = MINUS(wide_even, wide_odd);
    to[5] = PLUS(WITH_PRODUCTS(x[step], EACH(-2.5f), x[3 * step]), x[5 * step]);
}

/* The frequencies of the tile whose first input is at (`top`, `left`). */
SPECIALISED void transform_inputs(const struct conv *c, const float *x, int top, int left, float *to)
{
    const int vectors = (c->in + LANES - 1) / LANES;
    const float *pixels[FREQUENCIES];
    int row, column, vector;
    for (row = 0; row < REACH; row++) {
        const int is_inside = top + row >= 0 && top + row < c->height;
        const int begin = -left, end = is_inside ? c->width - left : begin, first = (top + row) * c->width + left;
        UNROLLED
        for (column = 0; column < REACH; column++) {
            pixels[row * REACH + column] = column >= begin && column < end ? x + (first + column) * c->in : beyond;
        }
    }
    for (vector = 0; vector < vectors; vector++) {
        const int channel = channel_at(vector, c->in);
        lanes lines[FREQUENCIES], line[REACH];
        for (row = 0; row < REACH; row++) {
            UNROLLED
            for (column = 0; column < REACH; column++) {
                line[column] = LOAD(pixels[row * REACH + column] + channel);
            }
            transform_input_line(line, 1, lines + row * REACH);
        }
        for (column = 0; column < REACH; column++) {
            transform_input_line(lines + column, REACH, line);
            UNROLLED
            for (row = 0; row < REACH; row++) {
                STORE(to + (row * REACH + column) * TILES * c->in + channel, line[row]);
            }
        }
    }
}

/* At one frequency, so many vectors of outputs of so many tiles. */
SPECIALISED void mix(const float *x, int in, const float *w, float *to, const int vectors, const int tiles)
{
    lanes sum[PIXELS][VECTORS];
    int tile, v, input;
    UNROLLED
    for (tile = 0; tile < tiles; tile++) {
        UNROLLED
        for (v = 0; v < vectors; v++) {
            sum[tile][v] = EACH(0.0f);
        }
    }
    for (input = 0; input < in; input++, w += vectors * LANES) {
        weights b[VECTORS];
        UNROLLED
        for (v = 0; v < vectors; v++) {
            b[v] = WEIGHTS(w + v * LANES);
            HELD(b[v]);
        }
        UNROLLED
        for (tile = 0; tile < tiles; tile++) {
            const inputs a = INPUTS(x + tile * in + input);
            UNROLLED
            for (v = 0; v < vectors; v++) {
                sum[tile][v] = WITH_PRODUCTS(sum[tile][v], a, b[v]);
            }
        }
    }
    UNROLLED
    for (tile = 0; tile < tiles; tile++) {
        UNROLLED
        for (v = 0; v < vectors; v++) {
            STORE(to + (tile * vectors + v) * LANES, sum[tile][v]);
        }
    }
}

/* At all frequencies, so many vectors of outputs of a block. The last tiles may be some of those before. */
SPECIALISED void mix_block(const struct conv *c, const float *w, int count, const int vectors, const int tiles)
{
    int f, tile;
    for (f = 0; f < FREQUENCIES; f++, w += c->in * vectors * LANES) {
        for (tile = 0; tile < count; tile += tiles) {
            const int at = f * TILES + (tile + tiles > count ? count - tiles : tile);
            mix(frequencies + at * c->in, c->in, w, mixed + at * vectors * LANES, vectors, tiles);
        }
    }
}

/* Four sums of six frequencies. */
SPECIALISED void transform_output_line(const lanes *x, lanes *to)
{
    const lanes sum = PLUS(x[1], x[2]), difference = MINUS(x[1], x[2]);
    const lanes wide_sum = PLUS(x[3], x[4]), wide_difference = MINUS(x[3], x[4]);
    to[0] = PLUS(PLUS(x[0], sum), wide_sum);
    to[1] = WITH_PRODUCTS(TIMES(EACH(ROOT / 2.0f), difference), EACH(ROOT), wide_difference);
    to[2] = WITH_PRODUCTS(TIMES(EACH(0.5f), sum), EACH(2.0f), wide_sum);
    to[3] = PLUS(WITH_PRODUCTS(TIMES(EACH(ROOT / 4.0f), difference), EACH(2.0f * ROOT), wide_difference), x[5]);
}

/* A vector of outputs of a tile, of which so many rows and columns are inside. */
SPECIALISED void transform_outputs(const struct conv *c, const float *from, int step, int output, float *y, int rows, int columns)
{
    const lanes start = SUMS(c->start + output);
    lanes lines[REACH][SIDE], line[REACH], sums[SIDE];
    int row, column;
    for (column = 0; column < REACH; column++) {
        UNROLLED
        for (row = 0; row < REACH; row++) {
            line[row] = LOAD(from + (row * REACH + column) * step);
        }
        transform_output_line(line, lines[column]);
    }
    for (row = 0; row < rows; row++) {
        UNROLLED
        for (column = 0; column < REACH; column++) {
            line[column] = lines[column][row];
        }
        transform_output_line(line, sums);
        for (column = 0; column < columns; column++) {
            store(&c->end, PLUS(sums[column], start), output, y + (row * c->out_width + column) * c->out + output);
        }
    }
}

/* There are at least as many tiles as PIXELS. */
static void winograd(const struct conv *c, const float *w, const float *x, float *y)
{
    const int across = (c->out_width + SIDE - 1) / SIDE, all = (c->out_height + SIDE - 1) / SIDE * across;
    const int blocks = (all + TILES - 1) / TILES, per_block = (all + blocks - 1) / blocks;
    const int all_vectors = (c->out + LANES - 1) / LANES;
    int start, first, vectors, tile, v;
    for (start = 0; start < all; start += per_block) {
        /* The last block may have some tiles of the one before. */
        const int begin = start + per_block > all ? all - per_block : start;
        const float *from = w;
        for (tile = 0; tile < per_block; tile++) {
            const int row = (begin + tile) / across * SIDE, column = (begin + tile) % across * SIDE;
            transform_inputs(c, x, row - c->padding, column - c->padding, frequencies + tile * c->in);
        }
        for (first = 0; first < all_vectors; first += vectors) {
            vectors = next_vectors(all_vectors - first);
            if (vectors == 1) {
                mix_block(c, from, per_block, 1, PIXELS);
            } else if (vectors == 2) {
                mix_block(c, from, per_block, 2, PIXELS);
            } else if (per_block % PIXELS != 0 && per_block % (PIXELS - 1) == 0) {
                mix_block(c, from, per_block, VECTORS, PIXELS - 1);
            } else {
                mix_block(c, from, per_block, VECTORS, PIXELS);
            }
            from += FREQUENCIES * c->in * vectors * LANES;
            for (tile = 0; tile < per_block; tile++) {
                const int row = (begin + tile) / across * SIDE, column = (begin + tile) % across * SIDE;
                const int rows = c->out_height - row < SIDE ? c->out_height - row : SIDE;
                const int columns = c->out_width - column < SIDE ? c->out_width - column : SIDE;
                float *to = y + (row * c->out_width + column) * c->out;
                for (v = 0; v < vectors; v++) {
                    transform_outputs(c, mixed + (tile * vectors + v) * LANES, TILES * vectors * LANES, channel_at(first + v, c->out), to,
                        rows, columns);
                }
            }
        }
    }
}
#endif
