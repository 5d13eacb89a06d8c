#include "check.h"
#include "oracle.h"
#include "passes.h"
#include "tests.h"

namespace pendula {
namespace {

// Steps through a case's sequences; lengths are none of a stepper's business.
template <class Real>
Ends<Real> walk(Trial<Real>& trial) {
  const Case& shape = trial.shape;
  const Strides strides = strides_of(shape, shape.input);
  const Problem problem = {shape.cell, shape.input, shape.hidden, shape.layers, shape.batch, 1, nullptr, 1};
  const auto layers = trial.point.weights.template layers<const Real>();
  const auto stepper = make_stepper<Real>(problem, layers.data(), trial.point.first());
  const std::size_t states = static_cast<std::size_t>(shape.layers * shape.batch * shape.hidden);
  Ends<Real> ends = {{}, std::vector<Real>(states), std::vector<Real>(shape.cell == Cell::lstm ? states : 0)};
  ends.output.resize(static_cast<std::size_t>(shape.batch * shape.time * shape.hidden));
  std::vector<Real> x(static_cast<std::size_t>(shape.batch * shape.input));
  std::vector<Real> y(static_cast<std::size_t>(shape.batch * shape.hidden));
  for (Index t = 0; t < shape.time; ++t) {
    for (Index row = 0; row < shape.batch; ++row) {
      for (Index k = 0; k < shape.input; ++k) {
        const Index from = row * strides.batch + t * strides.time + k * strides.feature;
        x[static_cast<std::size_t>(row * shape.input + k)] = trial.point.input[static_cast<std::size_t>(from)];
      }
    }
    stepper->step(x.data(), y.data());
    for (Index row = 0; row < shape.batch; ++row) {
      const auto from = y.begin() + row * shape.hidden;
      std::copy(from, from + shape.hidden, ends.output.begin() + (row * shape.time + t) * shape.hidden);
    }
  }
  stepper->state(ends.last());
  return ends;
}

template <class Real>
void test_case(Case shape) {
  shape.form.lengths = false;
  Trial<Real> trial(shape);
  const Ends<double> expected = run_oracle(trial);
  int sets = 0;
  const char* const* names = instruction_sets(&sets);
  for (int set = 0; set < sets; ++set) {
    use_instruction_set(names[set]);
    const std::string where = (sizeof(Real) == 4 ? "float stepper " : "double stepper ") + shape.name() + " " + names[set];
    const Ends<Real> ends = walk(trial);
    const auto wide = [](const std::vector<Real>& values) { return std::vector<double>(values.begin(), values.end()); };
    check(near(expected.output, wide(ends.output), rounding<Real>), where + ": output");
    check(near(expected.h, wide(ends.h), rounding<Real>), where + ": h");
    check(ends.c.empty() || near(expected.c, wide(ends.c), rounding<Real>), where + ": c");
  }
}

}  // namespace

void test_stepper(int random_cases) {
  for (const Case& shape : all_cases(random_cases)) {
    test_case<float>(shape);
    test_case<double>(shape);
  }
}

}  // namespace pendula
