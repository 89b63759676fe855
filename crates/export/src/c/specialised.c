
/* A function of which each call has its own copy, with the call's constants; a loop over registers, which have no numbers. */
#ifdef __GNUC__
#define SPECIALISED static inline __attribute__((always_inline, unused))
#define ALIGNED __attribute__((aligned(4)))
#else
#define SPECIALISED static
#define ALIGNED
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define UNROLLED _Pragma("GCC unroll 8")
#else
#define UNROLLED
#endif
