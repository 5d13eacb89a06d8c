#include <algorithm>
#include <type_traits>

#include "forecaster.h"

namespace pendula {
namespace {

// A sum of products in an order that depends on `size` alone: in as many parts as the widest vectors have lanes.
template <class Real>
Real dot(const Real* a, const Real* b, Index size) {
  constexpr Index lanes = 64 / static_cast<Index>(sizeof(Real));
  Real sums[lanes] = {};
  Index start = 0;
  for (; start + lanes <= size; start += lanes)
    for (Index lane = 0; lane < lanes; ++lane) sums[lane] += a[start + lane] * b[start + lane];
  for (Index lane = 0; start + lane < size; ++lane) sums[lane] += a[start + lane] * b[start + lane];
  for (Index half = lanes / 2; half > 0; half /= 2)
    for (Index lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  return sums[0];
}

}  // namespace

template <class Weight, class Value>
Forecaster<Weight, Value>::Forecaster(const Problem& problem, const Parameters<const Weight>* parameters,
                                      const Frame<Weight>& frame, const Memory<const Weight, const Value>& first)
    : frame_(frame),
      batch_(problem.batch),
      hidden_size_(problem.hidden_size),
      inputs_(problem.input_size),
      fresh_(first.last == nullptr),
      stack_(make_stepper<Weight>(problem, parameters, first.hidden)),
      features_(batch_ * inputs_),
      output_(batch_ * hidden_size_),
      last_(batch_ * frame.channels),
      past_(batch_ * 2 * frame.lags * frame.channels) {
  const Index channels = frame_.channels, lags = frame_.lags;
  if (first.last != nullptr) std::copy_n(first.last, last_.size(), last_.data());
  if (first.past == nullptr || lags == 0) return;
  for (Index row = 0; row < batch_; ++row)
    for (Index lag = 0; lag < lags - 1; ++lag)
      for (Index channel = 0; channel < channels; ++channel) {
        const double value = first.past[(row * (lags - 1) + lags - 2 - lag) * channels + channel];
        double* const own = past_.data() + (row * 2 * lags + lag) * channels + channel;
        own[0] = own[lags * channels] = value;
      }
}

template <class Weight, class Value>
void Forecaster<Weight, Value>::see(const Value* values, Index batch_stride, Index channel_stride) {
  using Wide = std::common_type_t<Weight, Value>;
  const Index channels = frame_.channels;
  if (frame_.lags > 0) newest_ = (newest_ == 0 ? frame_.lags : newest_) - 1;
  for (Index row = 0; row < batch_; ++row) {
    Weight* const shown = features_.data() + row * inputs_;
    Value* const last = last_.data() + row * channels;
    double* const newest = past_.data() + (row * 2 * frame_.lags + newest_) * channels;
    for (Index channel = 0; channel < channels; ++channel) {
      const Value value = values[row * batch_stride + channel * channel_stride];
      shown[channel] = static_cast<Weight>(value);
      if (frame_.increments) {
        // The increment of the very first value is unknown; it is shown as 0.
        const Value increment = value - (fresh_ ? value : last[channel]);
        const Wide scale = frame_.increment_scale[channel];
        shown[channels + channel] = static_cast<Weight>(static_cast<Wide>(increment) / scale);
      }
      last[channel] = value;
      if (frame_.lags > 0) newest[channel] = newest[frame_.lags * channels + channel] = value;
    }
  }
  fresh_ = false;
  stack_->step(features_.data(), output_.data());
}

template <class Weight, class Value>
void Forecaster<Weight, Value>::predict(Value* predictions) const {
  const Index channels = frame_.channels, outputs = frame_.leads * channels, terms = frame_.lags * channels;
  for (Index row = 0; row < batch_; ++row) {
    const Weight* const state = output_.data() + row * hidden_size_;
    const double* const past = past_.data() + (row * 2 * frame_.lags + newest_) * channels;
    for (Index output = 0; output < outputs; ++output) {
      const Weight head =
          dot(frame_.head_weight + output * hidden_size_, state, hidden_size_) + frame_.head_bias[output];
      Value prediction = static_cast<Value>(head * frame_.output_scale[output]);
      if (terms > 0)
        prediction += static_cast<Value>(dot(frame_.linear_weight + output * terms, past, terms) +
                                         frame_.linear_bias[output]);
      if (frame_.residual) prediction += last_[row * channels + output % channels];
      predictions[row * outputs + output] = prediction;
    }
  }
}

template <class Weight, class Value>
void Forecaster<Weight, Value>::memory(const Memory<Weight, Value>& now) const {
  const Index channels = frame_.channels, lags = frame_.lags;
  stack_->state(now.hidden);
  if (now.last != nullptr) std::copy_n(last_.data(), last_.size(), now.last);
  if (now.past == nullptr || lags == 0) return;
  for (Index row = 0; row < batch_; ++row)
    for (Index lag = 0; lag < lags - 1; ++lag)
      for (Index channel = 0; channel < channels; ++channel)
        now.past[(row * (lags - 1) + lags - 2 - lag) * channels + channel] =
            static_cast<Value>(past_[(row * 2 * lags + newest_ + lag) * channels + channel]);
}

template class Forecaster<float, float>;
template class Forecaster<float, double>;
template class Forecaster<double, float>;
template class Forecaster<double, double>;

}  // namespace pendula
