
/* A convolution of each channel alone. Weights lie by the window's rows, by its columns, by channels. */
struct depthwise {
    int height, width, channels;
    int out_height, out_width;
    int rows, columns, stride, padding;
    number border;
    const number *weight;
    const wide *start;
    struct end end;
};
