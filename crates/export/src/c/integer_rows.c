
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

/* Adds products of a window's row, sixteen inputs at a time and at last fewer, to the sums of two outputs of three pixels. */
SPECIALISED void add_row(int32_t sum[2][3], const int8_t *x, int step, const int8_t *w, int w_step, uint32x4_t one, uint32x4_t other, int n)
{
    const int8_t *x1 = x + step, *x2 = x1 + step;
    __asm__ volatile(
        "dlstp.8 lr, %[n]\n"
        "1:\n\t"
        "vldrw.u32 q3, [%[w], %q[one]]\n\t"
        "vldrb.u8 q0, [%[x]], #16\n\t"
        "vmladava.s8 %[s00], q0, q3\n\t"
        "vldrb.u8 q1, [%[x1]], #16\n\t"
        "vmladava.s8 %[s01], q1, q3\n\t"
        "vldrb.u8 q2, [%[x2]], #16\n\t"
        "vmladava.s8 %[s02], q2, q3\n\t"
        "vldrw.u32 q3, [%[w], %q[other]]\n\t"
        "vmladava.s8 %[s10], q0, q3\n\t"
        "add %[w], %[w], %[w_step]\n\t"
        "vmladava.s8 %[s11], q1, q3\n\t"
        "vmladava.s8 %[s12], q2, q3\n\t"
        "letp lr, 1b"
        : [s00] "+Te"(sum[0][0]), [s01] "+Te"(sum[0][1]), [s02] "+Te"(sum[0][2]), [s10] "+Te"(sum[1][0]),
          [s11] "+Te"(sum[1][1]), [s12] "+Te"(sum[1][2]), [x] "+r"(x), [x1] "+r"(x1), [x2] "+r"(x2), [w] "+r"(w)
        : [w_step] "r"(w_step), [one] "w"(one), [other] "w"(other), [n] "r"(n)
        : "q0", "q1", "q2", "q3", "lr", "memory");
}

/* Two outputs from `start` on, or before, of three pixels, or of one: it is computed three times where they are few. */
SPECIALISED void tile(const struct conv *c, struct lines lines, int start, number *y, const int vectors, const int pixels)
{
    const struct end end = c->end;
    const int out = c->out, all = c->parts * out, step = pixels > 1 ? c->stride * c->in : 0;
    const int n = (c->columns * c->in + GROUP - 1) / GROUP * GROUP;
    const int first = out == 1 ? 0 : start + 2 > out ? out - 2 : start, second = out == 1 ? 0 : first + 1;
    const uint32x4_t one = vmulq_n_u32(vidupq_n_u32(0, GROUP), (uint32_t)out), other = vaddq_n_u32(one, out == 1 ? 0 : GROUP);
    const int8_t *w = c->weight + first * GROUP;
    const number *x = lines.first + lines.begin;
    const number *const end_of_lines = lines.first + lines.end;
    int32_t sum[2][3];
    int p, ky;
    (void)vectors;
    UNROLLED
    for (p = 0; p < 3; p++) {
        sum[0][p] = c->start[first];
        sum[1][p] = c->start[second];
    }
    for (ky = c->rows; ky > 0; ky--) {
        add_row(sum, x, step, w, 4 * GROUP * out, one, other, n);
        w += n * out;
        x += lines.length;
        if (x == end_of_lines) {
            x = lines.first;
        }
    }
    store_pixels(&end, sum[0], first, y, all, pixels);
    store_pixels(&end, sum[1], second, y, all, pixels);
}

static int next_tiles(const struct conv *c, struct lines lines, int start, number *y)
{
    return c->out_width < PIXELS ? tiles(c, lines, start, y, VECTORS, 1) : tiles(c, lines, start, y, VECTORS, PIXELS);
}
