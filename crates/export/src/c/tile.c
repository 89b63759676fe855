
/* Outputs from `start` on, in so many vectors, of so many pixels. The last vector may lie over the one before it. */
SPECIALISED void tile(const struct conv *c, struct lines lines, int start, number *y, const int vectors, const int pixels)
{
    const int step = c->stride * c->in, groups = (c->columns * c->in + GROUP - 1) / GROUP;
    const int whole = start + (vectors - 1) * LANES;
    const int last = LANES == 1 || whole + LANES <= c->out ? whole : c->out < LANES ? 0 : c->out - LANES;
    const number *w = c->weight + start * GROUP, *w_last = c->weight + last * GROUP;
    const int all = c->parts * c->out;
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
    for (p = 0; p < pixels; p++, y += all) {
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

/* How many vectors of outputs are next, when so many are left: they are shared out evenly. */
SPECIALISED int next_vectors(int left)
{
    const int blocks = (left + VECTORS - 1) / VECTORS;
    return (left + blocks - 1) / blocks;
}

/* The next outputs of a row, and how many. */
static int next_tiles(const struct conv *c, struct lines lines, int start, number *y)
{
    const int vectors = next_vectors((c->out - start + LANES - 1) / LANES);
    if (c->out_width < PIXELS) {
        return tiles(c, lines, start, y, 1, 1);
    } else if (vectors == VECTORS) {
        return tiles(c, lines, start, y, VECTORS, PIXELS);
    } else if (VECTORS > 3 && vectors == 3) {
        return tiles(c, lines, start, y, 3, PIXELS);
    } else if (VECTORS > 2 && vectors == 2) {
        return tiles(c, lines, start, y, 2, PIXELS);
    } else if (c->out_width < 2 * PIXELS) {
        return tiles(c, lines, start, y, 1, PIXELS);
    }
    return tiles(c, lines, start, y, 1, 2 * PIXELS);
}
