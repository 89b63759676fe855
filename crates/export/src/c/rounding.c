
#if FLT_EVAL_METHOD != 0
#error floats must be computed in 32 bits: on 32-bit x86 compile with -msse2 -mfpmath=sse
#endif

/* Steps of an output as the nearest integer, the even one of two, between its ends, and then from the zero point on. */
#if defined(__GNUC__) && defined(__arm__) && defined(__ARM_FP) && !defined(NETWORK_PLAIN)
SPECIALISED int8_t rounded(float steps, int low, int high, int zero)
{
    union { float number; int32_t bits; } nearest;
    __asm__("vcvtr.s32.f32 %0, %1" : "=t"(nearest.number) : "t"(steps));
    nearest.bits = nearest.bits < low ? low : nearest.bits > high ? high : nearest.bits;
    return (int8_t)(nearest.bits + zero);
}
#else
/* Of a float below 2^22 that happens when 1.5 * 2^23 is added. */
SPECIALISED int8_t rounded(float steps, int low, int high, int zero)
{
    union { float number; int32_t bits; } sum;
    steps = steps < (float)low ? (float)low : steps;
    steps = steps > (float)high ? (float)high : steps;
    sum.number = steps + 12582912.0f;
    return (int8_t)(sum.bits - 0x4B400000 + zero);
}
#endif

/* A number of which so many bits are cut off, rounded in the same way. */
SPECIALISED int8_t cut(int32_t number, int bits, int low, int high, int zero)
{
    if (bits > 0) {
        number = (number + (1 << bits >> 1) - 1 + (number >> bits & 1)) >> bits;
    }
    number = (number < low ? low : number > high ? high : number) + zero;
    return (int8_t)number;
}
