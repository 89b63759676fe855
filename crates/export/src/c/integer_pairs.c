
/* Where a sum of products ends, and what leads to the next weights: read from memory, as registers are few. */
struct loop {
    const int8_t *end;
    int step;
};

/* Instructions in the order in which they stand, so that at most 14 numbers are needed at once. */
SPECIALISED int32_t word(const int8_t *x, int at)
{
    int32_t all;
    __asm__ volatile("ldr %0, [%1, %2]" : "=r"(all) : "r"(x), "Ir"(at));
    return all;
}
SPECIALISED int32_t next_word(const int8_t **x)
{
    int32_t all;
    __asm__ volatile("ldr %0, [%1], #4" : "=r"(all), "+r"(*x));
    return all;
}
#define ADD_PRODUCTS(sum, a, b) __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b))

/* Steps of an output as the nearest integer, which is held between the ends of 8 bits. */
SPECIALISED int8_t saturated(float steps, const struct end *end)
{
#ifdef __ARM_FP
    union { float number; int32_t bits; } nearest;
    __asm__("vcvtr.s32.f32 %0, %1" : "=t"(nearest.number) : "t"(steps));
    return (int8_t)__ssat(__qadd(nearest.bits, end->zero), 8);
#else
    return rounded(steps, end->low, end->high, end->zero);
#endif
}

/* So many outputs from `start` on, of so many pixels. */
SPECIALISED void tile(const struct conv *c, struct lines lines, int start, number *y, const int outputs, const int pixels)
{
    const int step = c->stride * c->in, length = (c->columns * c->in + GROUP - 1) & -GROUP, pairs = outputs / 2;
    const number *w = c->weight + start * GROUP, *x = lines.first + lines.begin;
    const float *multiplier = c->end.multiplier + start;
    const int out = c->out, all = c->parts * out;
    const struct end end = c->end;
    const number *const end_of_lines = lines.first + lines.end;
    struct loop loop;
    const int32_t *from = c->start + start;
    int32_t sum[PIXELS][4];
    int p, o, v, ky;
    /* What was written before is read by instructions of which compilers know nothing. */
    __asm__ volatile("" : "+r"(from) : : "memory");
    UNROLLED
    for (p = 0; p < pixels; p++) {
        UNROLLED
        for (o = 0; o < outputs; o++) {
            sum[p][o] = from[o];
        }
        UNROLLED
        for (v = 0; v < pairs; v++) {
            sum[p][2 * v + 1] = sum[p][2 * v + 1] * 256 + sum[p][2 * v];
        }
    }
    loop.step = out * GROUP;
    for (ky = c->rows; ky > 0; ky--) {
        const number *x1 = x + step, *last;
        int w_step;
        loop.end = x + length;
        do {
            int half;
            UNROLLED
            for (half = 0; half < 2; half++) {
                int32_t a[PIXELS], b;
                a[0] = half ? next_word(&x) : word(x, 0);
                if (pixels > 1) {
                    a[1] = half ? next_word(&x1) : word(x1, 0);
                }
                UNROLLED
                for (p = 0; p < pixels; p++) {
                    a[p] = half ? odd(a[p]) : even(a[p]);
                }
                UNROLLED
                for (v = 0; v < pairs; v++) {
                    b = word(w, (2 * v + half) * GROUP);
                    UNROLLED
                    for (p = 0; p < pixels; p++) {
                        ADD_PRODUCTS(sum[p][2 * v + 1], a[p], b);
                    }
                    b = even(b);
                    UNROLLED
                    for (p = 0; p < pixels; p++) {
                        ADD_PRODUCTS(sum[p][2 * v], a[p], b);
                    }
                }
                if (outputs % 2) {
                    b = word(w, 2 * pairs * GROUP);
                    b = half ? odd(b) : even(b);
                    UNROLLED
                    for (p = 0; p < pixels; p++) {
                        ADD_PRODUCTS(sum[p][2 * pairs], a[p], b);
                    }
                }
            }
#ifdef __thumb2__
            __asm__ volatile("ldrd %0, %1, %2" : "=r"(last), "=r"(w_step) : "m"(loop));
#else
            last = loop.end;
            w_step = loop.step;
#endif
            w += w_step;
        } while (x != last);
        x += lines.length - length;
        if (x == end_of_lines) {
            x = lines.first;
        }
    }
    UNROLLED
    for (v = 0; v < pairs; v++) {
        UNROLLED
        for (p = 0; p < pixels; p++) {
            sum[p][2 * v + 1] = (sum[p][2 * v + 1] - sum[p][2 * v]) >> 8;
        }
    }
    y += start;
    /* Not as so many places that were computed long before. */
    __asm__("" : "+r"(y), "+r"(multiplier));
    UNROLLED
    for (p = 0; p < pixels; p++) {
        UNROLLED
        for (o = 0; o < outputs; o++) {
            y[o] = saturated((float)sum[p][o] * multiplier[o], &end);
        }
        y += all;
    }
}

/* Outputs of a row, from `start` on: so many as there are tiles for. */
static int some_tiles(const struct conv *c, struct lines lines, int start, number *y)
{
    const int left = c->out - start;
    if (start < c->paired && c->out_width > 1) {
        return left >= 4   ? tiles(c, lines, start, y, 4, 2)
               : left == 3 ? tiles(c, lines, start, y, 3, 2)
                           : tiles(c, lines, start, y, 2, 2);
    }
    if (start < c->paired) {
        return left >= 4 ? tiles(c, lines, start, y, 4, 1) : tiles(c, lines, start, y, 2, 1);
    }
    return c->out_width > 1 ? tiles(c, lines, start, y, 1, 2) : tiles(c, lines, start, y, 1, 1);
}

/* The next outputs of a row, and how many. Seldom they have other ends than those of 8 bits. */
static int next_tiles(const struct conv *c, struct lines lines, int start, number *y)
{
    const int count = some_tiles(c, lines, start, y), least = c->end.low + c->end.zero, most = c->end.high + c->end.zero;
    int column, o;
    if (least > -128 || most < 127) {
        for (column = 0; column < c->out_width; column++, y += c->parts * c->out) {
            for (o = start; o < start + count; o++) {
                y[o] = (number)(y[o] < least ? least : y[o] > most ? most : y[o]);
            }
        }
    }
    return count;
}
