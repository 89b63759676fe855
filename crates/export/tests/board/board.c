/* A program on a board without a system: checks a network, then counts what one classification takes. */
#include "network.h"

#include <stdint.h>
#include <stdio.h>

int check(void);
void _start(void);
extern unsigned char stack_top[];

static void reset(void)
{
    /* The floating-point unit is off at first, where there is one. */
    *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
    __asm__ volatile("dsb\n isb");
    _start();
}

static void stopped(void)
{
    printf("stopped by a fault\n");
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))stack_top, reset, stopped, stopped, stopped, stopped, stopped,
};

static volatile uint32_t *const timer = (volatile uint32_t *)0xE000E010;

static void begin(void)
{
    timer[2] = 0;
    while (timer[2] == 0) {
    }
}

/* Since it began. It is down to 0 after 24 bits. */
static uint32_t ticks(void)
{
    return 0xFFFFFF - timer[2];
}

/* Two instructions a turn: how many instructions a tick of the timer is. */
static void turn(uint32_t turns)
{
    __asm__ volatile("1: subs %0, %0, #1\n bne 1b" : "+r"(turns) : : "cc");
}

/* Memory for printf. */
void *_sbrk(int more)
{
    static unsigned char heap[16384];
    static int used;
    used += more;
    return heap + used - more;
}

enum { STACK = 16384 };

int main(void)
{
    static IMAGE image[NETWORK_INPUT];
    float logits[NETWORK_CLASSES];
    volatile unsigned char *deep = (unsigned char *)__builtin_frame_address(0) - 256 - STACK;
    const int failed = check();
    uint32_t known, taken;
    int i;
    timer[1] = 0xFFFFFF;
    timer[0] = 5;
    begin();
    turn(1000000);
    known = ticks();
    for (i = 0; i < STACK; i++) {
        deep[i] = 0xA5;
    }
    begin();
    network_classify(image, logits);
    taken = ticks();
    for (i = 0; i < STACK && deep[i] == 0xA5; i++) {
    }
    printf("%.1f million instructions, %d bytes of stack\n", 2.0 * taken / known, STACK + 256 - i);
    return failed;
}
