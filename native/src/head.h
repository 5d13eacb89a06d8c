// The way back through the linear head.
#pragma once

#include "learning.h"
#include "layer.h"

namespace pendula {
namespace PENDULA_ISA {

template <class Real>
PENDULA_INLINE Real sum_of_lanes(Vector<Real> value) {
  Real lane[lanes<Real>];
  store(lane, value);
  for (Index half = lanes<Real> / 2; half > 0; half /= 2) {
    for (Index k = 0; k < half; ++k) lane[k] += lane[k + half];
  }
  return lane[0];
}

// A row's gradient begins with its first output.
template <class Real>
void head_gradients(const HeadSlice<Real>& head) {
  constexpr Index v = lanes<Real>;
  for (Index r = 0; r < head.rows; ++r) {
    const Real* state = head.states + r * head.pitch;
    Real* gradient = head.state_gradients + r * head.pitch;
    for (Index o = 0; o < head.outputs; ++o) {
      const Real* w = head.weight + o * head.pitch;
      const Real slope = static_cast<Real>(head.slopes[r * head.outputs + o]);
      Real* sums = head.weight_sums + o * head.pitch;
      for (Index k = 0; k < head.pitch; k += v) {
        store(sums + k, load(sums + k) + slope * load(state + k));
        store(gradient + k, (o == 0 ? Vector<Real>{} : load(gradient + k)) + slope * load(w + k));
      }
      head.bias_sums[o] += slope;
    }
  }
}

}  // namespace PENDULA_ISA
}  // namespace pendula
