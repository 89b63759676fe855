
#ifdef HAS_COLUMNS
/* Windows of 3x3 by their columns: the three numbers of a column and a zero lie beside each other, channel by channel, and one operation
   multiplies and adds them. Of a vector's 32 channels four sums are made: of the channels 0 to 3 and 16 to 19, and so on, as interleaving
   leaves them. A column serves all windows that it is in. */
enum { WIDE = 32, PARTS = 4, BESIDE = 4 };

SPECIALISED __m256i wide_from(const int8_t *from)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

/* Four numbers from here, and four from 16 further on. */
SPECIALISED __m256i part_of(const void *from, int part)
{
    const int32_t *low = (const int32_t *)from + 4 * part;
    const __m128i first = _mm_loadu_si128((const __m128i *)(const void *)low);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(first), _mm_loadu_si128((const __m128i *)(const void *)(low + 16)), 1);
}

SPECIALISED void interleave(__m256i a, __m256i b, __m256i c, __m256i *to)
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i low = _mm256_unpacklo_epi8(a, b), high = _mm256_unpackhi_epi8(a, b);
    const __m256i low_rest = _mm256_unpacklo_epi8(c, zero), high_rest = _mm256_unpackhi_epi8(c, zero);
    to[0] = _mm256_unpacklo_epi16(low, low_rest);
    to[1] = _mm256_unpackhi_epi16(low, low_rest);
    to[2] = _mm256_unpacklo_epi16(high, high_rest);
    to[3] = _mm256_unpackhi_epi16(high, high_rest);
}

/* Sums as outputs of 32 channels. */
SPECIALISED void store_wide(const struct end *end, const __m256i *sum, const __m256i *multiplier, int8_t *to)
{
    const __m256 low = _mm256_set1_ps((float)end->low), high = _mm256_set1_ps((float)end->high);
    const __m256i zero = _mm256_set1_epi16((int16_t)end->zero);
    __m256i q[PARTS], words[2];
    int part;
    UNROLLED
    for (part = 0; part < PARTS; part++) {
        const __m256 steps = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[part]), _mm256_castsi256_ps(multiplier[part]));
        q[part] = _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(steps, low), high));
    }
    words[0] = _mm256_add_epi16(_mm256_packs_epi32(q[0], q[1]), zero);
    words[1] = _mm256_add_epi16(_mm256_packs_epi32(q[2], q[3]), zero);
    _mm256_storeu_si256((__m256i *)(void *)to, _mm256_packs_epi16(words[0], words[1]));
}

/* 32 channels, from `channel` on, of all windows. */
SPECIALISED void wide_channels(const struct depthwise *c, const int8_t *x, int channel, int8_t *y, const int stride)
{
    const __m256i sign = _mm256_set1_epi8(-128);
    __m256i w[3][PARTS], start[PARTS], multiplier[PARTS];
    int8_t border[WIDE];
    int row, column, i, part;
    memset(border, c->border, WIDE);
    UNROLLED
    for (i = 0; i < 3; i++) {
        const int8_t *from = c->weight + i * c->channels + channel;
        const int line = 3 * c->channels;
        interleave(wide_from(from), wide_from(from + line), wide_from(from + 2 * line), w[i]);
    }
    UNROLLED
    for (part = 0; part < PARTS; part++) {
        /* Inputs are read with 128 more, as numbers without sign; that is taken off here. */
        __m256i more = _mm256_setzero_si256();
        UNROLLED
        for (i = 0; i < 3; i++) {
            more = WITH_PRODUCTS(more, sign, w[i][part]);
        }
        start[part] = _mm256_sub_epi32(part_of(c->start + channel, part), more);
        multiplier[part] = part_of(c->end.multiplier + channel, part);
    }
    for (row = 0; row < c->out_height; row++) {
        const int top = row * stride - c->padding;
        for (column = 0; column < c->out_width; column += BESIDE) {
            /* The last windows may be some of those before. */
            const int at = column + BESIDE > c->out_width ? c->out_width - BESIDE : column, left = at * stride - c->padding;
            __m256i sum[BESIDE][PARTS];
            int window;
            UNROLLED
            for (window = 0; window < BESIDE; window++) {
                UNROLLED
                for (part = 0; part < PARTS; part++) {
                    sum[window][part] = start[part];
                }
            }
            UNROLLED
            for (i = 0; i < (BESIDE - 1) * stride + 3; i++) {
                const int is_column = left + i >= 0 && left + i < c->width;
                const int8_t *from = x + (top * c->width + left + i) * c->channels + channel;
                __m256i lines[3], found[PARTS];
                int line;
                UNROLLED
                for (line = 0; line < 3; line++) {
                    const int is_inside = is_column && top + line >= 0 && top + line < c->height;
                    const int8_t *numbers = is_inside ? from + line * c->width * c->channels : border;
                    lines[line] = _mm256_xor_si256(wide_from(numbers), sign);
                }
                interleave(lines[0], lines[1], lines[2], found);
                UNROLLED
                for (window = 0; window < BESIDE; window++) {
                    const int of_window = i - window * stride;
                    if (of_window >= 0 && of_window < 3) {
                        UNROLLED
                        for (part = 0; part < PARTS; part++) {
                            sum[window][part] = WITH_PRODUCTS(sum[window][part], found[part], w[of_window][part]);
                        }
                    }
                }
            }
            UNROLLED
            for (window = 0; window < BESIDE; window++) {
                int8_t *to = y + (row * c->out_width + at + window) * c->channels + channel;
                store_wide(&c->end, sum[window], multiplier, to);
            }
        }
    }
}

/* Whether the convolution was computed by columns. */
static int depthwise_by_columns(const struct depthwise *c, const int8_t *x, int8_t *y)
{
    int channel;
    if (c->rows != 3 || c->columns != 3 || c->stride > 2 || c->channels < WIDE || c->out_width < BESIDE) {
        return 0;
    }
    for (channel = 0; channel < c->channels; channel += WIDE) {
        /* The last channels may be some of those before. */
        const int at = channel + WIDE > c->channels ? c->channels - WIDE : channel;
        if (c->stride == 1) {
            wide_channels(c, x, at, y, 1);
        } else {
            wide_channels(c, x, at, y, 2);
        }
    }
    return 1;
}
#endif
