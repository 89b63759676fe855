    int row, column, c, ky, t;
    for (row = 0; row < OUT_HEIGHT; row++) {
        const int top = row * STRIDE - PADDING;
        const int first_row = top < 0 ? -top : 0;
        const int end_row = top + ROWS > HEIGHT ? HEIGHT - top : ROWS;
        for (column = 0; column < OUT_WIDTH; column++) {
            const int left = column * STRIDE - PADDING;
            int8_t *to = y + (row * OUT_WIDTH + column) * OUT;
            /* The pixels of a window's row lie one after the other, and so do their weights. */
            if (first_row == 0 && end_row == ROWS && left >= 0 && left + COLUMNS <= WIDTH) {
                for (c = 0; c < OUT; c++) {
                    /* What the zero point adds to a whole window is in here. */
                    int32_t sum = whole_N[c];
                    for (ky = 0; ky < ROWS; ky++) {
                        const int8_t *a = x + ((top + ky) * WIDTH + left) * IN;
                        const int8_t *w = weight_N + (c * ROWS + ky) * COLUMNS * IN;
                        for (t = 0; t < COLUMNS * IN; t++) {
                            sum += a[t] * w[t];
                        }
                    }
                    to[c] = END((float)sum * multiplier_N[c]);
                }
            } else {
                const int first_column = left < 0 ? -left : 0;
                const int end_column = left + COLUMNS > WIDTH ? WIDTH - left : COLUMNS;
                for (c = 0; c < OUT; c++) {
                    int32_t sum = bias_N[c];
                    for (ky = first_row; ky < end_row; ky++) {
                        const int at = ((top + ky) * WIDTH + left) * IN;
                        const int8_t *w = weight_N + (c * ROWS + ky) * COLUMNS * IN;
                        for (t = first_column * IN; t < end_column * IN; t++) {
                            sum += (x[at + t] - ZERO) * w[t];
                        }
                    }
                    to[c] = END((float)sum * multiplier_N[c]);
                }
            }
        }
    }
