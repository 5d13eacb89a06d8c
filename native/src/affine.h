// A few sums of products: b + W x.
#pragma once

#include "head.h"

namespace pendula {
namespace PENDULA_ISA {

// The last elements of a row, padded with zeros.
template <class Real>
PENDULA_INLINE Vector<Real> load_part(const Real* from, Index count) {
  Real part[lanes<Real>] = {};
  std::memcpy(part, from, static_cast<std::size_t>(count) * sizeof(Real));
  return load(part);
}

// The order of a sum depends on `size` alone.
template <class Real>
void affine(const Real* weight, const Real* bias, const Real* x, Index outputs, Index size, Real* results) {
  constexpr Index v = lanes<Real>;
  for (Index output = 0; output < outputs; ++output, weight += size) {
    Vector<Real> sums[4] = {};
    Index k = 0;
    for (; k + 4 * v <= size; k += 4 * v) {
#pragma GCC unroll 4
      for (Index j = 0; j < 4; ++j) sums[j] += load(weight + k + j * v) * load(x + k + j * v);
    }
    for (; k + v <= size; k += v) sums[0] += load(weight + k) * load(x + k);
    if (k < size) sums[1] += load_part(weight + k, size - k) * load_part(x + k, size - k);
    results[output] = bias[output] + sum_of_lanes<Real>((sums[0] + sums[1]) + (sums[2] + sums[3]));
  }
}

}  // namespace PENDULA_ISA
}  // namespace pendula
