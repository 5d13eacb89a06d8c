// A thread's slice of a batch in one step of descent.
#pragma once

#include <algorithm>
#include <optional>

#include "closed_loop.h"
#include "cost.h"
#include "layout.h"
#include "room.h"

namespace pendula {

// The parameters of all layers within a flat vector.
template <class Real, class Vector>
Parameters<Real>* layers_in(Scratch& scratch, const Learner<Vector>& learner, Real* flat) {
  auto* layers = take<Parameters<Real>>(scratch, learner.problem.num_layers);
  auto at = [&](Index which) {
    const Index offset = learner.offsets[static_cast<std::size_t>(which)];
    return offset < 0 ? nullptr : flat + offset;
  };
  for (Index l = 0; l < learner.problem.num_layers; ++l) {
    layers[l] = {at(5 * l), at(5 * l + 1), at(5 * l + 2), at(5 * l + 3), at(5 * l + 4)};
  }
  return layers;
}

// Something about the errors of the predictions in windows, and about those in the free runs after them: how many there
// are, or the sum of their squares.
struct Errors {
  double window = 0, run = 0;
};

// Forward, errors, backward.
template <class Real>
class SliceOfStep {
 public:
  // `counts` are the errors of the whole batch.
  SliceOfStep(const Learner<Real>& learner, Index first, Index windows, const Errors& counts, Real* gradients)
      : learner_(learner),
        problem_(learner.problem),
        counts_(counts),
        gradients_(gradients),
        cost_(scratch_, learner, counts.window) {
    problem_.batch = windows;
    problem_.threads = 1;
    problem_.lengths = nullptr;
    pitch_ = padded<Real>(problem_.hidden_size);
    outputs_ = outputs_of(learner);
    asked_ = targets_of(learner);
    predicted_ = learner.components > 0 ? asked_ : outputs_;
    scored_ = problem_.time - learner.first_scored;
    state_size_ = problem_.num_layers * windows * problem_.hidden_size;
    inputs_ = take<Real>(scratch_, windows * problem_.time * problem_.input_size);
    targets_ = take<double>(scratch_, windows * scored_ * asked_);
    slopes_ = take<double>(scratch_, windows * scored_ * outputs_);
    values_ = take<Real>(scratch_, outputs_);
    reserve_ = take<Real>(scratch_, reserve_size<Real>(problem_));
    parameters_ = layers_in<const Real>(scratch_, learner, static_cast<const Real*>(learner.weights.values));
    parameter_gradients_ = layers_in<Real>(scratch_, learner, gradients);
    last_ = {take<Real>(scratch_, state_size_), take<Real>(scratch_, state_size_)};
    last_gradient_ = {zeros(state_size_), zeros(state_size_)};
    cut(first);
    head_.pitch = pitch_;
    head_.outputs = outputs_;
    take_head();
    head_.weight_sums = zeros(outputs_ * pitch_);
    head_.bias_sums = zeros(outputs_);
  }

  // Returns the sums of squared errors.
  Errors run() {
    const Errors sums = scored_ == 1 ? score_last() : score_every();
    if (loop_) loop_->add_gradients(parameter_gradients_);
    write_head_gradients();
    return sums;
  }

 private:
  Real* zeros(Index count) {
    Real* data = take<Real>(scratch_, count);
    std::fill(data, data + count, Real(0));
    return data;
  }

  // What says the prediction and what says a mixture around it, as one head.
  void take_head() {
    Real *weight = zeros(outputs_ * pitch_), *bias = take<Real>(scratch_, outputs_);
    each_head_part([&](Index first, Index rows, const Index* offset) {
      copy_rows(learner_.weights.values + offset[0], problem_.hidden_size, weight + first * pitch_, pitch_, rows);
      std::copy_n(learner_.weights.values + offset[1], rows, bias + first);
    });
    head_.weight = weight;
    head_.bias = bias;
  }

  // Calls body(first output, outputs, offsets of weight and bias).
  template <class Body>
  void each_head_part(Body&& body) const {
    const Index* offsets = learner_.offsets.data() + 5 * problem_.num_layers;
    body(0, predicted_, offsets);
    if (outputs_ > predicted_) body(predicted_, outputs_ - predicted_, offsets + 2);
  }

  void cut(Index first) {
    const Plan& plan = learner_.plan;
    const Index columns = columns_of(learner_.frame), run = learner_.run, windows = problem_.batch;
    Cut cut{learner_.series,       learner_.asked, plan.starts + first,   nullptr,
            learner_.noise_scale, windows,        problem_.time,         learner_.first_scored,
            run};
    if (plan.noise != nullptr) {
      const Index bytes = learner_.series.bits / 8;
      cut.noise = static_cast<const char*>(plan.noise) + first * problem_.time * columns * bytes;
    }
    double* past = run > 0 ? take<double>(scratch_, windows * depth_of(learner_.frame) * columns) : nullptr;
    double* ahead = run > 0 ? take<double>(scratch_, windows * (run + 1) * columns) : nullptr;
    const unsigned char* forced = plan.forced == nullptr ? nullptr : plan.forced + first * run;
    around_ = {run, past, ahead, forced, run > 0 ? 2 / counts_.run : 0};
    learning<Real>().cut(cut, learner_.frame, inputs_, targets_, past, ahead);
  }

  static State<const Real> as_constant(const State<Real>& state) { return {state.h, state.c}; }
  View<const Real> inputs() const { return {inputs_, problem_.time * problem_.input_size, problem_.input_size, 1}; }

