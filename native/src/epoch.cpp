#include "epoch.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "layout.h"
#include "scratch.h"
#include "slices.h"
#include "threads.h"

namespace pendula {

namespace {

template <class T>
T* take(Scratch& scratch, Index count) {
  return static_cast<T*>(scratch.take(static_cast<std::size_t>(count) * sizeof(T)));
}

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

// A thread's slice of a batch: forward, errors, backward. Returns the sum of squared errors.
template <class Real>
class SliceOfStep {
 public:
  SliceOfStep(const Learner<Real>& learner, Index first, Index windows, double slope, Real* gradients)
      : learner_(learner), problem_(learner.problem), gradients_(gradients) {
    problem_.batch = windows;
    problem_.threads = 1;
    problem_.lengths = nullptr;
    pitch_ = padded<Real>(problem_.hidden_size);
    outputs_ = learner.frame.leads * learner.frame.channels;
    scored_ = problem_.time - learner.first_scored;
    inputs_ = take<Real>(scratch_, windows * problem_.time * problem_.input_size);
    targets_ = take<double>(scratch_, windows * scored_ * outputs_);
    reserve_ = take<Real>(scratch_, reserve_size<Real>(problem_));
    parameters_ = layers_in<const Real>(scratch_, learner, static_cast<const Real*>(learner.weights.values));
    parameter_gradients_ = layers_in<Real>(scratch_, learner, gradients);
    cut(first);
    Real* weight = zeros(outputs_ * pitch_);
    copy_rows(learner.frame.head_weight, problem_.hidden_size, weight, pitch_, outputs_);
    head_.pitch = pitch_;
    head_.outputs = outputs_;
    head_.weight = weight;
    head_.bias = learner.frame.head_bias;
    head_.slope = slope;
    head_.weight_sums = zeros(outputs_ * pitch_);
    head_.bias_sums = zeros(outputs_);
  }

  double run() {
    const double sum = scored_ == 1 ? score_last() : score_every();
    write_head_gradients();
    return sum;
  }

 private:
  Real* zeros(Index count) {
    Real* data = take<Real>(scratch_, count);
    std::fill(data, data + count, Real(0));
    return data;
  }

  void cut(Index first) {
    const Plan& plan = learner_.plan;
    Cut cut{learner_.series, plan.starts + first, nullptr,           learner_.noise_scale,
            problem_.batch,  problem_.time,       learner_.first_scored};
    if (plan.noise != nullptr) {
      const Index bytes = learner_.series.bits / 8;
      cut.noise = static_cast<const char*>(plan.noise) + first * problem_.time * learner_.frame.channels * bytes;
    }
    learning<Real>().cut(cut, learner_.frame, inputs_, targets_);
  }

  View<const Real> inputs() const { return {inputs_, problem_.time * problem_.input_size, problem_.input_size, 1}; }

  // Only the state after the last step is scored.
  double score_last() {
    const Index hidden = problem_.hidden_size, windows = problem_.batch;
    const Index below = (problem_.num_layers - 1) * windows * hidden;
    Real* last = take<Real>(scratch_, below + windows * hidden);
    Real* last_gradient = zeros(below + windows * hidden);
    forward<Real>(problem_, parameters_, inputs(), {}, {}, {last, nullptr}, reserve_);
    Real* states = zeros(windows * pitch_);
    copy_rows(last + below, hidden, states, pitch_, windows);
    head_.rows = windows;
    head_.states = states;
    head_.targets = targets_;
    head_.state_gradients = take<Real>(scratch_, windows * pitch_);
    const double sum = learning<Real>().head(head_);
    copy_rows(head_.state_gradients, pitch_, last_gradient + below, hidden, windows);
    backward<Real>(problem_, parameters_, inputs(), {}, reserve_, {}, {last_gradient, nullptr}, {}, parameter_gradients_, {});
    return sum;
  }

