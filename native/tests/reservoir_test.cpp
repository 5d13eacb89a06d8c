#include "reservoir.h"

#include <cmath>

#include "cases.h"
#include "check.h"
#include "tests.h"

namespace pendula {
namespace {

struct Shape {
  Index units, inputs, outputs, batch, time;
  Index most_links;  // of a unit; 0: dense
  bool direct;

  std::string name() const {
    std::string text = "reservoir";
    for (const Index number : {units, inputs, outputs, batch, time, most_links, static_cast<Index>(direct)})
      text += " " + std::to_string(number);
    return text;
  }
};

// A reservoir with a readout and what it sees, in vectors that end where they have to.
template <class Real>
struct Net {
  explicit Net(const Shape& of) : shape(of) {
    Random random(11);
    starts.push_back(0);
    for (Index unit = 0; unit < shape.units; ++unit) {
      const Index links = shape.most_links == 0 ? shape.units : static_cast<Index>(random() % static_cast<unsigned>(shape.most_links + 1));
      for (Index link = 0; link < links; ++link)
        columns.push_back(static_cast<std::int32_t>(shape.most_links == 0 ? link : random() % static_cast<unsigned>(shape.units)));
      starts.push_back(static_cast<std::int32_t>(columns.size()));
    }
    values = draw<Real>(random, static_cast<Index>(columns.size()), 1.0 / std::sqrt(1.0 + static_cast<double>(shape.most_links)));
    input = draw<Real>(random, shape.units * shape.inputs, 1);
    bias = draw<Real>(random, shape.units, 0.5);
    const Index features = shape.units + (shape.direct ? shape.inputs : 0);
    weight = draw<Real>(random, features * shape.outputs, 1.0 / static_cast<double>(features));
    constant = draw<Real>(random, shape.outputs, 0.3);
    first = draw<Real>(random, shape.batch * shape.units, 1);
    start = draw<Real>(random, shape.batch * shape.inputs, 1);
    seen = draw<Real>(random, shape.batch * shape.time * shape.inputs, 1);
    coming = draw<Real>(random, shape.batch * shape.time * (shape.inputs - shape.outputs), 1);
  }

  Reservoir<Real> reservoir() const {
    const bool is_dense = shape.most_links == 0;
    return {shape.units,   shape.inputs, is_dense ? nullptr : starts.data(), is_dense ? nullptr : columns.data(),
            values.data(), input.data(), bias.data(),                       Real(0.7)};
  }
  Readout<Real> readout() const { return {weight.data(), constant.data(), shape.outputs, shape.direct}; }

