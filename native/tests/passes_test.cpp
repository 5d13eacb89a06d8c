#include <cstring>

#include "check.h"
#include "oracle.h"
#include "passes.h"
#include "tests.h"

namespace pendula {
namespace {

template <class Real>
void check_same_bits(const Results<Real>& one, const Results<Real>& other, const std::string& where) {
  const auto these = one.parts(), those = other.parts();
  for (std::size_t i = 0; i < these.size(); ++i) {
    const auto &a = *these[i].second, &b = *those[i].second;
    check(a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(Real)) == 0,
          where + ": " + these[i].first + " has other bits when it is run again");
  }
}

template <class Real>
void check_near(const Results<Real>& one, const Results<Real>& other, const std::string& where) {
  const auto these = one.parts(), those = other.parts();
  for (std::size_t i = 0; i < these.size(); ++i) {
    check(near(*these[i].second, *those[i].second, rounding<Real>), where + ": " + these[i].first);
  }
}

template <class Real>
void check_ends(const Ends<Real>& ends, const Ends<double>& expected, const std::string& where) {
  const auto wide = [](const std::vector<Real>& values) { return std::vector<double>(values.begin(), values.end()); };
  const double tolerance = rounding<Real>;
  check(ends.output.empty() || near(expected.output, wide(ends.output), tolerance), where + ": output");
  check(ends.h.empty() || near(expected.h, wide(ends.h), tolerance), where + ": last h");
  check(ends.c.empty() || near(expected.c, wide(ends.c), tolerance), where + ": last c");
}

// Σ a b, and how large its terms are.
struct Dot {
  double sum = 0, size = 1;

  template <class Real>
  void add(const std::vector<Real>& a, const std::vector<Real>& b) {
    if (a.empty() || b.empty()) return;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double term = static_cast<double>(a[i]) * static_cast<double>(b[i]);
      sum += term;
      size += std::fabs(term);
    }
  }
};

// The backward pass is the transpose of the tangent pass: pull · (J direction) = (Jᵀ pull) · direction.
template <class Real>
void check_transpose(const Trial<Real>& trial, const Results<Real>& results, const std::string& where) {
  const Form& form = trial.shape.form;
  if ((form.input_tangent && !form.input_gradient) || (form.first_tangent && !form.first_gradient) ||
      (form.parameter_tangents && !form.parameter_gradients) || trial.shape.form.apart) {
    return;
  }
  Dot forth, back;
  forth.add(trial.pull.output, results.tangent.output);
  forth.add(trial.pull.h, results.tangent.h);
  forth.add(trial.pull.c, results.tangent.c);
  if (!form.time_major) back.add(trial.direction.input, results.gradient.input);
  if (form.time_major && !trial.direction.input.empty()) return;
  back.add(trial.direction.h, results.gradient.h);
  back.add(trial.direction.c, results.gradient.c);
  for (std::size_t at = 0; at < results.gradient.weights.values.size(); ++at) {
    back.add(trial.direction.weights.values[at], results.gradient.weights.values[at]);
  }
  check(std::fabs(forth.sum - back.sum) <= rounding<Real> * (forth.size + back.size), where + ": transpose");
}

Point<double> moved(const Point<double>& point, const Point<double>& direction, double step) {
  Point<double> there = point;
  const auto move = [step](std::vector<double>& values, const std::vector<double>& by) {
    // A state that is absent is zero.
    if (values.empty()) values.resize(by.size(), 0.0);
    for (std::size_t i = 0; i < by.size(); ++i) values[i] += step * by[i];
  };
  move(there.input, direction.input);
  move(there.h, direction.h);
  move(there.c, direction.c);
  for (std::size_t at = 0; at < there.weights.values.size(); ++at) {
    move(there.weights.values[at], direction.weights.values[at]);
  }
  return there;
}

// The tangent pass against a central difference of the forward pass.
void check_difference(const Trial<double>& trial, const Results<double>& results, const std::string& where) {
  if (trial.shape.cell == Cell::rnn_relu) return;  // it has kinks
  constexpr double step = 1e-5;
  Point<double> up = moved(trial.point, trial.direction, step), down = moved(trial.point, trial.direction, -step);
  Ends<double> above = run_forward(trial, up, 1);
  const Ends<double> below = run_forward(trial, down, 1);
  const auto slope = [](std::vector<double>& high, const std::vector<double>& low) -> const std::vector<double>& {
    for (std::size_t i = 0; i < high.size(); ++i) high[i] = (high[i] - low[i]) / (2 * step);
    return high;
  };
  check(near(slope(above.output, below.output), results.tangent.output, 1e-6), where + ": output by differences");
  check(near(slope(above.h, below.h), results.tangent.h, 1e-6), where + ": last h by differences");
  check(near(slope(above.c, below.c), results.tangent.c, 1e-6), where + ": last c by differences");
}

void check_difference(const Trial<float>&, const Results<float>&, const std::string&) {}

template <class Real>
void test_case(const Case& shape) {
  const std::string name = (sizeof(Real) == 4 ? "float " : "double ") + shape.name();
  Trial<Real> trial(shape);
  const Ends<double> expected = run_oracle(trial);
  Results<Real> first;
  int sets = 0;
  const char* const* names = instruction_sets(&sets);
  for (int set = 0; set < sets; ++set) {
    check(use_instruction_set(names[set]), std::string("there is no ") + names[set]);
    for (int threads = 1; threads <= 4; ++threads) {
      const std::string where = name + " " + names[set] + " threads " + std::to_string(threads);
      const Results<Real> results = run_all(trial, threads);
      if (set == 0 && threads == 1) first = results;
      if (threads == 4) check_same_bits(results, run_all(trial, threads), where);
      check_near(first, results, where);
      check_ends(results.ends, expected, where);
      check_ends(run_forward(trial, trial.point, threads), expected, where + " without a reserve");
      check_transpose(trial, results, where);
      if (threads == 1) check_difference(trial, results, where);
    }
  }
}

}  // namespace

void test_passes(int random_cases) {
  for (const Case& shape : all_cases(random_cases)) {
    test_case<float>(shape);
    test_case<double>(shape);
  }
}

}  // namespace pendula
