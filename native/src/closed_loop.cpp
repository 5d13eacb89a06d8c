#include "closed_loop.h"

#include <algorithm>

#include "layout.h"
#include "room.h"

namespace pendula {

namespace {

Problem run_of(Problem problem, Index steps) {
  problem.time = steps;
  return problem;
}

}  // namespace

template <class Real>
ClosedLoop<Real>::ClosedLoop(Scratch& scratch, const Problem& problem, const Parameters<const Real>* parameters,
                             const Frame<Real>& frame, const HeadSlice<Real>& head, const Surroundings& around,
                             State<const Real> start)
    : frame_(frame),
      head_(head),
      around_(around),
      windows_(problem.batch),
      channels_(frame.channels),
      columns_(columns_of(frame)),
      inputs_(problem.input_size),
      input_pitch_(padded<Real>(problem.input_size)),
      stack_(make_unrolled<Real>(scratch, run_of(problem, around.steps), parameters, start)),
      shown_(take<double>(scratch, around.steps * windows_ * columns_)),
      errors_(take<double>(scratch, around.steps * windows_ * channels_)),
      predicted_(take<double>(scratch, windows_ * channels_)),
      due_(take<double>(scratch, around.steps * windows_ * channels_)),
      slopes_(take<double>(scratch, windows_ * channels_)),
      states_(take<Real>(scratch, around.steps * windows_ * head.pitch)),
      features_(take<Real>(scratch, windows_ * inputs_)),
      outputs_(take<Real>(scratch, channels_)),
      state_gradients_(take<Real>(scratch, windows_ * head.pitch)),
      input_gradients_(take<Real>(scratch, windows_ * input_pitch_)) {
  head_.rows = windows_;
  head_.slopes = slopes_;
  head_.state_gradients = state_gradients_;
}

template <class Real>
double ClosedLoop<Real>::forward(const Real* outputs) {
  for (Index w = 0; w < windows_; ++w) predict(0, w, outputs + w * channels_);
  double sum = 0;
  for (Index step = 1; step <= around_.steps; ++step) {
    show(step);
    stack_->step(features_, states(step));
    for (Index w = 0; w < windows_; ++w) {
      learning<Real>().affine(head_.weight, head_.bias, states(step) + w * head_.pitch, channels_, head_.pitch, outputs_);
      predict(step, w, outputs_);
      sum += score(step, w);
    }
  }
  return sum;
}

template <class Real>
void ClosedLoop<Real>::back(double* output_gradients, Index row, State<Real> state_gradient) {
  std::fill_n(due_, around_.steps * windows_ * channels_, 0.0);
  for (Index step = around_.steps; step > 0; --step) {
    back_through_prediction(step);
    head_.states = states(step);
    learning<Real>().head_gradients(head_);
    stack_->back(state_gradients_, input_gradients_);
    back_through_input(step);
  }
  stack_->first_gradient(state_gradient);
  for (Index w = 0; w < windows_; ++w) {
    for (Index c = 0; c < channels_ && !is_forced(w, 1); ++c) {
      output_gradients[w * row + c] += due_[w * channels_ + c] * static_cast<double>(frame_.output_scale[c]);
    }
  }
}

template <class Real>
const double* ClosedLoop<Real>::seen(Index window, Index step) const {
  if (step > 0) return shown(step) + window * columns_;
  return around_.past + (window * depth_of(frame_) - step) * columns_;
}

template <class Real>
bool ClosedLoop<Real>::is_forced(Index window, Index step) const {
  return around_.forced != nullptr && around_.forced[window * around_.steps + step - 1] != 0;
}

// The controls beside a value are those that drive the step after it.
template <class Real>
void ClosedLoop<Real>::show(Index step) {
  for (Index w = 0; w < windows_; ++w) {
    const double* truth = around_.ahead + (w * (around_.steps + 1) + step - 1) * columns_;
    double* values = shown(step) + w * columns_;
    std::copy_n(is_forced(w, step) ? truth : predicted_ + w * channels_, channels_, values);
    std::copy_n(truth + channels_, frame_.controls, values + channels_);
    Real* features = features_ + w * inputs_;
    const double* before = seen(w, step - 1);
    for (Index c = 0; c < channels_; ++c) {
      features[c] = static_cast<Real>(values[c]);
      if (!frame_.increments) continue;
      features[channels_ + c] = static_cast<Real>((values[c] - before[c]) / static_cast<double>(frame_.increment_scale[c]));
    }
    for (Index c = 0; c < frame_.controls; ++c) features[inputs_ - frame_.controls + c] = static_cast<Real>(values[channels_ + c]);
  }
}

// What is added to the head: the newest value and a linear path.
template <class Real>
double ClosedLoop<Real>::known(Index window, Index step, Index channel) const {
  double sum = frame_.residual ? seen(window, step)[channel] : 0.0;
  if (frame_.lags == 0) return sum;
  const double* weight = frame_.linear_weight + channel * frame_.lags * columns_;
  sum += frame_.linear_bias[channel];
  for (Index lag = 0; lag < frame_.lags; ++lag, weight += columns_) {
    const double* x = seen(window, step - lag);
    for (Index c = 0; c < columns_; ++c) sum += weight[c] * x[c];
  }
  return sum;
}

template <class Real>
void ClosedLoop<Real>::predict(Index step, Index window, const Real* outputs) {
  for (Index c = 0; c < channels_; ++c) {
    const double scale = static_cast<double>(frame_.output_scale[c]);
    predicted_[window * channels_ + c] = known(window, step, c) + scale * static_cast<double>(outputs[c]);
  }
}

template <class Real>
double ClosedLoop<Real>::score(Index step, Index window) const {
  const double* truth = around_.ahead + (window * (around_.steps + 1) + step) * columns_;
  double sum = 0;
  for (Index c = 0; c < channels_; ++c) {
    const Index at = window * channels_ + c;
    const double error = (predicted_[at] - truth[c]) / static_cast<double>(frame_.output_scale[c]);
    errors(step)[at] = error;
    sum += error * error;
  }
  return sum;
}

// A step's prediction counts by its error, and as what is shown at the next one.
template <class Real>
void ClosedLoop<Real>::back_through_prediction(Index step) {
  for (Index w = 0; w < windows_; ++w) {
    const bool goes_on = step < around_.steps && !is_forced(w, step + 1);
    for (Index c = 0; c < channels_; ++c) {
      const Index at = w * channels_ + c;
      const double scale = static_cast<double>(frame_.output_scale[c]);
      const double later = goes_on ? due(step + 1)[at] : 0.0;
      slopes_[at] = around_.slope * errors(step)[at] + scale * later;
      back_through_known(w, step, c, slopes_[at] / scale);
    }
  }
}

template <class Real>
void ClosedLoop<Real>::back_through_known(Index window, Index step, Index channel, double gradient) {
  if (frame_.residual) due(step)[window * channels_ + channel] += gradient;
  const double* weight = frame_.linear_weight + channel * frame_.lags * columns_;
  for (Index lag = 0; lag < std::min(frame_.lags, step); ++lag, weight += columns_) {
    for (Index c = 0; c < channels_; ++c) due(step - lag)[window * channels_ + c] += weight[c] * gradient;
  }
}

template <class Real>
void ClosedLoop<Real>::back_through_input(Index step) {
  for (Index w = 0; w < windows_; ++w) {
    const Real* gradient = input_gradients_ + w * input_pitch_;
    for (Index c = 0; c < channels_; ++c) {
      const Index at = w * channels_ + c;
      due(step)[at] += static_cast<double>(gradient[c]);
      if (!frame_.increments) continue;
      const double rate = static_cast<double>(gradient[channels_ + c]) / static_cast<double>(frame_.increment_scale[c]);
      due(step)[at] += rate;
      if (step > 1) due(step - 1)[at] -= rate;
    }
  }
}

template class ClosedLoop<float>;
template class ClosedLoop<double>;

}  // namespace pendula
