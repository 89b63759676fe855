
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
/* Where compilers know what a processor has for vectors of 16 bytes. */
#if (defined(__clang__) || defined(__GNUC__) && __GNUC__ >= 9) && (UINTPTR_MAX > 0xFFFFFFFF || defined(__wasm_simd128__))
#define HAS_VECTORS
#define VECTOR(of) __attribute__((vector_size(16))) of
#endif
