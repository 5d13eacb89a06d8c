#include <algorithm>
#include <type_traits>

#include "forecaster.h"
#include "learning.h"

namespace pendula {

template <class Weight, class Value>
Forecaster<Weight, Value>::Forecaster(const Problem& problem, const Parameters<const Weight>* parameters,
                                      const Frame<Weight>& frame, const Memory<const Weight, const Value>& first)
    : frame_(frame),
      batch_(problem.batch),
      hidden_size_(problem.hidden_size),
      inputs_(problem.input_size),
      columns_(frame.channels + frame.controls),
      fresh_(first.last == nullptr),
      head_sums_(learning<Weight>().affine),
      linear_sums_(learning<double>().affine),
      stack_(make_stepper<Weight>(problem, parameters, first.hidden)),
      features_(batch_ * inputs_),
      output_(batch_ * hidden_size_),
      head_(frame.leads * frame.channels),
      linear_(frame.lags > 0 ? frame.leads * frame.channels : 0),
      last_(batch_ * frame.channels),
      past_(batch_ * 2 * frame.lags * columns_) {
  const Index lags = frame_.lags;
  if (first.last != nullptr) std::copy_n(first.last, last_.size(), last_.data());
  if (first.past == nullptr || lags == 0) return;
  for (Index row = 0; row < batch_; ++row)
    for (Index lag = 0; lag < lags - 1; ++lag)
      for (Index column = 0; column < columns_; ++column) {
        const double value = first.past[(row * (lags - 1) + lags - 2 - lag) * columns_ + column];
        double* const own = past_.data() + (row * 2 * lags + lag) * columns_ + column;
        own[0] = own[lags * columns_] = value;
      }
}

template <class Weight, class Value>
void Forecaster<Weight, Value>::see(View<const Value> values, View<const Value> controls) {
  using Wide = std::common_type_t<Weight, Value>;
  const Index channels = frame_.channels, beside = inputs_ - frame_.controls;
  if (frame_.lags > 0) newest_ = (newest_ == 0 ? frame_.lags : newest_) - 1;
  for (Index row = 0; row < batch_; ++row) {
    Weight* const shown = features_.data() + row * inputs_;
    Value* const last = last_.data() + row * channels;
    double* const newest = past_.data() + (row * 2 * frame_.lags + newest_) * columns_;
    const auto remember = [&](Index column, Value value) {
      if (frame_.lags > 0) newest[column] = newest[frame_.lags * columns_ + column] = value;
    };
    for (Index channel = 0; channel < channels; ++channel) {
      const Value value = values.data[row * values.batch + channel * values.feature];
      shown[channel] = static_cast<Weight>(value);
      if (frame_.increments) {
        // The increment of the very first value is unknown; it is shown as 0.
        const Value increment = value - (fresh_ ? value : last[channel]);
        const Wide scale = frame_.increment_scale[channel];
        shown[channels + channel] = static_cast<Weight>(static_cast<Wide>(increment) / scale);
      }
      last[channel] = value;
      remember(channel, value);
    }
    for (Index control = 0; control < frame_.controls; ++control) {
      const Value value = controls.data[row * controls.batch + control * controls.feature];
      shown[beside + control] = static_cast<Weight>(value);
      remember(channels + control, value);
    }
  }
  fresh_ = false;
  stack_->step(features_.data(), output_.data());
}

template <class Weight, class Value>
void Forecaster<Weight, Value>::predict(Value* predictions) {
  const Index channels = frame_.channels, outputs = frame_.leads * channels, terms = frame_.lags * columns_;
  for (Index row = 0; row < batch_; ++row) {
    const Value* const last = last_.data() + row * channels;
    Value* const predicted = predictions + row * outputs;
    head_sums_(frame_.head_weight, frame_.head_bias, output_.data() + row * hidden_size_, outputs, hidden_size_,
                head_.data());
    if (terms > 0) {
      const double* const past = past_.data() + (row * 2 * frame_.lags + newest_) * columns_;
      linear_sums_(frame_.linear_weight, frame_.linear_bias, past, outputs, terms, linear_.data());
    }
    for (Index output = 0; output < outputs; ++output) {
      predicted[output] = static_cast<Value>(head_[output] * frame_.output_scale[output]);
      if (terms > 0) predicted[output] += static_cast<Value>(linear_[output]);
      if (frame_.residual) predicted[output] += last[output % channels];
    }
  }
}

template <class Weight, class Value>
void Forecaster<Weight, Value>::memory(const Memory<Weight, Value>& now) const {
  const Index lags = frame_.lags;
  stack_->state(now.hidden);
  if (now.last != nullptr) std::copy_n(last_.data(), last_.size(), now.last);
  if (now.past == nullptr || lags == 0) return;
  for (Index row = 0; row < batch_; ++row)
    for (Index lag = 0; lag < lags - 1; ++lag)
      for (Index column = 0; column < columns_; ++column)
        now.past[(row * (lags - 1) + lags - 2 - lag) * columns_ + column] =
            static_cast<Value>(past_[(row * 2 * lags + newest_ + lag) * columns_ + column]);
}

template class Forecaster<float, float>;
template class Forecaster<float, double>;
template class Forecaster<double, float>;
template class Forecaster<double, double>;

}  // namespace pendula
