
/* A convolution. Weights lie by the window's rows, by groups of inputs, by outputs, and by the inputs of a group; the inputs of a
   window's row lie one after the other, column by column, with zero weights behind the last. */
struct conv {
    int height, width, in;
    int out_height, out_width, out;
    int rows, columns, stride, padding;
    number border;
    const number *weight;
    const wide *start;
    struct end end;
};

/* The lines that a window slides over: it begins in one and goes on to the next, behind the last one to the first. */
struct lines {
    const number *first;
    int begin, end, length;
};

/* The lines of an output row: of the image itself or, where it has a border, of the last ones, which are kept with it. */
static struct lines lines_of(const struct conv *c, const number *x, number *kept, int row)
{
    const int top = row * c->stride, length = (c->width + 2 * c->padding) * c->in;
    struct lines lines;
    int line, i;
    lines.length = length;
    if (c->padding == 0) {
        lines.first = x + top * length;
        lines.begin = 0;
        lines.end = -1;
        return lines;
    }
    for (line = row > 0 && c->stride < c->rows ? top + c->rows - c->stride : top; line < top + c->rows; line++) {
        const int is_inside = line >= c->padding && line < c->padding + c->height;
        const int left = c->padding * c->in, right = is_inside ? left + c->width * c->in : left;
        number *to = kept + line % c->rows * length;
        for (i = 0; i < left; i++) {
            to[i] = c->border;
        }
        if (is_inside) {
            const number *from = x + (line - c->padding) * c->width * c->in;
            for (i = left; i < right; i++) {
                to[i] = from[i - left];
            }
        }
        for (i = right; i < length; i++) {
            to[i] = c->border;
        }
    }
    lines.first = kept;
    lines.begin = top % c->rows * length;
    lines.end = c->rows * length;
    return lines;
}

/* Outputs from `start` on, in so many vectors, of so many pixels. The last vector may lie over the one before it. */
SPECIALISED void tile(const struct conv *c, struct lines lines, int start, number *y, const int vectors, const int pixels)
{
    const int step = c->stride * c->in, groups = (c->columns * c->in + GROUP - 1) / GROUP;
    const int whole = start + (vectors - 1) * LANES;
    const int last = LANES == 1 || whole + LANES <= c->out ? whole : c->out < LANES ? 0 : c->out - LANES;
    const number *w = c->weight + start * GROUP, *w_last = c->weight + last * GROUP;
    lanes sum[2 * PIXELS][VECTORS];
    int p, v, ky, g;
    UNROLLED
    for (v = 0; v < vectors; v++) {
        UNROLLED
        for (p = 0; p < pixels; p++) {
            sum[p][v] = SUMS(c->start + (v + 1 < vectors ? start + v * LANES : last));
        }
    }
    for (ky = 0; ky < c->rows; ky++) {
        const number *x = lines.first + lines.begin;
        for (g = 0; g < groups; g++) {
            weights b[VECTORS];
            UNROLLED
            for (v = 0; v < vectors; v++) {
                b[v] = WEIGHTS(v + 1 < vectors ? w + v * LANES * GROUP : w_last);
                HELD(b[v]);
            }
            UNROLLED
            for (p = 0; p < pixels; p++) {
                const inputs a = INPUTS(x + p * step);
                UNROLLED
                for (v = 0; v < vectors; v++) {
                    sum[p][v] = WITH_PRODUCTS(sum[p][v], a, b[v]);
                }
            }
            x += GROUP;
            w += c->out * GROUP;
            w_last += c->out * GROUP;
        }
        lines.begin += lines.length;
        lines.begin = lines.begin == lines.end ? 0 : lines.begin;
    }
    UNROLLED
    for (p = 0; p < pixels; p++, y += c->out) {
        UNROLLED
        for (v = 0; v < vectors; v++) {
            const int output = v + 1 < vectors ? start + v * LANES : last;
            if (c->out < LANES) {
                number part[LANES];
                int o;
                store(&c->end, sum[p][v], output, part);
                for (o = 0; o < c->out; o++) {
                    y[o] = part[o];
                }
            } else {
                store(&c->end, sum[p][v], output, y + output);
            }
        }
    }
}

/* Outputs from `start` on of a row. The last pixels may be some of those before. */
SPECIALISED void tiles(const struct conv *c, struct lines lines, int start, number *y, const int vectors, const int pixels)
{
    int column;
    for (column = 0; column < c->out_width; column += pixels) {
        const int at = column + pixels > c->out_width ? c->out_width - pixels : column;
        struct lines here = lines;
        here.first += at * c->stride * c->in;
        tile(c, here, start, y + at * c->out, vectors, pixels);
    }
}

static void conv(const struct conv *c, const number *x, number *kept, number *y)
{
    int row;
    for (row = 0; row < c->out_height; row++, y += c->out_width * c->out) {
        const struct lines lines = lines_of(c, x, kept, row);
        int left = (c->out + LANES - 1) / LANES, blocks = (left + VECTORS - 1) / VECTORS, start = 0;
        for (; blocks > 0; blocks--) {
            const int vectors = (left + blocks - 1) / blocks;
            if (c->out_width < PIXELS) {
                for (; left > 0; left--, start += LANES) {
                    tiles(c, lines, start, y, 1, 1);
                }
                break;
            } else if (vectors == VECTORS) {
                tiles(c, lines, start, y, VECTORS, PIXELS);
            } else if (VECTORS > 2 && vectors == 2) {
                tiles(c, lines, start, y, 2, PIXELS);
            } else if (c->out_width < 2 * PIXELS) {
                tiles(c, lines, start, y, 1, PIXELS);
            } else {
                tiles(c, lines, start, y, 1, 2 * PIXELS);
            }
            left -= vectors;
            start += vectors * LANES;
        }
    }
}
