
/* A convolution of so many parts, each with its own inputs and outputs. The weights of a part lie by the window's rows, by groups of
   inputs, by outputs, and by the inputs of a group; the inputs of a window's row lie one after the other, column by column, with zero
   weights behind the last. The weights of the first `paired` outputs are written in pairs. */
struct conv {
    int parts;
    int height, width, in;
    int out_height, out_width, out;
    int rows, columns, stride, padding;
    number border;
    int paired;
    const number *weight;
    const wide *start;
    struct end end;
};

/* The lines that a window slides over: it begins in one and goes on to the next, behind the last one to the first. */
struct lines {
    const number *first;
    int begin, end, length;
};

/* A part's numbers of a line of the image. */
SPECIALISED void copy_line(const struct conv *c, const number *from, number *to)
{
    int column, i;
    if (c->parts == 1) {
        memcpy(to, from, (size_t)(c->width * c->in) * sizeof *to);
        return;
    }
    for (column = 0; column < c->width; column++, from += c->parts * c->in, to += c->in) {
        for (i = 0; i < c->in; i++) {
            to[i] = from[i];
        }
    }
}

/* The lines of an output row: of the image itself or, where it has a border or parts, of the last ones, which are kept with it. */
static struct lines lines_of(const struct conv *c, const number *x, number *kept, int row)
{
    const int top = row * c->stride, length = (c->width + 2 * c->padding) * c->in;
    struct lines lines;
    int line, i;
    lines.length = length;
    if (c->padding == 0 && c->parts == 1) {
        lines.first = x + top * length;
        lines.begin = 0;
        lines.end = 0;
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
            copy_line(c, x + (line - c->padding) * c->width * c->parts * c->in, to + left);
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
