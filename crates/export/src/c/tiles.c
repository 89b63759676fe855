
/* Some outputs, from `start` on, of some pixels: each form has its own. */
SPECIALISED void tile(const struct conv *c, struct lines lines, int start, number *y, const int vectors, const int pixels);

/* Outputs from `start` on of a row, and how many. The last pixels may be some of those before. */
SPECIALISED int tiles(const struct conv *c, struct lines lines, int start, number *y, const int vectors, const int pixels)
{
    /* A copy, which no output can lie over. */
    const struct conv here = *c;
    const int out_width = c->out_width, step = c->stride * c->in, out = c->parts * c->out;
    int column;
    for (column = 0; column < out_width; column += pixels) {
        const int at = column + pixels > out_width ? out_width - pixels : column;
        struct lines from = lines;
        from.first += at * step;
        tile(&here, from, start, y + at * out, vectors, pixels);
    }
    return vectors * LANES;
}
