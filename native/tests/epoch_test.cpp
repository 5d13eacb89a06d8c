#include "epoch.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <thread>

#include "cases.h"
#include "check.h"
#include "layout.h"
#include "tests.h"

namespace pendula {
namespace {

struct Setting {
  Cell cell;
  Index channels, leads, lags, hidden, layers, batch, time, first_scored;
  bool increments, residual, noise;
  int threads;
  bool momentum = false;
  Index controls = 0, run = 0;  // steps of a free run after each window
  bool forced = false;
  Index answers = 0;  // numbers asked for at each row; classes where negative
  Index components = 0;  // of a mixture
  Index outputs() const {
    if (components > 0) return MixtureLoss::outputs(channels, components);
    return answers == 0 ? leads * channels : answers < 0 ? -answers : answers;
  }
  Index columns() const { return channels + controls; }
  std::string name() const {
    return "descent: cell " + std::to_string(static_cast<int>(cell)) + ", hidden " + std::to_string(hidden) + ", batch " +
           std::to_string(batch) + ", threads " + std::to_string(threads) + (momentum ? ", momentum" : "") + (run > 0 ? ", run" : "") +
           (answers > 0 ? ", numbers" : answers < 0 ? ", classes" : "") +
           (components > 0 ? ", mixture of " + std::to_string(components) : "");
  }
};

// A learner and all memory that it reads and writes, each piece as long as it has to be and no longer.
template <class Real, class Value>
class Bench {
 public:
  Bench(const Setting& set, unsigned seed, Index windows, double learning_rate) : random_(seed) {
    const Index outputs = set.outputs();
    const Index input = (set.increments ? 2 * set.channels : set.channels) + set.controls;
    const Index steps = (windows + set.batch - 1) / set.batch, rows = set.time + std::max(set.leads, set.run + 1) + 17;
    Index size = 0;
    for (Index layer = 0; layer < set.layers; ++layer) {
      const Index width = gate_count(set.cell) * set.hidden;
      const Index sizes[] = {width * (layer == 0 ? input : set.hidden), width * set.hidden, width, width,
                             set.cell == Cell::leaky ? set.hidden : 0};
      for (const Index one : sizes) {
        learner.offsets.push_back(one == 0 ? -1 : size);
        size += one;
      }
    }
    learner.offsets.push_back(size);
    const Index predicted = set.components > 0 ? set.channels : outputs;
    learner.offsets.push_back(size + predicted * set.hidden);
    size += predicted * (set.hidden + 1);
    learner.offsets.push_back(size);
    learner.offsets.push_back(size + (outputs - predicted) * set.hidden);
    size += (outputs - predicted) * (set.hidden + 1);
    learner.components = set.components;
    weights = draw<Real>(random_, size, 0.4);
    gradients_.assign(static_cast<std::size_t>(size), std::numeric_limits<Real>::quiet_NaN());
    first_.assign(static_cast<std::size_t>(size), 0);
    if (!set.momentum) second_.assign(static_cast<std::size_t>(size), 0);
    series_ = draw<Value>(random_, rows * set.columns(), 1);
    noise_ = draw<Value>(random_, windows * set.time * set.columns(), 1);
    for (Index k = 0; k < windows * set.run; ++k) forced_.push_back(k % 3 == 0);
    output_scale_ = draw<Real>(random_, outputs, 0.1, 0.5);
    increment_scale_ = draw<Real>(random_, set.channels, 0.1, 0.5);
    linear_weight_ = draw<double>(random_, outputs * set.lags * set.columns(), 0.2);
    linear_bias_ = draw<double>(random_, outputs, 0.2);
    rates_.assign(static_cast<std::size_t>(steps), learning_rate);
    momenta_.assign(static_cast<std::size_t>(steps + 1), 0.9);
    losses.assign(static_cast<std::size_t>(steps), std::numeric_limits<double>::quiet_NaN());
    norms.assign(static_cast<std::size_t>(steps), std::numeric_limits<double>::quiet_NaN());
    for (Index w = 0; w < windows; ++w) starts_.push_back((w * 7) % 18);  // the last one ends with the series

    learner.problem = {set.cell, input, set.hidden, set.layers, set.batch, set.time, nullptr, set.threads};
    learner.frame = {set.channels,
                     set.controls,
                     set.leads,
                     set.lags,
                     set.increments,
                     set.residual,
                     weights.data() + learner.offsets[learner.offsets.size() - 4],
                     weights.data() + learner.offsets[learner.offsets.size() - 3],
                     output_scale_.data(),
                     increment_scale_.data(),
                     linear_weight_.data(),
                     linear_bias_.data()};
    learner.weights = {size, weights.data(), gradients_.data(), first_.data(), second_.data()};
    learner.adam = {0.9, 0.999, 1e-8, 0.01, true, 1.0};
    learner.series = {series_.data(), 8 * static_cast<int>(sizeof(Value)), set.columns(), 1};
    if (set.answers > 0) {
      numbers_ = draw<Value>(random_, rows * outputs, 1);
      numbers_[static_cast<std::size_t>(3 * outputs)] = std::numeric_limits<Value>::quiet_NaN();  // a row that is not known
      learner.asked = {numbers_.data(), false, outputs, 1, outputs, nullptr};
    } else if (set.answers < 0) {
      for (Index row = 0; row < rows; ++row) classes_.push_back(row % (outputs + 1) - 1);
      class_weights_ = draw<double>(random_, outputs, 0.5, 1);
      learner.asked = {classes_.data(), true, 1, 0, outputs, class_weights_.data()};
    }
    learner.noise_scale = 0.1;
    learner.first_scored = set.first_scored;
    learner.run = set.run;
    learner.plan = {steps,
                    windows,
                    starts_.data(),
                    rates_.data(),
                    set.momentum ? momenta_.data() : nullptr,
                    set.noise ? noise_.data() : nullptr,
                    set.forced ? forced_.data() : nullptr,
                    losses.data(),
                    norms.data(),
                    0};
  }
  Bench(const Bench&) = delete;

