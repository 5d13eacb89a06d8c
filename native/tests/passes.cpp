#include "passes.h"

#include <limits>

namespace pendula {
namespace {

template <class Real>
std::vector<Real> unwritten(Index size) {
  return std::vector<Real>(static_cast<std::size_t>(size), std::numeric_limits<Real>::quiet_NaN());
}

template <class Real>
Ends<Real> room_for_ends(const Case& shape) {
  const Index state = shape.layers * shape.batch * shape.hidden;
  Ends<Real> ends;
  // Contiguous, so that every element has to be written.
  if (shape.form.output) ends.output = unwritten<Real>(shape.batch * shape.time * shape.hidden);
  if (shape.form.last_h) ends.h = unwritten<Real>(state);
  if (shape.form.last_c && shape.cell == Cell::lstm) ends.c = unwritten<Real>(state);
  return ends;
}

Strides contiguous(const Case& shape, Index features) {
  return {shape.time * features, features, 1, shape.batch * shape.time * features};
}

template <class Real>
Point<Real> room_for_gradient(const Case& shape) {
  const Index state = shape.layers * shape.batch * shape.hidden;
  Point<Real> gradient;
  for (Index layer = 0; layer < shape.layers; ++layer) {
    for (int parameter = 0; parameter < 5; ++parameter) {
      gradient.weights.values.push_back(
          unwritten<Real>(shape.form.parameter_gradients ? shape.size(layer, parameter) : 0));
    }
  }
  if (shape.form.input_gradient) gradient.input = unwritten<Real>(shape.batch * shape.time * shape.input);
  if (shape.form.first_gradient) {
    gradient.h = unwritten<Real>(state);
    if (shape.cell == Cell::lstm) gradient.c = unwritten<Real>(state);
  }
  return gradient;
}

template <class Real>
Problem problem_of(const Trial<Real>& trial, int threads) {
  const Case& shape = trial.shape;
  const Index* lengths = trial.lengths.empty() ? nullptr : trial.lengths.data();
  return {shape.cell, shape.input, shape.hidden, shape.layers, shape.batch, shape.time, lengths, threads};
}

}  // namespace

template <class Real>
Ends<Real> draw_ends(const Case& shape, Random& random) {
  Ends<Real> ends = room_for_ends<Real>(shape);
  for (auto* values : {&ends.output, &ends.h, &ends.c}) *values = draw<Real>(random, static_cast<Index>(values->size()), 1);
  return ends;
}

template <class Real>
Trial<Real>::Trial(const Case& of) : shape(of), lengths(draw_lengths(of)) {
  Random random(of.seed);
  point = draw_point<Real>(of, random);
  direction = draw_direction<Real>(of, random);
  pull = draw_ends<Real>(of, random);
}

template <class Real>
std::vector<std::pair<std::string, const std::vector<Real>*>> Results<Real>::parts() const {
  std::vector<std::pair<std::string, const std::vector<Real>*>> all = {
      {"output", &ends.output},          {"last h", &ends.h},
      {"last c", &ends.c},               {"input gradient", &gradient.input},
      {"first h gradient", &gradient.h}, {"first c gradient", &gradient.c},
      {"output tangent", &tangent.output}, {"last h tangent", &tangent.h},
      {"last c tangent", &tangent.c}};
  static const char* const names[] = {"w_ih", "w_hh", "b_ih", "b_hh", "leak"};
  for (std::size_t at = 0; at < gradient.weights.values.size(); ++at) {
    all.push_back({std::string(names[at % 5]) + " gradient", &gradient.weights.values[at]});
  }
  return all;
}

template <class Real>
Ends<Real> run_forward(const Trial<Real>& trial, Point<Real>& point, int threads) {
  const Case& shape = trial.shape;
  Ends<Real> ends = room_for_ends<Real>(shape);
  forward<Real>(problem_of(trial, threads), point.weights.template layers<const Real>().data(),
                view<const Real>(point.input, strides_of(shape, shape.input)), point.first(),
                view<Real>(ends.output, contiguous(shape, shape.hidden)), ends.last(), nullptr);
  return ends;
}

template <class Real>
Results<Real> run_all(Trial<Real>& trial, int threads) {
  const Case& shape = trial.shape;
  const Problem problem = problem_of(trial, threads);
  const auto layers = trial.point.weights.template layers<const Real>();
  const auto input = view<const Real>(trial.point.input, strides_of(shape, shape.input));
  std::vector<Real> reserve = unwritten<Real>(reserve_size<Real>(problem));
  const Strides in = contiguous(shape, shape.input), out = contiguous(shape, shape.hidden);

  Results<Real> results = {room_for_ends<Real>(shape), room_for_gradient<Real>(shape), room_for_ends<Real>(shape)};
  forward<Real>(problem, layers.data(), input, trial.point.first(), view<Real>(results.ends.output, out),
                results.ends.last(), reserve.data());
  Point<Real>& gradient = results.gradient;
  const auto gradients = gradient.weights.template layers<Real>();
  const Ends<Real>& pull = trial.pull;
  backward<Real>(problem, layers.data(), input, trial.point.first(), reserve.data(), view<const Real>(pull.output, out),
                 pull.last(), view<Real>(gradient.input, in), gradients.data(),
                 {gradient.h.empty() ? nullptr : gradient.h.data(), gradient.c.empty() ? nullptr : gradient.c.data()});
  const auto rates = trial.direction.weights.template layers<const Real>();
  tangent<Real>(problem, layers.data(), input, trial.point.first(), reserve.data(), rates.data(),
                view<const Real>(trial.direction.input, strides_of(shape, shape.input)), trial.direction.first(),
                view<Real>(results.tangent.output, out), results.tangent.last());
  return results;
}

#define PENDULA_INSTANTIATE(Real)                                              \
  template struct Trial<Real>;                                                 \
  template struct Results<Real>;                                               \
  template Ends<Real> draw_ends(const Case&, Random&);                         \
  template Ends<Real> run_forward(const Trial<Real>&, Point<Real>&, int);      \
  template Results<Real> run_all(Trial<Real>&, int);

PENDULA_INSTANTIATE(float)
PENDULA_INSTANTIATE(double)

}  // namespace pendula
