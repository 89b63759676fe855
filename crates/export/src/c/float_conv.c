    int row, column, block, ky, t, o;
    for (row = 0; row < OUT_HEIGHT; row++) {
        const int top = row * STRIDE - PADDING;
        const int first_row = top < 0 ? -top : 0;
        const int end_row = top + ROWS > HEIGHT ? HEIGHT - top : ROWS;
        for (block = 0; block < BLOCKS; block++) {
            const int start = block * BLOCK;
            const int count = start + BLOCK > OUT ? OUT - start : BLOCK;
            for (column = 0; column < OUT_WIDTH;) {
                const int left = column * STRIDE - PADDING;
                float *to = y + (row * OUT_WIDTH + column) * OUT + start;
                float sum[2][BLOCK];
                for (o = 0; o < BLOCK; o++) {
                    sum[0][o] = sum[1][o] = bias_N[start + o];
                }
                /* The pixels of a window's row lie one after the other, and so do their weights. */
                if (left >= 0 && left + STRIDE + COLUMNS <= WIDTH && column + 1 < OUT_WIDTH) {
                    /* Two pixels at once, so that each weight is read once for both, four products at a time. */
                    for (ky = first_row; ky < end_row; ky++) {
                        const float *a = x + ((top + ky) * WIDTH + left) * IN, *b = a + STRIDE * IN;
                        const float *w = weight_N + ky * COLUMNS * IN * PADDED + start;
                        for (t = 0; t + 3 < COLUMNS * IN; t += 4, w += 4 * PADDED) {
                            const float a0 = a[t], a1 = a[t + 1], a2 = a[t + 2], a3 = a[t + 3];
                            const float b0 = b[t], b1 = b[t + 1], b2 = b[t + 2], b3 = b[t + 3];
                            for (o = 0; o < BLOCK; o++) {
                                const float w0 = w[o], w1 = w[PADDED + o];
                                const float w2 = w[2 * PADDED + o], w3 = w[3 * PADDED + o];
                                sum[0][o] += a0 * w0 + a1 * w1 + (a2 * w2 + a3 * w3);
                                sum[1][o] += b0 * w0 + b1 * w1 + (b2 * w2 + b3 * w3);
                            }
                        }
                        for (; t < COLUMNS * IN; t++, w += PADDED) {
                            for (o = 0; o < BLOCK; o++) {
                                sum[0][o] += a[t] * w[o];
                                sum[1][o] += b[t] * w[o];
                            }
                        }
                    }
                    for (o = 0; o < count; o++) {
                        to[OUT + o] = ACTIVATED(sum[1][o]);
                    }
                } else {
                    const int first_column = left < 0 ? -left : 0;
                    const int end_column = left + COLUMNS > WIDTH ? WIDTH - left : COLUMNS;
                    for (ky = first_row; ky < end_row; ky++) {
                        const int at = ((top + ky) * WIDTH + left) * IN;
                        const float *w = weight_N + ky * COLUMNS * IN * PADDED + start;
                        for (t = first_column * IN; t < end_column * IN; t++) {
                            for (o = 0; o < BLOCK; o++) {
                                sum[0][o] += x[at + t] * w[t * PADDED + o];
                            }
                        }
                    }
                }
                for (o = 0; o < count; o++) {
                    to[o] = ACTIVATED(sum[0][o]);
                }
                column += left >= 0 && left + STRIDE + COLUMNS <= WIDTH && column + 1 < OUT_WIDTH ? 2 : 1;
            }
        }
    }
