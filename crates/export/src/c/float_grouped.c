    int row, column, group, block, ky, kx, i, o;
    for (row = 0; row < OUT_HEIGHT; row++) {
        const int top = row * STRIDE - PADDING;
        const int first_row = top < 0 ? -top : 0;
        const int end_row = top + ROWS > HEIGHT ? HEIGHT - top : ROWS;
        for (column = 0; column < OUT_WIDTH; column++) {
            const int left = column * STRIDE - PADDING;
            const int first_column = left < 0 ? -left : 0;
            const int end_column = left + COLUMNS > WIDTH ? WIDTH - left : COLUMNS;
            for (group = 0; group < GROUPS; group++) {
                for (block = 0; block < BLOCKS; block++) {
                    /* The last block begins early enough to be whole. */
                    const int start = (block + 1) * BLOCK > OUT ? OUT - BLOCK : block * BLOCK;
                    float *to = y + ((row * OUT_WIDTH + column) * GROUPS + group) * OUT + start;
                    float sum[BLOCK];
                    for (o = 0; o < BLOCK; o++) {
                        sum[o] = bias_N[group * OUT + start + o];
                    }
                    for (ky = first_row; ky < end_row; ky++) {
                        for (kx = first_column; kx < end_column; kx++) {
                            const float *from = x + ((top + ky) * WIDTH + left + kx) * GROUPS * IN + group * IN;
                            const float *w = weight_N + ((group * ROWS + ky) * COLUMNS + kx) * IN * OUT + start;
                            for (i = 0; i < IN; i++) {
                                for (o = 0; o < BLOCK; o++) {
                                    sum[o] += from[i] * w[i * OUT + o];
                                }
                            }
                        }
                    }
                    for (o = 0; o < BLOCK; o++) {
                        to[o] = ACTIVATED(sum[o]);
                    }
                }
            }
        }
    }
