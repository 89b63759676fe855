
/* Sums of one output for one or three pixels, as numbers of the output. */
SPECIALISED void store_pixels(const struct end *end, const int32_t *sum, int output, number *y, int all_outputs, const int pixels)
{
#if __ARM_FEATURE_MVE & 2
    /* The fourth is the first once more. */
    const uint32x4_t places = vmulq_n_u32(viwdupq_n_u32(0, 3, 1), (uint32_t)all_outputs);
    int32x4_t all = vdupq_n_s32(sum[0]);
    if (pixels > 1) {
        all = vsetq_lane_s32(sum[1], all, 1);
        all = vsetq_lane_s32(sum[2], all, 2);
    }
    all = vcvtnq_s32_f32(vmulq_n_f32(vcvtq_f32_s32(all), end->multiplier[output]));
    all = vminq_s32(vmaxq_s32(all, vdupq_n_s32(end->low)), vdupq_n_s32(end->high));
    all = vaddq_n_s32(all, end->zero);
    if (pixels > 1) {
        vstrbq_scatter_offset_s32(y + output, places, all);
    } else {
        y[output] = (number)vgetq_lane_s32(all, 0);
    }
#else
    int p;
    for (p = 0; p < pixels; p++) {
        y[p * all_outputs + output] = rounded((float)sum[p] * end->multiplier[output], end->low, end->high, end->zero);
    }
#endif
}

/* Sums of so many outputs and pixels, with sixteen inputs of a window's row at once, or with the last ones. */
SPECIALISED void tile(const struct conv *c, struct lines lines, int start, number *y, const int outputs, const int pixels)
{
    const struct end end = c->end;
    const int out = c->out, all = c->parts * out, step = c->stride * c->in;
    const unsigned groups = (unsigned)(c->columns * c->in + GROUP - 1) / GROUP, left = groups % 4;
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, GROUP), (uint32_t)out);
    const mve_pred16_t is_left = vctp32q(left);
    const int32_t *w = (const int32_t *)(const void *)c->weight + start;
    const number *x = lines.first + lines.begin;
    const number *const end_of_lines = lines.first + lines.end;
    int32_t sum[VECTORS][PIXELS];
    int p, o, ky;
    UNROLLED
    for (o = 0; o < outputs; o++) {
        UNROLLED
        for (p = 0; p < pixels; p++) {
            sum[o][p] = c->start[start + o];
        }
    }
    for (ky = c->rows; ky > 0; ky--) {
        int8x16_t a[PIXELS];
        const number *at = x;
        unsigned g;
        for (g = groups / 4; g > 0; g--) {
            UNROLLED
            for (p = 0; p < pixels; p++) {
                a[p] = vldrbq_s8(at + p * step);
            }
            UNROLLED
            for (o = 0; o < outputs; o++) {
                const int8x16_t b = vreinterpretq_s8_s32(vldrwq_gather_offset_s32(w + o, places));
                UNROLLED
                for (p = 0; p < pixels; p++) {
                    sum[o][p] = vmladavaq_s8(sum[o][p], a[p], b);
                }
            }
            at += 4 * GROUP;
            w += 4 * out;
        }
        if (left > 0) {
            UNROLLED
            for (p = 0; p < pixels; p++) {
                a[p] = vldrbq_z_s8(at + p * step, is_left);
            }
            UNROLLED
            for (o = 0; o < outputs; o++) {
                const int8x16_t b = vreinterpretq_s8_s32(vldrwq_gather_offset_z_s32(w + o, places, is_left));
                UNROLLED
                for (p = 0; p < pixels; p++) {
                    sum[o][p] = vmladavaq_s8(sum[o][p], a[p], b);
                }
            }
            w += left * (unsigned)out;
        }
        x += lines.length;
        if (x == end_of_lines) {
            x = lines.first;
        }
    }
    UNROLLED
    for (o = 0; o < outputs; o++) {
        store_pixels(&end, sum[o], start + o, y, all, pixels);
    }
}

/* The next outputs of a row, and how many. */
static int next_tiles(const struct conv *c, struct lines lines, int start, number *y)
{
    if (start + VECTORS > c->out) {
        return c->out_width < PIXELS ? tiles(c, lines, start, y, 1, 1) : tiles(c, lines, start, y, 1, PIXELS);
    }
    return c->out_width < PIXELS ? tiles(c, lines, start, y, VECTORS, 1) : tiles(c, lines, start, y, VECTORS, PIXELS);
}
