// What learning needs around the passes, for one instruction set: see kernels.cpp.
#include "learning.h"

#include "affine.h"
#include "cut.h"
#include "head.h"

namespace pendula {
namespace PENDULA_ISA {
namespace {

float root(float value) { return __builtin_sqrtf(value); }
double root(double value) { return __builtin_sqrt(value); }

template <class Real>
double sum_of_squares(const Real* values, Index size) {
  constexpr Index width = 32;
  double sums[width] = {};
  Index k = 0;
  for (; k + width <= size; k += width) {
    for (Index lane = 0; lane < width; ++lane) {
      const double value = static_cast<double>(values[k + lane]);
      sums[lane] += value * value;
    }
  }
  for (Index lane = 0; k + lane < size; ++lane) {
    const double value = static_cast<double>(values[k + lane]);
    sums[lane] += value * value;
  }
  for (Index half = width / 2; half > 0; half /= 2) {
    for (Index lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

template <class Real>
void update(const Update& by, Index size, Real* __restrict values, const Real* __restrict gradients,
            Real* __restrict first, Real* __restrict second) {
  const Real shorten = static_cast<Real>(by.shorten), decay = static_cast<Real>(by.decay);
  const Real shrink = static_cast<Real>(by.shrink), rate = static_cast<Real>(by.rate);
  const Real keep = static_cast<Real>(by.keep_second), take = static_cast<Real>(1 - by.keep_second);
  const Real take_first = static_cast<Real>(1 - by.keep_first);
  const Real correction = static_cast<Real>(by.second_correction), epsilon = static_cast<Real>(by.epsilon);
  for (Index k = 0; k < size; ++k) {
    const Real gradient = gradients[k] * shorten + values[k] * decay;
    const Real value = values[k] - values[k] * shrink;
    first[k] += (gradient - first[k]) * take_first;
    second[k] = second[k] * keep + gradient * gradient * take;
    values[k] = value - rate * first[k] / (root(second[k]) * correction + epsilon);
  }
}

// v ← μ v − ε g, and from θ + μ v to the next step's θ + μ v.
template <class Real>
void glide(const Glide& by, Index size, Real* __restrict values, const Real* __restrict gradients,
           Real* __restrict velocity) {
  const Real shorten = static_cast<Real>(by.shorten), decay = static_cast<Real>(by.decay);
  const Real momentum = static_cast<Real>(by.momentum), next = static_cast<Real>(by.next_momentum);
  const Real rate = static_cast<Real>(by.rate);
  for (Index k = 0; k < size; ++k) {
    const Real fall = (gradients[k] * shorten + values[k] * decay) * rate;
    velocity[k] = velocity[k] * momentum - fall;
    values[k] += velocity[k] * next - fall;
  }
}

template <class Real>
constexpr Learning<Real> functions = {cut<Real>,    head_gradients<Real>, sum_of_squares<Real>,
                                      update<Real>, glide<Real>,          affine<Real>};

}  // namespace

extern const LearningTable learning_table;
const LearningTable learning_table = {&functions<float>, &functions<double>};

}  // namespace PENDULA_ISA
}  // namespace pendula