  double score_every() {
    const Index time = problem_.time, hidden = problem_.hidden_size;
    Real* states = take<Real>(scratch_, problem_.batch * time * pitch_);
    Real* gradients = take<Real>(scratch_, problem_.batch * time * pitch_);
    for (Index row = 0; row < problem_.batch * time && hidden < pitch_; ++row) {
      std::fill(states + row * pitch_ + hidden, states + (row + 1) * pitch_, Real(0));
    }
    forward<Real>(problem_, parameters_, inputs(), {}, {states, time * pitch_, pitch_, 1}, {}, reserve_);
    head_.rows = scored_;
    double sum = 0;
    for (Index w = 0; w < problem_.batch; ++w) {
      Real* unscored = gradients + w * time * pitch_;
      head_.states = states + (w * time + learner_.first_scored) * pitch_;
      head_.targets = targets_ + w * scored_ * outputs_;
      head_.state_gradients = unscored + learner_.first_scored * pitch_;
      std::fill(unscored, head_.state_gradients, Real(0));
      sum += learning<Real>().head(head_);
    }
    backward<Real>(problem_, parameters_, inputs(), {}, reserve_, {gradients, time * pitch_, pitch_, 1}, {}, {},
                   parameter_gradients_, {});
    return sum;
  }

  void copy_rows(const Real* from, Index from_pitch, Real* to, Index to_pitch, Index rows) const {
    for (Index row = 0; row < rows; ++row) {
      std::copy_n(from + row * from_pitch, problem_.hidden_size, to + row * to_pitch);
    }
  }

  void write_head_gradients() {
    const Index* offsets = learner_.offsets.data() + 5 * problem_.num_layers;
    copy_rows(head_.weight_sums, pitch_, gradients_ + offsets[0], problem_.hidden_size, outputs_);
    std::copy_n(head_.bias_sums, outputs_, gradients_ + offsets[1]);
  }

  const Learner<Real>& learner_;
  Problem problem_;
  Real* gradients_;
  Scratch scratch_;
  Index pitch_, outputs_, scored_;
  Real *inputs_, *reserve_;
  double* targets_;
  const Parameters<const Real>* parameters_;
  const Parameters<Real>* parameter_gradients_;
  HeadSlice<Real> head_;
};

// A loss beyond the range of the series' precision counts as infinite.
double in_precision_of(const Series& series, double loss) {
  const bool fits = series.bits == 64 || !(loss > std::numeric_limits<float>::max());
  return fits ? loss : std::numeric_limits<double>::infinity();
}

// Returns the gradient's norm.
template <class Real>
double descend_once(const Learner<Real>& learner) {
  const Plan& plan = learner.plan;
  const double rate = plan.learning_rates[plan.done];
  const int threads = learner.problem.threads;
  if (plan.momenta == nullptr) {
    return adam_step(learner.adam, learner.weights, rate, plan.taken + plan.done + 1, threads);
  }
  const Nesterov nesterov{learner.adam.weight_decay, learner.adam.clip_norm, plan.momenta[plan.done],
                          plan.momenta[plan.done + 1]};
  return nesterov_step(nesterov, learner.weights, rate, threads);
}

template <class Real>
void take_step(Learner<Real>& learner) {
  const auto began = std::chrono::steady_clock::now();
  Plan& plan = learner.plan;
  Scratch scratch;
  const Index first = plan.done * learner.problem.batch;
  const Index windows = std::min(learner.problem.batch, plan.windows - first);
  const Index scored = learner.problem.time - learner.first_scored;
  const double errors = static_cast<double>(windows * scored * learner.frame.leads * learner.frame.channels);
  Problem batch = learner.problem;
  batch.batch = windows;
  const int count = threads_for(batch);
  const Index size = learner.weights.size;
  Real* others = take<Real>(scratch, (count - 1) * size);
  double* sums = take<double>(scratch, count);
  parallel(count, [&](int index) {
    const Index begin = windows * index / count, end = windows * (index + 1) / count;
    Real* gradients = index == 0 ? learner.weights.gradients : others + (index - 1) * size;
    sums[index] = SliceOfStep<Real>(learner, first + begin, end - begin, 2 / errors, gradients).run();
  });
  // In the order of the slices, so that the sum has the same bits every time.
  for (int index = 1; index < count; ++index) {
    sums[0] += sums[index];
    const Real* more = others + (index - 1) * size;
    for (Index k = 0; k < size; ++k) learner.weights.gradients[k] += more[k];
  }
  plan.losses[plan.done] = in_precision_of(learner.series, sums[0] / errors);
  plan.norms[plan.done] = descend_once(learner);
  ++plan.done;
  plan.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

template <class Real>
bool has_more(const Learner<Real>& learner) {
  const Plan& plan = learner.plan;
  return plan.done < plan.steps && (plan.done == 0 || std::isfinite(plan.losses[plan.done - 1]));
}

}  // namespace

template <class Real>
void descend(Learner<Real>& learner) {
  while (has_more(learner)) take_step(learner);
}

template void descend<float>(Learner<float>&);
template void descend<double>(Learner<double>&);

}  // namespace pendula
