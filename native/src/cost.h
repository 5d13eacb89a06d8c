// What the numbers that a network says at a row cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "epoch.h"
#include "room.h"

namespace pendula {

// Whether an answer to a row can be scored.
template <class Value>
bool is_known(const Asked& asked, const Value* row, Index column) {
  if (asked.classes) return row[0] >= 0;
  for (Index c = 0; c < asked.outputs; ++c) {
    if (!std::isfinite(static_cast<double>(row[c * column]))) return false;
  }
  return true;
}

// The learner's loss of one row, divided among `answers`.
template <class Real>
class Cost {
 public:
  Cost(Scratch& scratch, const Learner<Real>& learner, double answers)
      : learner_(learner), outputs_(outputs_of(learner)), answers_(answers) {
    if (learner.components == 0) return;
    mixture_.emplace(scratch, learner.frame.channels, learner.components);
    said_ = take<double>(scratch, outputs_);
  }

  // Returns what the row costs; slopes [output]: the gradient of its share of the loss.
  double operator()(const Real* values, const double* target, double* slopes) const {
    if (learner_.asked.data != nullptr && !is_known(learner_.asked, target, 1)) {
      std::fill_n(slopes, outputs_, 0.0);
      return 0;
    }
    if (mixture_) return surprise(values, target, slopes);
    return learner_.asked.classes ? cross_entropy(values, static_cast<Index>(*target), slopes) : squares(values, target, slopes);
  }

 private:
  double squares(const Real* values, const double* target, double* slopes) const {
    double sum = 0;
    for (Index o = 0; o < outputs_; ++o) {
      const double error = static_cast<double>(values[o]) - target[o];
      slopes[o] = 2 / answers_ * error;
      sum += error * error;
    }
    return sum;
  }

  // -w ln p of the class, with p = softmax(values).
  double cross_entropy(const Real* values, Index target, double* slopes) const {
    const double most = static_cast<double>(*std::max_element(values, values + outputs_));
    const double weight = learner_.asked.class_weights == nullptr ? 1 : learner_.asked.class_weights[target];
    double sum = 0;
    for (Index o = 0; o < outputs_; ++o) sum += slopes[o] = std::exp(static_cast<double>(values[o]) - most);
    for (Index o = 0; o < outputs_; ++o) slopes[o] = weight / answers_ * (slopes[o] / sum - (o == target ? 1 : 0));
    return weight * (std::log(sum) + most - static_cast<double>(values[target]));
  }

  // -ln p, per unit of the series' values.
  double surprise(const Real* values, const double* target, double* slopes) const {
    std::copy_n(values, outputs_, said_);
    double sum = (*mixture_)(said_, target, slopes);
    for (Index o = 0; o < outputs_; ++o) slopes[o] /= answers_;
    for (Index c = 0; c < learner_.frame.channels; ++c) sum += std::log(static_cast<double>(learner_.frame.output_scale[c]));
    return sum;
  }

  const Learner<Real>& learner_;
  Index outputs_;
  double answers_;
  std::optional<MixtureLoss> mixture_;
  double* said_ = nullptr;
};

}  // namespace pendula
