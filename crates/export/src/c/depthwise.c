
/* So many channels from `first` on, of as many pixels as windows that are whole lie beside each other, or of one pixel. */
SPECIALISED void channels_of(const struct depthwise *c, const number *x, int first, int top, int left, number *y, const int pixels)
{
    const number *w = c->weight + first;
    number border[CHANNELS];
    channels sum[PLACES];
    int p, ky, kx;
    for (p = 0; p < CHANNELS; p++) {
        border[p] = c->border;
    }
    UNROLLED
    for (p = 0; p < pixels; p++) {
        sum[p] = CHANNEL_SUMS(c->start + first);
    }
    for (ky = top; ky < top + c->rows; ky++) {
        for (kx = left; kx < left + c->columns; kx++, w += c->channels) {
            const int is_inside = ky >= 0 && ky < c->height && (pixels > 1 || (kx >= 0 && kx < c->width));
            const number *from = is_inside ? x + (ky * c->width + kx) * c->channels + first : border;
            const int step = is_inside ? c->stride * c->channels : 0;
            const channel_weights b = CHANNEL_WEIGHTS(w);
            UNROLLED
            for (p = 0; p < pixels; p++) {
                sum[p] = WITH_CHANNELS(sum[p], from + p * step, b);
            }
        }
    }
    UNROLLED
    for (p = 0; p < pixels; p++) {
        store_channels(&c->end, sum[p], first, y + p * c->channels + first);
    }
}

/* One channel of one pixel: what is left where channels are few, or lie in the place that is written. */
static void channel_of(const struct depthwise *c, const number *x, int channel, int top, int left, number *y)
{
    const number *w = c->weight + channel;
    wide sum = c->start[channel];
    int ky, kx;
    for (ky = top; ky < top + c->rows; ky++) {
        for (kx = left; kx < left + c->columns; kx++, w += c->channels) {
            const int is_inside = ky >= 0 && ky < c->height && kx >= 0 && kx < c->width;
            sum += *w * (is_inside ? x[(ky * c->width + kx) * c->channels + channel] : c->border);
        }
    }
    y[channel] = ENDED(&c->end, sum, channel);
}

SPECIALISED void depthwise_pixels(const struct depthwise *c, const number *x, int top, int left, number *y, const int pixels)
{
    int channel, p;
    for (channel = 0; channel + CHANNELS <= c->channels; channel += CHANNELS) {
        channels_of(c, x, channel, top, left, y, pixels);
    }
    if (channel == c->channels) {
        return;
    }
    if (channel > 0 && c->rows * c->columns > 1) {
        /* Some are computed twice. */
        channels_of(c, x, c->channels - CHANNELS, top, left, y, pixels);
        return;
    }
    for (; channel < c->channels; channel++) {
        for (p = 0; p < pixels; p++) {
            channel_of(c, x, channel, top, left + p * c->stride, y + p * c->channels);
        }
    }
}

static void depthwise(const struct depthwise *c, const number *x, number *y)
{
    int row, column;
#ifdef HAS_COLUMNS
    if (depthwise_by_columns(c, x, y)) {
        return;
    }
#endif
    for (row = 0; row < c->out_height; row++) {
        const int top = row * c->stride - c->padding;
        for (column = 0; column < c->out_width;) {
            const int left = column * c->stride - c->padding, last = left + (PLACES - 1) * c->stride + c->columns;
            if (PLACES > 1 && left >= 0 && last <= c->width && column + PLACES <= c->out_width) {
                depthwise_pixels(c, x, top, left, y, PLACES);
                column += PLACES;
                y += PLACES * c->channels;
            } else {
                depthwise_pixels(c, x, top, left, y, 1);
                column++;
                y += c->channels;
            }
        }
    }
}
