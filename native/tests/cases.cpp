#include "cases.h"

#include <cmath>

namespace pendula {

std::string Case::name() const {
  static const char* const cells[] = {"tanh", "relu", "lstm", "gru", "leaky"};
  std::string text = cells[static_cast<int>(cell)];
  for (const Index number : {input, hidden, layers, batch, time}) text += " " + std::to_string(number);
  return text + " seed " + std::to_string(seed);
}

Index Case::gates() const { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

Index Case::size(Index layer, int parameter) const {
  switch (parameter) {
    case 0: return gates() * hidden * width(layer);
    case 1: return gates() * hidden * hidden;
    case 4: return cell == Cell::leaky ? hidden : 0;
    default: return form.biases ? gates() * hidden : 0;
  }
}

Form whole() {
  return {true, false, false, false, true, true, true, true, true, true, true, true, true, true, true};
}

namespace {

Form draw_form(Random& random) {
  std::bernoulli_distribution half(0.5), mostly(0.75);
  Form form = {};
  for (bool* one : {&form.lengths, &form.time_major, &form.apart}) *one = half(random);
  for (bool* one : {&form.biases, &form.first_h, &form.first_c, &form.output, &form.last_h, &form.last_c,
                    &form.input_gradient, &form.parameter_gradients, &form.first_gradient, &form.input_tangent,
                    &form.parameter_tangents, &form.first_tangent}) {
    *one = mostly(random);
  }
  return form;
}

constexpr Cell cells[] = {Cell::rnn_tanh, Cell::rnn_relu, Cell::lstm, Cell::gru, Cell::leaky};

}  // namespace

std::vector<Case> all_cases(int random_ones) {
  struct Sizes {
    Index input, hidden, layers, batch, time;
  };
  // The last four are large enough for several threads; in one of them there are fewer rows than threads.
  constexpr Sizes edges[] = {{1, 1, 1, 1, 1},   {3, 5, 2, 0, 4},    {3, 5, 2, 4, 0},   {2, 17, 1, 1, 9}, {1, 513, 1, 2, 2},
                             {19, 33, 2, 9, 15}, {5, 64, 1, 8, 16}, {5, 40, 2, 17, 9}, {7, 40, 3, 3, 24}};
  std::vector<Case> all;
  unsigned seed = 0;
  for (const Cell cell : cells) {
    for (const Sizes& edge : edges) {
      for (const bool lengths : {false, true}) {
        Form form = whole();
        form.lengths = lengths;
        all.push_back({cell, edge.input, edge.hidden, edge.layers, edge.batch, edge.time, seed++, form});
      }
    }
  }
  Random random(12345);
  std::uniform_int_distribution<Index> sizes(1, 40), layers(1, 3), batches(1, 20), times(1, 40);
  for (int index = 0; index < random_ones; ++index) {
    all.push_back({cells[index % 5], sizes(random), sizes(random), layers(random), batches(random), times(random), seed++,
                   draw_form(random)});
  }
  return all;
}

Strides strides_of(const Case& shape, Index features) {
  const Index feature = shape.form.apart ? 2 : 1;
  const Index row = features * feature + (shape.form.apart ? 3 : 0);
  const Index batch = shape.form.time_major ? row : row * shape.time;
  const Index time = shape.form.time_major ? row * shape.batch : row;
  const Index last = (shape.batch - 1) * batch + (shape.time - 1) * time + (features - 1) * feature;
  return {batch, time, feature, shape.batch * shape.time * features == 0 ? 0 : last + 1};
}

namespace {

template <class Real>
Weights<Real> draw_weights(const Case& shape, Random& random) {
  Weights<Real> weights;
  const double scale = 1.5 / std::sqrt(static_cast<double>(shape.hidden));
  for (Index layer = 0; layer < shape.layers; ++layer) {
    for (int parameter = 0; parameter < 4; ++parameter) {
      weights.values.push_back(draw<Real>(random, shape.size(layer, parameter), scale));
    }
    weights.values.push_back(draw<Real>(random, shape.size(layer, 4), 0.4, 0.5));
  }
  return weights;
}

}  // namespace

template <class Real>
Point<Real> draw_point(const Case& shape, Random& random) {
  const Index state = shape.layers * shape.batch * shape.hidden;
  Point<Real> point;
  point.weights = draw_weights<Real>(shape, random);
  point.input = draw<Real>(random, strides_of(shape, shape.input).size, 1);
  if (shape.form.first_h) point.h = draw<Real>(random, state, 1);
  if (shape.form.first_c && shape.cell == Cell::lstm) point.c = draw<Real>(random, state, 1);
  return point;
}

template <class Real>
Point<Real> draw_direction(const Case& shape, Random& random) {
  Point<Real> direction = draw_point<Real>(shape, random);
  if (!shape.form.input_tangent) direction.input.clear();
  if (!shape.form.first_tangent) {
    direction.h.clear();
    direction.c.clear();
  }
  if (!shape.form.parameter_tangents) {
    for (auto& values : direction.weights.values) values.clear();
  }
  return direction;
}

template Point<float> draw_point(const Case&, Random&);
template Point<double> draw_point(const Case&, Random&);
template Point<float> draw_direction(const Case&, Random&);
template Point<double> draw_direction(const Case&, Random&);

std::vector<Index> draw_lengths(const Case& shape) {
  if (!shape.form.lengths) return {};
  Random random(shape.seed);
  std::uniform_int_distribution<Index> steps(0, shape.time);
  std::vector<Index> lengths(static_cast<std::size_t>(shape.batch));
  for (Index& length : lengths) length = steps(random);
  return lengths;
}

}  // namespace pendula
