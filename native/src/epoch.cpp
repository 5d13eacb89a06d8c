#include "epoch.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "room.h"
#include "slice_of_step.h"
#include "slices.h"
#include "threads.h"

namespace pendula {

namespace {

// A loss beyond the range of the series' precision counts as infinite.
double in_precision_of(const Series& series, double loss) {
  const bool fits = series.bits == 64 || !(loss > std::numeric_limits<float>::max());
  return fits ? loss : std::numeric_limits<double>::infinity();
}

// What is unknown is not scored.
template <class Value>
double answers_in(const Asked& asked, const Index* starts, Index windows, Index first_scored, Index time) {
  Index known = 0;
  for (Index w = 0; w < windows; ++w) {
    const Value* row = static_cast<const Value*>(asked.data) + (starts[w] + first_scored) * asked.row;
    for (Index t = first_scored; t < time; ++t, row += asked.row) known += is_known(asked, row, asked.column);
  }
  return static_cast<double>(std::max<Index>(1, known * asked.columns()));
}

template <class Real>
Errors errors_in(const Learner<Real>& learner, Index first, Index windows) {
  // A likelihood is one of all channels.
  const Index outputs = learner.components > 0 ? 1 : outputs_of(learner);
  const Index time = learner.problem.time, scored = time - learner.first_scored;
  const Errors all{static_cast<double>(windows * scored * outputs), static_cast<double>(windows * learner.run * outputs)};
  if (learner.asked.data == nullptr) return all;
  const auto answers = [&](auto value) {
    return answers_in<decltype(value)>(learner.asked, learner.plan.starts + first, windows, learner.first_scored, time);
  };
  return {learner.asked.classes ? answers(Index{}) : learner.series.bits == 32 ? answers(float{}) : answers(double{})};
}

double mean_of(const Errors& sums, const Errors& counts) {
  return sums.window / counts.window + (counts.run > 0 ? sums.run / counts.run : 0);
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
  const Errors errors = errors_in(learner, first, windows);
  Problem batch = learner.problem;
  batch.batch = windows;
  const int count = threads_for(batch);
  const Index size = learner.weights.size;
  Real* others = take<Real>(scratch, (count - 1) * size);
  Errors* sums = take<Errors>(scratch, count);
  parallel(count, [&](int index) {
    const Index begin = windows * index / count, end = windows * (index + 1) / count;
    Real* gradients = index == 0 ? learner.weights.gradients : others + (index - 1) * size;
    sums[index] = SliceOfStep<Real>(learner, first + begin, end - begin, errors, gradients).run();
  });
  // In the order of the slices, so that the sum has the same bits every time.
  for (int index = 1; index < count; ++index) {
    sums[0].window += sums[index].window;
    sums[0].run += sums[index].run;
    const Real* more = others + (index - 1) * size;
    for (Index k = 0; k < size; ++k) learner.weights.gradients[k] += more[k];
  }
  plan.losses[plan.done] = in_precision_of(learner.series, mean_of(sums[0], errors));
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
