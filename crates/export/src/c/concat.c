    int pixel, c;
    for (pixel = 0; pixel < PIXELS; pixel++) {
        for (c = 0; c < CHANNELS; c++) {
            y[pixel * ALL + START + c] = END;
        }
    }
