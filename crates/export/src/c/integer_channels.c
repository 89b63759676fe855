
/* Sums of CHANNELS beside each other, for so many PLACES at once: one product of each channel is added. */
#if defined(__AVX2__) && !defined(IS_PLAIN)
enum { CHANNELS = 8, PLACES = 4 };
typedef __m256i channels, channel_weights;
#define CHANNEL_SUMS(from) _mm256_loadu_si256((const __m256i *)(const void *)(from))
SPECIALISED __m128i eight(const int8_t *from)
{
    return _mm_loadl_epi64((const __m128i *)(const void *)from);
}
/* The upper halves are zero, so that of two products of 16 bits one is left. */
SPECIALISED __m256i CHANNEL_WEIGHTS(const int8_t *from)
{
    return _mm256_cvtepu16_epi32(_mm_cvtepi8_epi16(eight(from)));
}
#define WITH_CHANNELS(sum, from, w) _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_cvtepi8_epi32(eight(from)), w))
#define store_channels store_whole
#elif defined(__SSE2__) && !defined(IS_PLAIN)
enum { CHANNELS = 8, PLACES = 2 };
typedef struct { __m128i low, high; } channels;
typedef __m128i channel_weights;
SPECIALISED channels CHANNEL_SUMS(const int32_t *from)
{
    channels sum;
    sum.low = _mm_loadu_si128((const __m128i *)(const void *)from);
    sum.high = _mm_loadu_si128((const __m128i *)(const void *)(from + 4));
    return sum;
}
SPECIALISED __m128i CHANNEL_WEIGHTS(const int8_t *from)
{
    const __m128i all = _mm_loadl_epi64((const __m128i *)(const void *)from);
    return _mm_srai_epi16(_mm_unpacklo_epi8(all, all), 8);
}
SPECIALISED channels WITH_CHANNELS(channels sum, const int8_t *from, __m128i w)
{
    const __m128i x = CHANNEL_WEIGHTS(from), low = _mm_mullo_epi16(x, w), high = _mm_mulhi_epi16(x, w);
    sum.low = _mm_add_epi32(sum.low, _mm_unpacklo_epi16(low, high));
    sum.high = _mm_add_epi32(sum.high, _mm_unpackhi_epi16(low, high));
    return sum;
}
SPECIALISED void store_channels(const struct end *end, channels sum, int first, int8_t *to)
{
    store_whole(end, sum.low, first, to);
    store_whole(end, sum.high, first + 4, to + 4);
}
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(IS_PLAIN)
enum { CHANNELS = 8, PLACES = 4 };
typedef int32x4x2_t channels;
typedef int16x8_t channel_weights;
#define CHANNEL_SUMS(from) vld1q_s32_x2(from)
#define CHANNEL_WEIGHTS(from) vmovl_s8(vld1_s8(from))
SPECIALISED channels WITH_CHANNELS(channels sum, const int8_t *from, int16x8_t w)
{
    const int16x8_t x = vmovl_s8(vld1_s8(from));
    sum.val[0] = vmlal_s16(sum.val[0], vget_low_s16(x), vget_low_s16(w));
    sum.val[1] = vmlal_high_s16(sum.val[1], x, w);
    return sum;
}
SPECIALISED void store_channels(const struct end *end, channels sum, int first, int8_t *to)
{
    store_whole(end, sum.val[0], first, to);
    store_whole(end, sum.val[1], first + 4, to + 4);
}
#elif defined(IS_PLAIN) && defined(HAS_VECTORS)
enum { CHANNELS = 8, PLACES = 2 };
typedef __attribute__((vector_size(8))) int16_t four_words;
typedef struct { sums low, high; } channels;
typedef words channel_weights;
SPECIALISED channels CHANNEL_SUMS(const int32_t *from)
{
    channels sum;
    memcpy(&sum, from, sizeof sum);
    return sum;
}
#define CHANNEL_WEIGHTS(from) wide_bytes(from)
SPECIALISED channels WITH_CHANNELS(channels sum, const int8_t *from, words w)
{
    const words products = wide_bytes(from) * w;
    four_words half[2];
    memcpy(half, &products, sizeof half);
    sum.low += __builtin_convertvector(half[0], sums);
    sum.high += __builtin_convertvector(half[1], sums);
    return sum;
}
SPECIALISED void store_channels(const struct end *end, channels sum, int first, int8_t *to)
{
    store_whole(end, sum.low, first, to);
    store_whole(end, sum.high, first + 4, to + 4);
}
#elif defined(IS_IN_ROWS) && __ARM_FEATURE_MVE & 2
enum { CHANNELS = 4, PLACES = 4 };
typedef int32x4_t channels, channel_weights;
#define CHANNEL_SUMS(from) vldrwq_s32(from)
#define CHANNEL_WEIGHTS(from) vldrbq_s32(from)
#define WITH_CHANNELS(sum, from, w) vaddq_s32(sum, vmulq_s32(vldrbq_s32(from), w))
SPECIALISED void store_channels(const struct end *end, channels sum, int first, int8_t *to)
{
    sum = vcvtnq_s32_f32(vmulq_f32(vcvtq_f32_s32(sum), vldrwq_f32(end->multiplier + first)));
    sum = vminq_s32(vmaxq_s32(sum, vdupq_n_s32(end->low)), vdupq_n_s32(end->high));
    vstrbq_s32(to, vaddq_n_s32(sum, end->zero));
}
#else
enum { CHANNELS = 4, PLACES = 1 };
typedef struct { int32_t n[CHANNELS]; } channels;
SPECIALISED channels CHANNEL_SUMS(const int32_t *from)
{
    channels sum;
    memcpy(&sum, from, sizeof sum);
    return sum;
}
#ifdef IS_IN_PAIRS
typedef int32_t channel_weights;
#define CHANNEL_WEIGHTS(from) four(from)
SPECIALISED channels WITH_CHANNELS(channels sum, const int8_t *from, int32_t w)
{
    const int32_t x = four(from), x_even = even(x), w_even = even(w), x_odd = odd(x), w_odd = odd(w);
    sum.n[0] = __smlabb(x_even, w_even, sum.n[0]);
    sum.n[2] = __smlatt(x_even, w_even, sum.n[2]);
    sum.n[1] = __smlabb(x_odd, w_odd, sum.n[1]);
    sum.n[3] = __smlatt(x_odd, w_odd, sum.n[3]);
    return sum;
}
#else
typedef const int8_t *channel_weights;
#define CHANNEL_WEIGHTS(from) (from)
SPECIALISED channels WITH_CHANNELS(channels sum, const int8_t *from, const int8_t *w)
{
    int i;
    UNROLLED
    for (i = 0; i < CHANNELS; i++) {
        sum.n[i] += from[i] * w[i];
    }
    return sum;
}
#endif
SPECIALISED void store_channels(const struct end *end, channels sum, int first, int8_t *to)
{
    int i;
    UNROLLED
    for (i = 0; i < CHANNELS; i++) {
        to[i] = ENDED(end, sum.n[i], first + i);
    }
}
#endif