  void run() {
    descend(learner);
  }

  const std::vector<Real>& gradients() const { return gradients_; }

  Learner<Real> learner{};
  std::vector<Real> weights;
  std::vector<double> losses, norms;

 private:
  Random random_;
  std::vector<Real> gradients_, first_, second_, output_scale_, increment_scale_;
  std::vector<Value> series_, noise_;
  std::vector<double> linear_weight_, linear_bias_, rates_, momenta_;
  std::vector<Index> starts_;
  std::vector<unsigned char> forced_;
  std::vector<Value> numbers_;
  std::vector<Index> classes_;
  std::vector<double> class_weights_;
};

// The gradient against differences of the loss. Without a learning rate the weights stay as they are.
void test_gradient(const Setting& set) {
  const auto loss_at = [&](double step) {
    Bench<double, double> bench(set, 1, set.batch, 0);
    Random random(2);
    const std::vector<double> direction = draw<double>(random, bench.learner.weights.size, 1);
    for (std::size_t k = 0; k < direction.size(); ++k) bench.weights[k] += step * direction[k];
    bench.run();
    double slope = 0;
    for (std::size_t k = 0; k < direction.size(); ++k) slope += bench.gradients()[k] * direction[k];
    return std::pair<double, double>(bench.losses[0], slope);
  };
  const double h = 1e-5;
  const double difference = (loss_at(h).first - loss_at(-h).first) / (2 * h), slope = loss_at(0).second;
  check(std::fabs(difference - slope) <= 1e-6 * (1 + std::fabs(slope)), set.name() + ": the gradient is the loss's slope");
}

template <class Real, class Value>
void test_threads_agree(Setting set) {
  set.threads = 1;
  Bench<Real, Value> one(set, 3, 2 * set.batch + 1, 0.01);
  set.threads = 3;
  Bench<Real, Value> several(set, 3, 2 * set.batch + 1, 0.01), again(set, 3, 2 * set.batch + 1, 0.01);
  one.run();
  several.run();
  again.run();
  check(one.learner.plan.done == 3, set.name() + ": all steps are taken");
  // Adam turns a rounding error of a gradient near zero into one of the size of a step.
  check(near(one.losses, several.losses, sizeof(Real) == 4 ? 1e-3 : 1e-9), set.name() + ": losses on several threads");
  check(several.weights == again.weights && several.norms == again.norms, set.name() + ": the same bits again");
}

// Learners on threads of their callers' own.
template <class Real>
void test_side_by_side(Setting set) {
  set.threads = 1;
  std::vector<std::unique_ptr<Bench<Real, double>>> alone, together;
  std::vector<std::thread> callers;
  for (unsigned seed = 0; seed < 4; ++seed) {
    alone.push_back(std::make_unique<Bench<Real, double>>(set, seed, set.batch * 40, 0.01));
    together.push_back(std::make_unique<Bench<Real, double>>(set, seed, set.batch * 40, 0.01));
    alone.back()->run();
    callers.emplace_back(&Bench<Real, double>::run, together.back().get());
  }
  for (std::thread& caller : callers) caller.join();
  for (std::size_t k = 0; k < alone.size(); ++k) {
    check(together[k]->learner.plan.done == 40, set.name() + ": each takes its own steps");
    check(alone[k]->weights == together[k]->weights, set.name() + ": as if it were alone");
  }
}

void test_divergence(Setting set) {
  set.threads = 1;
  Bench<float, float> bench(set, 4, set.batch * 5, 1e30);
  bench.run();
  check(bench.learner.plan.done < 5, set.name() + ": no step after a loss that is not finite");
}

}  // namespace

void test_epoch() {
  const Setting settings[] = {
      {Cell::gru, 1, 1, 0, 5, 1, 4, 6, 5, true, true, false, 1},
      {Cell::lstm, 2, 3, 4, 17, 2, 5, 9, 8, true, false, true, 1},
      {Cell::rnn_tanh, 3, 1, 12, 33, 2, 3, 7, 6, false, true, true, 2},
      {Cell::gru, 2, 2, 3, 16, 2, 6, 11, 2, true, true, true, 3},
      {Cell::leaky, 1, 1, 0, 1, 1, 1, 1, 0, true, true, false, 1},
      {Cell::lstm, 1, 1, 2, 40, 2, 13, 20, 1, true, true, false, 3},
      {Cell::gru, 2, 1, 3, 17, 2, 5, 9, 8, true, true, true, 2, false, 0, 6},
      {Cell::lstm, 1, 1, 12, 9, 1, 7, 8, 2, false, false, true, 1, false, 2, 4, true},
      {Cell::rnn_tanh, 2, 1, 0, 33, 3, 6, 7, 6, true, false, false, 3, false, 1, 1},
      {Cell::leaky, 1, 1, 1, 5, 2, 4, 6, 0, true, true, true, 2, false, 0, 9, true},
      {Cell::gru, 3, 2, 2, 8, 1, 4, 5, 4, true, true, true, 1, false, 3},
      {Cell::lstm, 3, 1, 0, 11, 2, 7, 9, 4, false, false, false, 3, false, 0, 0, false, 2},
      {Cell::gru, 2, 1, 0, 17, 1, 4, 6, 0, false, false, false, 1, false, 0, 0, false, -4},
      {Cell::gru, 1, 1, 0, 9, 1, 5, 6, 5, true, true, true, 2, false, 0, 0, false, 0, 1},
      {Cell::lstm, 3, 1, 2, 17, 2, 4, 6, 2, true, true, false, 1, false, 1, 0, false, 0, 3},
  };
  for (Setting set : settings) {
    test_gradient(set);
    test_threads_agree<float, double>(set);
    test_threads_agree<double, float>(set);
    test_side_by_side<float>(set);
    test_divergence(set);
    set.momentum = true;
    test_threads_agree<float, double>(set);
    test_side_by_side<double>(set);
    test_divergence(set);
  }
}

}  // namespace pendula
