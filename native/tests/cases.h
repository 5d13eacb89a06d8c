// Networks, sequences and directions to test with: drawn from a seed, in memory that ends where it has to.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "recurrent.h"

namespace pendula {

// What is left out, and how memory is laid out.
struct Form {
  bool biases, lengths, time_major, apart;
  bool first_h, first_c;
  bool output, last_h, last_c;  // results, and the gradients that come back from them
  bool input_gradient, parameter_gradients, first_gradient;
  bool input_tangent, parameter_tangents, first_tangent;
};

struct Case {
  Cell cell;
  Index input, hidden, layers, batch, time;
  unsigned seed;
  Form form;

  std::string name() const;
  Index gates() const;
  Index width(Index layer) const { return layer == 0 ? input : hidden; }
  Index size(Index layer, int parameter) const;  // elements of w_ih, w_hh, b_ih, b_hh, leak
};

// Everything is there, batch first.
Form whole();
// All edges of the sizes, then shapes and forms at random.
std::vector<Case> all_cases(int random_ones);

using Random = std::mt19937;

template <class Real>
std::vector<Real> draw(Random& random, Index size, double scale, double middle = 0) {
  std::uniform_real_distribution<double> numbers(middle - scale, middle + scale);
  std::vector<Real> values(static_cast<std::size_t>(size));
  for (Real& value : values) value = static_cast<Real>(numbers(random));
  return values;
}

// Strides of a [batch, time, feature] block in a vector, and how many elements that takes.
struct Strides {
  Index batch, time, feature, size;
};

Strides strides_of(const Case& shape, Index features);

template <class Real, class Values>
View<Real> view(Values& values, Strides strides) {
  if (values.empty()) return {};
  return {values.data(), strides.batch, strides.time, strides.feature};
}

// The parameters of a network, or a direction in their space: one vector for each parameter of each layer, empty if absent.
template <class Real>
struct Weights {
  std::vector<std::vector<Real>> values;

  template <class Element>
  std::vector<Parameters<Element>> layers() {
    std::vector<Parameters<Element>> all;
    for (std::size_t at = 0; at < values.size(); at += 5) {
      all.push_back({where(at), where(at + 1), where(at + 2), where(at + 3), where(at + 4)});
    }
    return all;
  }

 private:
  Real* where(std::size_t at) { return values[at].empty() ? nullptr : values[at].data(); }
};

// Inputs, first states and parameters: of a network, or of a direction in which they change.
template <class Real>
struct Point {
  Weights<Real> weights;
  std::vector<Real> input, h, c;

  State<const Real> first() const { return {h.empty() ? nullptr : h.data(), c.empty() ? nullptr : c.data()}; }
};

template <class Real>
Point<Real> draw_point(const Case& shape, Random& random);
// A direction: zero, and left out, where the form says so.
template <class Real>
Point<Real> draw_direction(const Case& shape, Random& random);

std::vector<Index> draw_lengths(const Case& shape);

}  // namespace pendula
