    int row, column, ky, kx, c, i;
    for (row = 0; row < OUT_HEIGHT; row++) {
        const int top = row * STRIDE - PADDING;
        const int first_row = top < 0 ? -top : 0;
        const int end_row = top + ROWS > HEIGHT ? HEIGHT - top : ROWS;
        for (column = 0; column < OUT_WIDTH; column++) {
            const int left = column * STRIDE - PADDING;
            const int first_column = left < 0 ? -left : 0;
            const int end_column = left + COLUMNS > WIDTH ? WIDTH - left : COLUMNS;
            for (c = 0; c < CHANNELS; c += BLOCK) {
                /* The last block begins early enough to be whole. */
                const int start = c + BLOCK > CHANNELS ? CHANNELS - BLOCK : c;
                NUMBER largest[BLOCK];
                for (i = 0; i < BLOCK; i++) {
                    largest[i] = x[((top + first_row) * WIDTH + left + first_column) * CHANNELS + start + i];
                }
                for (ky = first_row; ky < end_row; ky++) {
                    for (kx = first_column; kx < end_column; kx++) {
                        for (i = 0; i < BLOCK; i++) {
                            const NUMBER here = x[((top + ky) * WIDTH + left + kx) * CHANNELS + start + i];
                            largest[i] = here > largest[i] ? here : largest[i];
                        }
                    }
                }
                for (i = 0; i < BLOCK; i++) {
                    y[(row * OUT_WIDTH + column) * CHANNELS + start + i] = largest[i];
                }
            }
        }
    }
