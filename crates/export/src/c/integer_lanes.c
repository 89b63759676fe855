
/* LANES sums side by side, to each of which GROUP products are added at once. A convolution sums so many VECTORS of outputs for so many
   PIXELS at once, as many as there are registers for. Every form gives the same integers. */
typedef int8_t number;
typedef int32_t wide;
enum { GROUP = 4 };

#if defined(NETWORK_PLAIN) || !(defined(__SSE2__) || defined(__ARM_NEON) && defined(__aarch64__) || defined(__ARM_FEATURE_DSP))
#define IS_PLAIN
#endif

/* What becomes of sums: steps of the output, then between its ends, then from the zero point on. */
struct end {
    const float *multiplier;
    int low, high, zero;
};

#ifndef IS_PLAIN
SPECIALISED int32_t four(const int8_t *from)
{
    int32_t all;
    memcpy(&all, from, sizeof all);
    return all;
}
#endif

#if defined(IS_PLAIN) && defined(HAS_VECTORS)
enum { LANES = 4, VECTORS = 2, PIXELS = 2 };
typedef VECTOR(int32_t) sums;
typedef VECTOR(int16_t) words;
typedef __attribute__((vector_size(8))) int8_t bytes;
/* Products of 16 bits, two of which are added at once: a sum is in two parts beside each other. */
typedef struct { sums low, high; } lanes;
typedef struct { words low, high; } weights;
typedef words inputs;
SPECIALISED words wide_bytes(const int8_t *from)
{
    bytes a;
    memcpy(&a, from, sizeof a);
    return __builtin_convertvector(a, words);
}
SPECIALISED lanes SUMS(const int32_t *from)
{
    const sums low = {from[0], 0, from[1], 0}, high = {from[2], 0, from[3], 0};
    const lanes sum = {low, high};
    return sum;
}
SPECIALISED weights WEIGHTS(const int8_t *from)
{
    const weights b = {wide_bytes(from), wide_bytes(from + 8)};
    return b;
}
SPECIALISED words INPUTS(const int8_t *from)
{
    int8_t twice[8];
    memcpy(twice, from, 4);
    memcpy(twice + 4, from, 4);
    return wide_bytes(twice);
}
SPECIALISED sums pairs_of(words products)
{
    const sums all = (sums)products;
    return (all << 16 >> 16) + (all >> 16);
}
SPECIALISED lanes WITH_PRODUCTS(lanes sum, words a, weights b)
{
    sum.low += pairs_of(a * b.low);
    sum.high += pairs_of(a * b.high);
    return sum;
}
SPECIALISED sums whole(lanes sum)
{
    const sums all = {sum.low[0] + sum.low[1], sum.low[2] + sum.low[3], sum.high[0] + sum.high[1], sum.high[2] + sum.high[3]};
    return all;
}
#define WHOLE(sum) whole(sum)
#elif defined(IS_PLAIN)
enum { LANES = 1, VECTORS = 2, PIXELS = 2 };
typedef int32_t lanes;
typedef const int8_t *weights, *inputs;
#define SUMS(from) (*(from))
#define WEIGHTS(from) (from)
#define INPUTS(from) (from)
#define WITH_PRODUCTS(sum, a, b) ((sum) + a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3])
#elif defined(__AVX512VNNI__) && defined(__AVX512VL__)
#include <immintrin.h>
#define HAS_COLUMNS
enum { LANES = 8, VECTORS = 4, PIXELS = 4 };
typedef __m256i lanes, weights, inputs;
/* Inputs are read with 128 more, as numbers without sign; that is taken off where sums start. */
#define START(sum, weights) ((sum) - 128 * (weights))
#define SUMS(from) _mm256_loadu_si256((const __m256i *)(const void *)(from))
#define WEIGHTS(from) _mm256_loadu_si256((const __m256i *)(const void *)(from))
#define INPUTS(from) _mm256_xor_si256(_mm256_set1_epi32(four(from)), _mm256_set1_epi8(-128))
#ifdef __GNUC__
/* As the compiler's own function, but gcc copies each sum before and after that. */
SPECIALISED __m256i WITH_PRODUCTS(__m256i sum, __m256i a, __m256i b)
{
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b));
    return sum;
}
#define HELD(a) __asm__("" : "+v"(a))
#else
#define WITH_PRODUCTS(sum, a, b) _mm256_dpbusd_epi32(sum, a, b)
#endif
#define WHOLE(sum) (sum)
#elif defined(__AVX2__)
#include <immintrin.h>
enum { LANES = 8, VECTORS = 2, PIXELS = 2 };
/* Products of 16 bits, two of which are added at once: a sum is in two parts beside each other. */
typedef struct { __m256i low, high; } lanes, weights;
typedef __m256i inputs;
SPECIALISED lanes SUMS(const int32_t *from)
{
    lanes sum;
    sum.low = _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)(const void *)from));
    sum.high = _mm256_cvtepu32_epi64(_mm_loadu_si128((const __m128i *)(const void *)(from + 4)));
    return sum;
}
SPECIALISED weights WEIGHTS(const int8_t *from)
{
    weights b;
    b.low = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
    b.high = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(from + 16)));
    return b;
}
#define INPUTS(from) _mm256_cvtepi8_epi16(_mm_set1_epi32(four(from)))
SPECIALISED lanes WITH_PRODUCTS(lanes sum, inputs a, weights b)
{
    sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(a, b.low));
    sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(a, b.high));
    return sum;
}
#define WHOLE(sum) _mm256_permute4x64_epi64(_mm256_hadd_epi32(sum.low, sum.high), 0xD8)
#define HELD(a) __asm__("" : "+x"(a.low), "+x"(a.high))
#elif defined(__SSE2__)
#include <emmintrin.h>
enum { LANES = 4, VECTORS = 2, PIXELS = 2 };
typedef struct { __m128i low, high; } lanes, weights;
typedef __m128i inputs;
SPECIALISED lanes SUMS(const int32_t *from)
{
    const __m128i all = _mm_loadu_si128((const __m128i *)(const void *)from);
    lanes sum;
    sum.low = _mm_unpacklo_epi32(all, _mm_setzero_si128());
    sum.high = _mm_unpackhi_epi32(all, _mm_setzero_si128());
    return sum;
}
SPECIALISED weights WEIGHTS(const int8_t *from)
{
    const __m128i all = _mm_loadu_si128((const __m128i *)(const void *)from);
    weights b;
    b.low = _mm_srai_epi16(_mm_unpacklo_epi8(all, all), 8);
    b.high = _mm_srai_epi16(_mm_unpackhi_epi8(all, all), 8);
    return b;
}
SPECIALISED inputs INPUTS(const int8_t *from)
{
    const __m128i all = _mm_set1_epi32(four(from));
    return _mm_srai_epi16(_mm_unpacklo_epi8(all, all), 8);
}
SPECIALISED lanes WITH_PRODUCTS(lanes sum, inputs a, weights b)
{
    sum.low = _mm_add_epi32(sum.low, _mm_madd_epi16(a, b.low));
    sum.high = _mm_add_epi32(sum.high, _mm_madd_epi16(a, b.high));
    return sum;
}
SPECIALISED __m128i whole(lanes sum)
{
    const __m128 low = _mm_castsi128_ps(sum.low), high = _mm_castsi128_ps(sum.high);
    const __m128i even = _mm_castps_si128(_mm_shuffle_ps(low, high, 0x88));
    return _mm_add_epi32(even, _mm_castps_si128(_mm_shuffle_ps(low, high, 0xDD)));
}
#define WHOLE(sum) whole(sum)
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
enum { LANES = 4, VECTORS = 2, PIXELS = 4 };
#ifdef __ARM_FEATURE_DOTPROD
typedef int32x4_t lanes;
typedef int8x16_t weights, inputs;
#define SUMS(from) vld1q_s32(from)
#define WITH_PRODUCTS(sum, a, b) vdotq_s32(sum, b, a)
#define WHOLE(sum) (sum)
#else
/* Products of 16 bits, two of which are added at once: a sum is in two parts beside each other. */
typedef int32x4x2_t lanes;
typedef int8x16_t weights, inputs;
SPECIALISED lanes SUMS(const int32_t *from)
{
    lanes sum;
    sum.val[0] = vreinterpretq_s32_u64(vmovl_u32(vld1_u32((const uint32_t *)from)));
    sum.val[1] = vreinterpretq_s32_u64(vmovl_u32(vld1_u32((const uint32_t *)from + 2)));
    return sum;
}
SPECIALISED lanes WITH_PRODUCTS(lanes sum, inputs a, weights b)
{
    sum.val[0] = vpadalq_s16(sum.val[0], vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    sum.val[1] = vpadalq_s16(sum.val[1], vmull_s8(vget_low_s8(a), vget_high_s8(b)));
    return sum;
}
#define WHOLE(sum) vpaddq_s32(sum.val[0], sum.val[1])
#endif
#define WEIGHTS(from) vld1q_s8(from)
#define INPUTS(from) vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)(const void *)(from)))
#elif defined(__ARM_FEATURE_MVE) && defined(__OPTIMIZE__)
/* Without optimisation there are not registers enough for its loop. */
#include <arm_mve.h>
#define IS_IN_ROWS
enum { LANES = 1, VECTORS = 2, PIXELS = 3 };
#elif defined(__ARM_FEATURE_DSP)
#include <arm_acle.h>
#define IS_IN_PAIRS
enum { LANES = 1, VECTORS = 4, PIXELS = 2 };
/* A group's even or odd numbers as two numbers of 16 bits. */
SPECIALISED int32_t even(int32_t all)
{
    int32_t pair;
    __asm__ volatile("sxtb16 %0, %1" : "=r"(pair) : "r"(all));
    return pair;
}
SPECIALISED int32_t odd(int32_t all)
{
    int32_t pair;
    __asm__ volatile("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(all));
    return pair;
}
/* Two outputs as one number of 16 bits: multiplied at once, they are taken apart at the end. */
#define HIGH(high, low) ((high) - ((low) < 0))
#define PAIR(a, b, c, d, e, f, g, h) a, HIGH(e, a), c, HIGH(g, c), b, HIGH(f, b), d, HIGH(h, d)
#endif
#ifndef PAIR
#define PAIR(a, b, c, d, e, f, g, h) a, b, c, d, e, f, g, h
#endif
#ifndef HELD
#define HELD(a)
#endif
#ifndef START
#define START(sum, weights) (sum)
#endif

/* What ends the sums of the outputs behind so many. */
SPECIALISED struct end end_behind(struct end end, int outputs)
{
    end.multiplier += outputs;
    return end;
}

#define ENDED(end, sum, output) \
    rounded((float)(sum) * (end)->multiplier[output], (end)->low, (end)->high, (end)->zero)

#if defined(IS_PLAIN) && defined(HAS_VECTORS)
SPECIALISED void store_whole(const struct end *end, sums sum, int output, int8_t *to)
{
    int i;
    UNROLLED
    for (i = 0; i < 4; i++) {
        to[i] = ENDED(end, sum[i], output + i);
    }
}
#elif defined(IS_PLAIN)
SPECIALISED void store(const struct end *end, lanes sum, int output, int8_t *to)
{
    *to = ENDED(end, sum, output);
}
#elif defined(__AVX2__)
SPECIALISED void store_whole(const struct end *end, __m256i sum, int output, int8_t *to)
{
    const __m256 steps = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(end->multiplier + output));
    const __m256 held = _mm256_min_ps(_mm256_max_ps(steps, _mm256_set1_ps((float)end->low)), _mm256_set1_ps((float)end->high));
    const __m256i q = _mm256_add_epi32(_mm256_cvtps_epi32(held), _mm256_set1_epi32(end->zero));
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi16(words, words));
}
#elif defined(__SSE2__)
SPECIALISED void store_whole(const struct end *end, __m128i sum, int output, int8_t *to)
{
    const __m128 steps = _mm_mul_ps(_mm_cvtepi32_ps(sum), _mm_loadu_ps(end->multiplier + output));
    const __m128 held = _mm_min_ps(_mm_max_ps(steps, _mm_set1_ps((float)end->low)), _mm_set1_ps((float)end->high));
    const __m128i q = _mm_add_epi32(_mm_cvtps_epi32(held), _mm_set1_epi32(end->zero));
    const __m128i words = _mm_packs_epi32(q, q);
    const int bytes = _mm_cvtsi128_si32(_mm_packs_epi16(words, words));
    memcpy(to, &bytes, sizeof bytes);
}
#elif defined(__ARM_NEON) && defined(__aarch64__)
SPECIALISED void store_whole(const struct end *end, int32x4_t sum, int output, int8_t *to)
{
    const float32x4_t steps = vmulq_f32(vcvtq_f32_s32(sum), vld1q_f32(end->multiplier + output));
    const float32x4_t held = vminq_f32(vmaxq_f32(steps, vdupq_n_f32((float)end->low)), vdupq_n_f32((float)end->high));
    const int16x4_t q = vmovn_s32(vaddq_s32(vcvtnq_s32_f32(held), vdupq_n_s32(end->zero)));
    const int8x8_t bytes = vmovn_s16(vcombine_s16(q, q));
    vst1_lane_s32((int32_t *)(void *)to, vreinterpret_s32_s8(bytes), 0);
}
#endif
#ifdef WHOLE
SPECIALISED void store(const struct end *end, lanes sum, int output, int8_t *to)
{
    store_whole(end, WHOLE(sum), output, to);
}
#endif
