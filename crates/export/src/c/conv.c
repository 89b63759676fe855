
static void conv(const struct conv *c, const number *x, number *kept, number *y)
{
    struct conv part = *c;
    int n, row, start;
    for (n = 0; n < c->parts; n++) {
        number *to = y + n * c->out;
        for (row = 0; row < c->out_height; row++, to += c->out_width * c->parts * c->out) {
            const struct lines lines = lines_of(&part, x + n * c->in, kept, row);
            for (start = 0; start < c->out;) {
                start += next_tiles(&part, lines, start, to);
            }
        }
        part.weight += c->rows * ((c->columns * c->in + GROUP - 1) / GROUP * GROUP) * c->out;
        part.start += c->out;
        part.end = end_behind(part.end, c->out);
    }
}
