#include "oracle.h"

#include <algorithm>
#include <cmath>

namespace pendula {
namespace {

using Row = std::vector<double>;

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// weight x + bias, by gate and unit.
template <class Real>
Row affine(const std::vector<Real>& weight, const std::vector<Real>& bias, const Row& x, Index rows) {
  Row sums(static_cast<std::size_t>(rows), 0.0);
  for (std::size_t row = 0; row < sums.size(); ++row) {
    if (!bias.empty()) sums[row] = static_cast<double>(bias[row]);
    for (std::size_t k = 0; k < x.size(); ++k) sums[row] += static_cast<double>(weight[row * x.size() + k]) * x[k];
  }
  return sums;
}

// One step of one row in one layer; h and c are replaced.
template <class Real>
void step(const Case& shape, const std::vector<Real>* weights, const Row& x, Row& h, Row& c) {
  const std::size_t n = static_cast<std::size_t>(shape.hidden);
  const Index rows = shape.gates() * shape.hidden;
  const Row a = affine(weights[0], weights[2], x, rows), b = affine(weights[1], weights[3], h, rows);
  for (std::size_t i = 0; i < n; ++i) {
    const auto sum = [&](std::size_t gate) { return a[gate * n + i] + b[gate * n + i]; };
    switch (shape.cell) {
      case Cell::rnn_tanh: h[i] = std::tanh(sum(0)); break;
      case Cell::rnn_relu: h[i] = std::max(0.0, sum(0)); break;
      case Cell::leaky: {
        const double leak = static_cast<double>(weights[4][i]);
        h[i] = (1 - leak) * h[i] + leak * std::tanh(sum(0));
        break;
      }
      case Cell::gru: {
        const double reset = logistic(sum(0)), update = logistic(sum(1));
        h[i] = (1 - update) * std::tanh(a[2 * n + i] + reset * b[2 * n + i]) + update * h[i];
        break;
      }
      case Cell::lstm: {
        c[i] = logistic(sum(1)) * c[i] + logistic(sum(0)) * std::tanh(sum(2));
        h[i] = logistic(sum(3)) * std::tanh(c[i]);
        break;
      }
    }
  }
}

template <class Real>
Row state_at(const std::vector<Real>& states, const Case& shape, Index layer, Index row) {
  if (states.empty()) return Row(static_cast<std::size_t>(shape.hidden), 0.0);
  const auto from = states.begin() + (layer * shape.batch + row) * shape.hidden;
  return Row(from, from + shape.hidden);
}

}  // namespace

template <class Real>
Ends<double> run_oracle(const Trial<Real>& trial) {
  const Case& shape = trial.shape;
  const Strides strides = strides_of(shape, shape.input);
  const std::size_t states = static_cast<std::size_t>(shape.layers * shape.batch * shape.hidden);
  Ends<double> ends = {Row(static_cast<std::size_t>(shape.batch * shape.time * shape.hidden), 0.0), Row(states), Row(states)};
  for (Index row = 0; row < shape.batch; ++row) {
    const Index length = trial.lengths.empty() ? shape.time : trial.lengths[static_cast<std::size_t>(row)];
    std::vector<Row> xs;
    for (Index t = 0; t < length; ++t) {
      xs.emplace_back();
      for (Index k = 0; k < shape.input; ++k) {
        const Index at = row * strides.batch + t * strides.time + k * strides.feature;
        xs.back().push_back(static_cast<double>(trial.point.input[static_cast<std::size_t>(at)]));
      }
    }
    for (Index layer = 0; layer < shape.layers; ++layer) {
      Row h = state_at(trial.point.h, shape, layer, row), c = state_at(trial.point.c, shape, layer, row);
      for (Row& x : xs) {
        step(shape, &trial.point.weights.values[static_cast<std::size_t>(5 * layer)], x, h, c);
        x = h;
      }
      const Index at = (layer * shape.batch + row) * shape.hidden;
      std::copy(h.begin(), h.end(), ends.h.begin() + at);
      std::copy(c.begin(), c.end(), ends.c.begin() + at);
    }
    for (Index t = 0; t < length; ++t) {
      const Row& x = xs[static_cast<std::size_t>(t)];
      std::copy(x.begin(), x.end(), ends.output.begin() + (row * shape.time + t) * shape.hidden);
    }
  }
  return ends;
}

template Ends<double> run_oracle(const Trial<float>&);
template Ends<double> run_oracle(const Trial<double>&);

}  // namespace pendula
