
/* LANES sums side by side: a vector register of the processor. A convolution sums so many VECTORS of outputs for so many PIXELS at once,
   as many as there are registers for; each weight that is read is used for all pixels. */
typedef float number, wide;
enum { GROUP = 1 };

/* What becomes of sums. */
struct end {
    float low, high;
};

#if !defined(NETWORK_PLAIN) && defined(__ARM_FEATURE_MVE) && __ARM_FEATURE_MVE & 2
#include <arm_mve.h>
enum { LANES = 4, VECTORS = 2, PIXELS = 2 };
typedef float32x4_t lanes, weights;
typedef float inputs;
#define LOAD(from) vldrwq_f32(from)
#define STORE(to, a) vstrwq_f32(to, a)
#define INPUTS(from) (*(from))
#define WITH_PRODUCTS(sum, a, b) vfmaq_n_f32(sum, b, a)
#define WITH_CHANNELS(sum, from, w) vfmaq_f32(sum, LOAD(from), w)
#define BETWEEN(a, low, high) vminnmq_f32(vmaxnmq_f32(a, vdupq_n_f32(low)), vdupq_n_f32(high))
#elif defined(NETWORK_PLAIN) || !(defined(__SSE2__) || defined(__ARM_NEON) && defined(__aarch64__))
#ifdef HAS_VECTORS
enum { LANES = 4, VECTORS = 3, PIXELS = 4 };
typedef VECTOR(float) lanes;
typedef VECTOR(int32_t) masks;
SPECIALISED lanes LOAD(const float *from)
{
    lanes a;
    memcpy(&a, from, sizeof a);
    return a;
}
#define STORE(to, a) memcpy(to, &(a), sizeof(lanes))
SPECIALISED lanes BETWEEN(lanes a, float low, float high)
{
    const lanes least = {low, low, low, low}, most = {high, high, high, high};
    const masks is_low = a < least, is_high = a > most;
    return (lanes)((is_low & (masks)least) | (is_high & (masks)most) | (~(is_low | is_high) & (masks)a));
}
#else
#if defined(__GNUC__) && defined(__ARM_FEATURE_FMA)
enum { LANES = 1, VECTORS = 3, PIXELS = 4 };
#define WITH_PRODUCTS(sum, a, b) __builtin_fmaf(a, b, sum)
#else
enum { LANES = 1, VECTORS = 2, PIXELS = 2 };
#endif
typedef float lanes;
#define LOAD(from) (*(from))
#define STORE(to, a) (*(to) = (a))
#define BETWEEN(a, low, high) ((a) < (low) ? (low) : (a) > (high) ? (high) : (a))
#endif
typedef lanes weights;
typedef float inputs;
#define INPUTS(from) (*(from))
#ifndef WITH_PRODUCTS
#define WITH_PRODUCTS(sum, a, b) ((sum) + (a) * (b))
#endif
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
enum { LANES = 8, VECTORS = 3, PIXELS = 4 };
typedef __m256 lanes, weights, inputs;
#define LOAD(from) _mm256_loadu_ps(from)
#define STORE(to, a) _mm256_storeu_ps(to, a)
#define INPUTS(from) _mm256_broadcast_ss(from)
#define WITH_PRODUCTS(sum, a, b) _mm256_fmadd_ps(a, b, sum)
#define EACH(a) _mm256_set1_ps(a)
#define PLUS(a, b) _mm256_add_ps(a, b)
#define MINUS(a, b) _mm256_sub_ps(a, b)
#define TIMES(a, b) _mm256_mul_ps(a, b)
#define BETWEEN(a, low, high) _mm256_min_ps(_mm256_max_ps(a, EACH(low)), EACH(high))
#define HAS_WINOGRAD
#ifdef __GNUC__
/* In a register, and not read again for each pixel. */
#define HELD(a) __asm__("" : "+x"(a))
#endif
#elif defined(__SSE2__)
#include <emmintrin.h>
enum { LANES = 4, VECTORS = 3, PIXELS = 4 };
typedef __m128 lanes, weights, inputs;
#define LOAD(from) _mm_loadu_ps(from)
#define STORE(to, a) _mm_storeu_ps(to, a)
#define INPUTS(from) _mm_set1_ps(*(from))
#define WITH_PRODUCTS(sum, a, b) _mm_add_ps(_mm_mul_ps(a, b), sum)
#define EACH(a) _mm_set1_ps(a)
#define PLUS(a, b) _mm_add_ps(a, b)
#define MINUS(a, b) _mm_sub_ps(a, b)
#define TIMES(a, b) _mm_mul_ps(a, b)
#define BETWEEN(a, low, high) _mm_min_ps(_mm_max_ps(a, EACH(low)), EACH(high))
#define HAS_WINOGRAD
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
enum { LANES = 4, VECTORS = 3, PIXELS = 4 };
typedef float32x4_t lanes, weights, inputs;
#define LOAD(from) vld1q_f32(from)
#define STORE(to, a) vst1q_f32(to, a)
#define INPUTS(from) vld1q_dup_f32(from)
#define WITH_PRODUCTS(sum, a, b) vfmaq_f32(sum, a, b)
#define EACH(a) vdupq_n_f32(a)
#define PLUS(a, b) vaddq_f32(a, b)
#define MINUS(a, b) vsubq_f32(a, b)
#define TIMES(a, b) vmulq_f32(a, b)
#define BETWEEN(a, low, high) vminq_f32(vmaxq_f32(a, EACH(low)), EACH(high))
#define HAS_WINOGRAD
#endif
#ifndef HELD
#define HELD(a)
#endif
#ifdef NETWORK_SMALL
#undef HAS_WINOGRAD
#endif
#define SUMS(from) LOAD(from)
#define WEIGHTS(from) LOAD(from)

/* What ends the sums of the outputs behind so many. */
SPECIALISED struct end end_behind(struct end end, int outputs)
{
    (void)outputs;
    return end;
}

SPECIALISED void store(const struct end *end, lanes sum, int output, float *to)
{
    (void)output;
    sum = BETWEEN(sum, end->low, end->high);
    STORE(to, sum);
}

/* Sums of channels beside each other, for so many PLACES at once. */
enum { CHANNELS = LANES, PLACES = 4 };
typedef lanes channels, channel_weights;
#define CHANNEL_SUMS(from) LOAD(from)
#define CHANNEL_WEIGHTS(from) LOAD(from)
#ifndef WITH_CHANNELS
#define WITH_CHANNELS(sum, from, w) WITH_PRODUCTS(sum, LOAD(from), w)
#endif
#define ENDED(end, sum, output) ((sum) < (end)->low ? (end)->low : (sum) > (end)->high ? (end)->high : (sum))
#define store_channels store
