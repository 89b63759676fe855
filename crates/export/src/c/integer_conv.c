    int row, column, block, ky, t, o;
    for (row = 0; row < OUT_HEIGHT; row++) {
        const int top = row * STRIDE - PADDING;
        const int first_row = top < 0 ? -top : 0;
        const int end_row = top + ROWS > HEIGHT ? HEIGHT - top : ROWS;
        for (block = 0; block < BLOCKS; block++) {
            const int start = block * BLOCK;
            const int count = start + BLOCK > OUT ? OUT - start : BLOCK;
            for (column = 0; column < OUT_WIDTH; column++) {
                const int left = column * STRIDE - PADDING;
                int8_t *to = y + (row * OUT_WIDTH + column) * OUT + start;
                int32_t sum[BLOCK];
                /* The pixels of a window's row lie one after the other, and so do their weights. */
                if (first_row == 0 && end_row == ROWS && left >= 0 && left + COLUMNS <= WIDTH) {
                    /* What the zero point adds to a whole window is in the bias. */
                    for (o = 0; o < BLOCK; o++) {
                        sum[o] = whole_N[start + o];
                    }
                    for (ky = 0; ky < ROWS; ky++) {
                        const int8_t *a = x + ((top + ky) * WIDTH + left) * IN;
                        const int8_t *w = weight_N + ky * COLUMNS * IN * PADDED + start;
                        /* Two products have room in 16 bits: 2 * 128 * 127. */
                        for (t = 0; t + 1 < COLUMNS * IN; t += 2, w += 2 * PADDED) {
                            const int16_t a0 = a[t], a1 = a[t + 1];
                            for (o = 0; o < BLOCK; o++) {
                                const int16_t products = (int16_t)(a0 * w[o] + a1 * w[PADDED + o]);
                                sum[o] += products;
                            }
                        }
                        for (; t < COLUMNS * IN; t++) {
                            const int16_t a0 = a[t];
                            for (o = 0; o < BLOCK; o++) {
                                const int16_t product = (int16_t)(a0 * w[o]);
                                sum[o] += product;
                            }
                        }
                    }
                } else {
                    const int first_column = left < 0 ? -left : 0;
                    const int end_column = left + COLUMNS > WIDTH ? WIDTH - left : COLUMNS;
                    for (o = 0; o < BLOCK; o++) {
                        sum[o] = bias_N[start + o];
                    }
                    for (ky = first_row; ky < end_row; ky++) {
                        const int at = ((top + ky) * WIDTH + left) * IN;
                        const int8_t *w = weight_N + ky * COLUMNS * IN * PADDED + start;
                        for (t = first_column * IN; t < end_column * IN; t++) {
                            const int16_t a0 = (int16_t)(x[at + t] - ZERO);
                            for (o = 0; o < BLOCK; o++) {
                                const int16_t product = (int16_t)(a0 * w[t * PADDED + o]);
                                sum[o] += product;
                            }
                        }
                    }
                }
                for (o = 0; o < count; o++) {
                    to[o] = END((float)sum[o] * multiplier_N[start + o]);
                }
            }
        }
    }