  Shape shape;
  std::vector<std::int32_t> starts, columns;
  std::vector<Real> values, input, bias, weight, constant, first, start, seen, coming;
};

template <class Real>
View<Real> rows(Real* data, Index time, Index features) {
  return {data, time * features, features, 1};
}

template <class Real>
std::vector<Real> driven(const Net<Real>& net, Index row, Index count, int threads) {
  const Shape& shape = net.shape;
  std::vector<Real> states(static_cast<std::size_t>(count * shape.time * shape.units));
  drive<Real>(net.reservoir(), count, shape.time, rows(net.seen.data() + row * shape.time * shape.inputs, shape.time, shape.inputs),
              net.first.data() + row * shape.units, rows(states.data(), shape.time, shape.units), threads);
  return states;
}

template <class Real>
std::vector<Real> free(const Net<Real>& net, Index row, Index count, int threads) {
  const Shape& shape = net.shape;
  const Index given = shape.inputs - shape.outputs;
  std::vector<Real> output(static_cast<std::size_t>(count * shape.time * shape.outputs));
  run_on<Real>(net.reservoir(), net.readout(), count, shape.time, net.first.data() + row * shape.units,
               net.start.data() + row * shape.inputs, rows(net.coming.data() + row * shape.time * given, shape.time, given),
               rows(output.data(), shape.time, shape.outputs), threads);
  return output;
}

// One step as the equation says it, in double precision.
template <class Real>
void step_slowly(const Net<Real>& net, const std::vector<double>& x, std::vector<double>& h) {
  std::vector<double> next(h.size());
  for (Index unit = 0; unit < net.shape.units; ++unit) {
    double sum = net.bias[unit];
    for (Index c = 0; c < net.shape.inputs; ++c) sum += static_cast<double>(net.input[unit * net.shape.inputs + c]) * x[c];
    for (Index k = net.starts[unit]; k < net.starts[unit + 1]; ++k) sum += static_cast<double>(net.values[k]) * h[net.columns[k]];
    next[unit] = 0.3 * h[unit] + 0.7 * std::tanh(sum);
  }
  h = next;
}

template <class Real>
std::vector<Real> driven_slowly(const Net<Real>& net) {
  const Shape& shape = net.shape;
  std::vector<Real> states;
  for (Index row = 0; row < shape.batch; ++row) {
    std::vector<double> h(net.first.begin() + row * shape.units, net.first.begin() + (row + 1) * shape.units);
    for (Index t = 0; t < shape.time; ++t) {
      const auto at = net.seen.begin() + (row * shape.time + t) * shape.inputs;
      step_slowly(net, {at, at + shape.inputs}, h);
      for (const double value : h) states.push_back(static_cast<Real>(value));
    }
  }
  return states;
}

template <class Real>
std::vector<Real> free_slowly(const Net<Real>& net) {
  const Shape& shape = net.shape;
  const Index given = shape.inputs - shape.outputs;
  std::vector<Real> output;
  for (Index row = 0; row < shape.batch; ++row) {
    std::vector<double> h(net.first.begin() + row * shape.units, net.first.begin() + (row + 1) * shape.units);
    std::vector<double> x(net.start.begin() + row * shape.inputs, net.start.begin() + (row + 1) * shape.inputs);
    for (Index t = 0; t < shape.time; ++t) {
      std::vector<double> y;
      for (Index o = 0; o < shape.outputs; ++o) {
        double sum = net.constant[o];
        for (Index k = 0; k < shape.units; ++k) sum += static_cast<double>(net.weight[k * shape.outputs + o]) * h[k];
        for (Index c = 0; c < shape.inputs && shape.direct; ++c)
          sum += static_cast<double>(net.weight[(shape.units + c) * shape.outputs + o]) * x[c];
        y.push_back(sum);
        output.push_back(static_cast<Real>(sum));
      }
      for (Index c = 0; c < given; ++c) y.push_back(net.coming[(row * shape.time + t) * given + c]);
      x = y;
      step_slowly(net, x, h);
    }
  }
  return output;
}

template <class Real>
std::vector<Real> part(const std::vector<Real>& all, Index row, Index count, Index batch) {
  const Index each = static_cast<Index>(all.size()) / batch;
  return {all.begin() + row * each, all.begin() + (row + count) * each};
}

template <class Real>
void test_shape(const Shape& shape) {
  const Net<Real> net(shape);
  const std::vector<Real> expected = driven_slowly(net), expected_run = free_slowly(net);
  int sets = 0;
  const char* const* names = instruction_sets(&sets);
  for (int set = 0; set < sets; ++set) {
    use_instruction_set(names[set]);
    const std::string where = shape.name() + " " + names[set];
    const double tolerance = sizeof(Real) == 4 ? 1e-4 : 1e-12;
    const std::vector<Real> states = driven(net, 0, shape.batch, 1), run = free(net, 0, shape.batch, 1);
    check(near(expected, states, tolerance), where + ": states");
    check(near(expected_run, run, tolerance), where + ": free run");
    for (int threads = 1; threads <= 3; ++threads) {
      check(states == driven(net, 0, shape.batch, threads), where + ": states on several threads");
      check(run == free(net, 0, shape.batch, threads), where + ": free run on several threads");
      const Index last = shape.batch - 1;
      check(part(states, last, 1, shape.batch) == driven(net, last, 1, threads), where + ": states of one alone");
      check(part(run, last, 1, shape.batch) == free(net, last, 1, threads), where + ": free run of one alone");
    }
  }
}

}  // namespace

void test_reservoir() {
  const Shape shapes[] = {
      {1, 1, 1, 1, 3, 0, true},     {5, 2, 1, 3, 4, 2, true},   {40, 1, 1, 1, 5, 7, false}, {33, 3, 3, 9, 3, 0, true},
      {70, 2, 2, 40, 3, 5, false},  {64, 1, 1, 17, 2, 64, true}, {300, 2, 1, 2, 4, 250, true}, {260, 1, 1, 1, 6, 0, true},
  };
  for (const Shape& shape : shapes) {
    test_shape<float>(shape);
    test_shape<double>(shape);
  }
}

}  // namespace pendula
