// Vectors of the instruction set that the file is compiled for.
#pragma once

#include <cstdint>
#include <cstring>

#include "recurrent.h"

#define PENDULA_INLINE inline __attribute__((always_inline))

namespace pendula {
namespace PENDULA_ISA {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
constexpr int block_rows = 6;  // rows of a product that are summed at once: with four vectors each they fill 32 registers
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
constexpr int block_rows = 3;
#elif defined(__aarch64__)
constexpr int vector_bytes = 16;
constexpr int block_rows = 6;
#else
constexpr int vector_bytes = 16;
constexpr int block_rows = 3;
#endif

template <class Real>
struct Simd;

template <>
struct Simd<float> {
  typedef float Vector __attribute__((vector_size(vector_bytes)));
  typedef std::int32_t Integers __attribute__((vector_size(vector_bytes)));
};

template <>
struct Simd<double> {
  typedef double Vector __attribute__((vector_size(vector_bytes)));
  typedef std::int64_t Integers __attribute__((vector_size(vector_bytes)));
};

template <class Real>
using Vector = typename Simd<Real>::Vector;

template <class Real>
constexpr Index lanes = vector_bytes / static_cast<Index>(sizeof(Real));

template <class Real>
PENDULA_INLINE Vector<Real> load(const Real* from) {
  Vector<Real> value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class Real>
PENDULA_INLINE void store(Real* to, Vector<Real> value) {
  std::memcpy(to, &value, sizeof value);
}

template <class Real>
PENDULA_INLINE Vector<Real> all(Real value) {
  return value - Vector<Real>{};
}

PENDULA_INLINE Index least(Index a, Index b) { return a < b ? a : b; }
PENDULA_INLINE Index most(Index a, Index b) { return a > b ? a : b; }

}  // namespace PENDULA_ISA
}  // namespace pendula