  // Of the last layer.
  Index above() const { return (problem_.num_layers - 1) * problem_.batch * problem_.hidden_size; }

  // Only the state after the last step is scored.
  Errors score_last() {
    const Index hidden = problem_.hidden_size, windows = problem_.batch;
    forward<Real>(problem_, parameters_, inputs(), {}, {}, last_, reserve_);
    Real* states = last_states();
    const double sum = score(states, windows);
    head_.states = states;
    head_.rows = windows;
    head_.slopes = slopes_;
    head_.state_gradients = take<Real>(scratch_, windows * pitch_);
    const Errors sums{sum, run_on(states)};
    learning<Real>().head_gradients(head_);
    for (Index w = 0; w < windows; ++w) {
      for (Index k = 0; k < hidden; ++k) last_gradient_.h[above() + w * hidden + k] += head_.state_gradients[w * pitch_ + k];
    }
    backward<Real>(problem_, parameters_, inputs(), {}, reserve_, {}, as_constant(last_gradient_), {}, parameter_gradients_,
                   {});
    return sums;
  }

  Errors score_every() {
    const Index time = problem_.time, hidden = problem_.hidden_size, rows = problem_.batch * time;
    Real* states = take<Real>(scratch_, rows * pitch_);
    Real* gradients = take<Real>(scratch_, rows * pitch_);
    for (Index row = 0; row < rows && hidden < pitch_; ++row) {
      std::fill(states + row * pitch_ + hidden, states + (row + 1) * pitch_, Real(0));
    }
    forward<Real>(problem_, parameters_, inputs(), {}, {states, time * pitch_, pitch_, 1}, last_, reserve_);
    Errors sums;
    for (Index w = 0; w < problem_.batch; ++w) {
      sums.window += score(states + (w * time + learner_.first_scored) * pitch_, scored_, w * scored_);
    }
    sums.run = run_on(last_states());
    head_.rows = scored_;
    for (Index w = 0; w < problem_.batch; ++w) {
      Real* unscored = gradients + w * time * pitch_;
      head_.states = states + (w * time + learner_.first_scored) * pitch_;
      head_.slopes = slopes_ + w * scored_ * outputs_;
      head_.state_gradients = unscored + learner_.first_scored * pitch_;
      std::fill(unscored, head_.state_gradients, Real(0));
      learning<Real>().head_gradients(head_);
    }
    backward<Real>(problem_, parameters_, inputs(), {}, reserve_, {gradients, time * pitch_, pitch_, 1},
                   as_constant(last_gradient_), {}, parameter_gradients_, {});
    return sums;
  }

  // The last layer's, padded.
  Real* last_states() {
    Real* states = zeros(problem_.batch * pitch_);
    copy_rows(last_.h + above(), problem_.hidden_size, states, pitch_, problem_.batch);
    return states;
  }

  // Turns the head's outputs in scored rows into slopes of the loss. Returns the sum of what they cost.
  double score(const Real* states, Index rows, Index first = 0) {
    double sum = 0;
    for (Index row = 0; row < rows; ++row) {
      learning<Real>().affine(head_.weight, head_.bias, states + row * pitch_, outputs_, pitch_, values_);
      sum += cost_(values_, targets_ + (first + row) * asked_, slopes_ + (first + row) * outputs_);
    }
    return sum;
  }

  // The free run, with its way back to the window's last step. Returns the sum of squared errors.
  double run_on(const Real* states) {
    if (around_.steps == 0) return 0;
    loop_.emplace(scratch_, problem_, parameters_, learner_.frame, head_, around_, as_constant(last_));
    Real* outputs = take<Real>(scratch_, problem_.batch * outputs_);
    for (Index w = 0; w < problem_.batch; ++w) {
      learning<Real>().affine(head_.weight, head_.bias, states + w * pitch_, outputs_, pitch_, outputs + w * outputs_);
    }
    const double sum = loop_->forward(outputs);
    loop_->back(slopes_ + (scored_ - 1) * outputs_, scored_ * outputs_, last_gradient_);
    return sum;
  }

  void copy_rows(const Real* from, Index from_pitch, Real* to, Index to_pitch, Index rows) const {
    for (Index row = 0; row < rows; ++row) {
      std::copy_n(from + row * from_pitch, problem_.hidden_size, to + row * to_pitch);
    }
  }

  void write_head_gradients() {
    each_head_part([&](Index first, Index rows, const Index* offset) {
      copy_rows(head_.weight_sums + first * pitch_, pitch_, gradients_ + offset[0], problem_.hidden_size, rows);
      std::copy_n(head_.bias_sums + first, rows, gradients_ + offset[1]);
    });
  }

  const Learner<Real>& learner_;
  Problem problem_;
  Errors counts_;
  Real* gradients_;
  Scratch scratch_;
  Cost<Real> cost_;
  Index pitch_, outputs_, predicted_, asked_, scored_, state_size_;  // asked_: numbers that say what is asked for at a row
  Real *inputs_, *reserve_, *values_;
  double *targets_, *slopes_;
  const Parameters<const Real>* parameters_;
  const Parameters<Real>* parameter_gradients_;
  State<Real> last_, last_gradient_;
  HeadSlice<Real> head_;
  Surroundings around_;
  std::optional<ClosedLoop<Real>> loop_;
};

}  // namespace pendula
