    int row, column, c, ky, kx, i;
    for (row = 0; row < OUT_HEIGHT; row++) {
        const int top = row * STRIDE - PADDING;
        const int first_row = top < 0 ? -top : 0;
        const int end_row = top + ROWS > HEIGHT ? HEIGHT - top : ROWS;
        for (column = 0; column < OUT_WIDTH; column++) {
            const int left = column * STRIDE - PADDING;
            const int first_column = left < 0 ? -left : 0;
            const int end_column = left + COLUMNS > WIDTH ? WIDTH - left : COLUMNS;
            for (c = 0; c < GROUPS * OUT; c++) {
                int32_t sum = bias_N[c];
                for (ky = first_row; ky < end_row; ky++) {
                    /* Pixels beside each other lie one after the other, and so do their weights. */
                    const int8_t *from = x + ((top + ky) * WIDTH + left + first_column) * GROUPS * IN + c / OUT * IN;
                    const int8_t *w = weight_N + ((c * ROWS + ky) * COLUMNS + first_column) * IN;
                    for (kx = first_column; kx < end_column; kx++) {
                        for (i = 0; i < IN; i++) {
                            sum += (from[i] - ZERO) * w[i];
                        }
                        from += GROUPS * IN;
                        w += IN;
                    }
                }
                y[(row * OUT_WIDTH + column) * GROUPS * OUT + c] = END((float)sum * multiplier_N[c]);
            }
        }
    }
