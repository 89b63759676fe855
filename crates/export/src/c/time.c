/* Times the network: `time SECONDS` prints nanoseconds of the run in the middle and of the run that 95 in 100 are at most as long
   as, and how many runs there were after a warm-up. */
#define _POSIX_C_SOURCE 199309L
#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LEAST 20
#define MOST 100000

static IMAGE image[NETWORK_INPUT];
static double runs[MOST];

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static int compared(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    const double duration = 1e9 * (argc > 1 ? atof(argv[1]) : 1.0);
    float logits[NETWORK_CLASSES];
    volatile int class;
    double begun;
    int i, n = 0;
    for (i = 0; i < NETWORK_INPUT; i++) {
        image[i] = (IMAGE)(LEVEL);
    }
    begun = now();
    do {
        class = network_classify((const IMAGE *)image, logits);
    } while (now() - begun < 0.25 * duration);
    begun = now();
    while (n < LEAST || (n < MOST && now() - begun < duration)) {
        const double before = now();
        class = network_classify((const IMAGE *)image, logits);
        runs[n++] = now() - before;
    }
    (void)class;
    qsort(runs, (size_t)n, sizeof runs[0], compared);
    printf("%.0f %.0f %d\n", runs[(n - 1) / 2], runs[(95 * n + 99) / 100 - 1], n);
    return 0;
}
