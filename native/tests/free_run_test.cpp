#include "free_run.h"

#include "cases.h"
#include "check.h"
#include "tests.h"

namespace pendula {
namespace {

struct Shape {
  Cell cell;
  Index hidden, layers, channels, controls, leads, lags, batch, known, steps;
  bool increments, residual;

  Index outputs() const { return leads * channels; }
  Index columns() const { return channels + controls; }
  Index inputs() const { return columns() + (increments ? channels : 0); }
  std::string name() const {
    std::string text = "free run";
    for (const Index number : {static_cast<Index>(cell), hidden, layers, channels, controls, leads, lags, batch, known,
                               steps, static_cast<Index>(increments), static_cast<Index>(residual)}) {
      text += " " + std::to_string(number);
    }
    return text;
  }
};

// A forecaster, the rows it knows and the controls to come, [step, row, control], in vectors that end where they have to.
template <class Weight, class Value>
struct Run {
  explicit Run(const Shape& of) : shape(of) {
    Random random(7);
    Case stack = {shape.cell, shape.inputs(), shape.hidden, shape.layers, shape.batch, shape.known, 7, whole()};
    weights = draw_point<Weight>(stack, random).weights;
    head = draw<Weight>(random, shape.outputs() * shape.hidden, 0.3);
    bias = draw<Weight>(random, shape.outputs(), 0.1);
    scale = draw<Weight>(random, shape.outputs(), 0.3, 0.5);
    size = draw<Weight>(random, shape.channels, 0.2, 0.8);
    const Index terms = shape.lags * shape.columns();
    linear = draw<double>(random, shape.outputs() * terms, terms == 0 ? 0 : 0.5 / static_cast<double>(terms));
    constant = draw<double>(random, shape.lags == 0 ? 0 : shape.outputs(), 0.1);
    known = draw<Value>(random, shape.batch * shape.known * shape.columns(), 1);
    ahead = draw<Value>(random, shape.batch * (shape.steps - 1) * shape.controls, 1);
  }

  Frame<Weight> frame() const {
    return {shape.channels, shape.controls, shape.leads,  shape.lags,  shape.increments, shape.residual,
            head.data(),    bias.data(),    scale.data(), size.data(), linear.data(),    constant.data()};
  }
  Problem problem(Index time, int threads) const {
    return {shape.cell, shape.inputs(), shape.hidden, shape.layers, shape.batch, time, nullptr, threads};
  }

  // The controls beside predictions, from one of these on.
  View<const Value> controls(Index step) const {
    if (shape.controls == 0) return {};
    const Index each = shape.batch * shape.controls;
    return {ahead.data() + step * each, shape.controls, each, 1};
  }

  Shape shape;
  Weights<Weight> weights;
  std::vector<Weight> head, bias, scale, size;
  std::vector<double> linear, constant;
  std::vector<Value> known, ahead;
};

template <class Weight, class Value>
struct Remembered {
  explicit Remembered(const Shape& shape)
      : h(static_cast<std::size_t>(shape.layers * shape.batch * shape.hidden)),
        c(shape.cell == Cell::lstm ? h.size() : 0),
        last(static_cast<std::size_t>(shape.batch * shape.channels)),
        past(static_cast<std::size_t>(shape.lags < 2 ? 0 : shape.batch * (shape.lags - 1) * shape.columns())) {}

  Memory<Weight, Value> memory() {
    return {{h.data(), c.empty() ? nullptr : c.data()}, last.data(), past.empty() ? nullptr : past.data()};
  }
  Memory<const Weight, const Value> first() {
    const Memory<Weight, Value> from = memory();
    return {{from.hidden.h, from.hidden.c}, from.last, from.past};
  }

  std::vector<Weight> h, c;
  std::vector<Value> last, past;
};

// The predictions of the steps up to `end`, with the controls beside them: what is known of a run that goes on from there.
template <class Weight, class Value>
std::vector<Value> last_block(const Run<Weight, Value>& run, const std::vector<Value>& output, Index end) {
  const Shape& shape = run.shape;
  std::vector<Value> block;
  for (Index row = 0; row < shape.batch; ++row) {
    for (Index step = end - shape.leads; step < end; ++step) {
      const auto values = output.begin() + (row * shape.steps + step) * shape.channels;
      block.insert(block.end(), values, values + shape.channels);
      const Value* const beside = shape.controls == 0 ? nullptr : run.controls(step).data + row * shape.controls;
      block.insert(block.end(), beside, beside + shape.controls);
    }
  }
  return block;
}

// In one call, or in two: the second goes on from the memory of the first, after `cut` steps.
template <class Weight, class Value>
std::vector<Value> run_core(Run<Weight, Value>& run, int threads, Index cut) {
  const Shape& shape = run.shape;
  const auto layers = run.weights.template layers<const Weight>();
  const Index row = shape.steps * shape.channels;
  std::vector<Value> output(static_cast<std::size_t>(shape.batch * row));
  const View<Value> whole_output = {output.data(), row, shape.channels, 1};
  const View<const Value> known = {run.known.data(), shape.known * shape.columns(), shape.columns(), 1};
  Remembered<Weight, Value> remembered(shape);
  free_run<Weight, Value>(run.problem(shape.known, threads), layers.data(), run.frame(), known, {},
                          cut > 0 ? cut : shape.steps, run.controls(0), whole_output, remembered.memory());
  if (cut > 0) {
    View<Value> rest = whole_output;
    rest.data += cut * shape.channels;
    const std::vector<Value> block = last_block(run, output, cut);
    const View<const Value> seen = {block.data(), shape.leads * shape.columns(), shape.columns(), 1};
    free_run<Weight, Value>(run.problem(shape.leads, threads), layers.data(), run.frame(), seen, remembered.first(),
                            shape.steps - cut, run.controls(cut), rest, remembered.memory());
  }
  return output;
}

// Predicts from a whole history: the states by the forward pass, all else by the equation, in double precision.
template <class Weight, class Value>
std::vector<Value> predict(Run<Weight, Value>& run, const std::vector<Value>& history) {
  const Shape& shape = run.shape;
  const Index channels = shape.channels, columns = shape.columns(), time = static_cast<Index>(history.size()) / columns;
  std::vector<Weight> features, state(static_cast<std::size_t>(shape.layers * shape.hidden));
  for (Index t = 0; t < time; ++t) {
    for (Index c = 0; c < channels; ++c) features.push_back(static_cast<Weight>(history[t * columns + c]));
    for (Index c = 0; c < channels && shape.increments; ++c) {
      const Value increment = t == 0 ? Value(0) : history[t * columns + c] - history[(t - 1) * columns + c];
      features.push_back(static_cast<Weight>(static_cast<double>(increment) / static_cast<double>(run.size[c])));
    }
    for (Index c = channels; c < columns; ++c) features.push_back(static_cast<Weight>(history[t * columns + c]));
  }
  Problem problem = run.problem(time, 1);
  problem.batch = 1;
  const auto layers = run.weights.template layers<const Weight>();
  forward<Weight>(problem, layers.data(), {features.data(), 0, shape.inputs(), 1}, {}, {}, {state.data(), nullptr}, nullptr);
  const Weight* top = state.data() + (shape.layers - 1) * shape.hidden;
  std::vector<Value> predictions;
  for (Index output = 0; output < shape.outputs(); ++output) {
    double sum = run.bias[output];
    for (Index k = 0; k < shape.hidden; ++k) sum += static_cast<double>(run.head[output * shape.hidden + k]) * top[k];
    sum *= run.scale[output];
    if (shape.lags > 0) sum += run.constant[output];
    for (Index lag = 0; lag < shape.lags && lag < time; ++lag) {
      for (Index c = 0; c < columns; ++c) {
        sum += run.linear[(output * shape.lags + lag) * columns + c] * history[(time - 1 - lag) * columns + c];
      }
    }
    if (shape.residual) sum += history[(time - 1) * columns + output % channels];
    predictions.push_back(static_cast<Value>(sum));
  }
  return predictions;
}

template <class Weight, class Value>
std::vector<Value> run_slowly(Run<Weight, Value>& run) {
  const Shape& shape = run.shape;
  const Index known = shape.known * shape.columns();
  std::vector<Value> output;
  for (Index row = 0; row < shape.batch; ++row) {
    const auto from = run.known.begin() + row * known;
    std::vector<Value> history(from, from + known), block;
    for (Index step = 0; step < shape.steps; ++step) {
      if (step % shape.leads == 0) block = predict(run, history);
      const auto values = block.begin() + step % shape.leads * shape.channels;
      output.insert(output.end(), values, values + shape.channels);
      history.insert(history.end(), values, values + shape.channels);
      for (Index c = 0; c < shape.controls && step < shape.steps - 1; ++c) {
        history.push_back(run.ahead[(step * shape.batch + row) * shape.controls + c]);
      }
    }
  }
  return output;
}

template <class Weight, class Value>
void test_shape(const Shape& shape) {
  Run<Weight, Value> run(shape);
  const std::vector<Value> expected = run_slowly(run);
  int sets = 0;
  const char* const* names = instruction_sets(&sets);
  for (int set = 0; set < sets; ++set) {
    use_instruction_set(names[set]);
    const std::string where = shape.name() + " " + names[set];
    const std::vector<Value> output = run_core(run, 1, 0);
    const double tolerance = sizeof(Weight) == 4 || sizeof(Value) == 4 ? 1e-4 : 1e-12;
    check(near(expected, output, tolerance), where + ": values");
    check(output == run_core(run, 3, 0), where + ": on three threads");
    if (shape.steps > shape.leads) check(output == run_core(run, 2, shape.leads), where + ": in two calls");
  }
}

}  // namespace

void test_free_run() {
  const Shape shapes[] = {
      {Cell::lstm, 5, 2, 2, 0, 1, 4, 3, 6, 5, true, false},  {Cell::gru, 17, 1, 1, 0, 3, 0, 7, 4, 8, true, true},
      {Cell::rnn_tanh, 1, 3, 3, 0, 2, 1, 1, 1, 5, false, false}, {Cell::rnn_relu, 4, 1, 1, 0, 1, 9, 2, 3, 1, true, true},
      {Cell::leaky, 16, 1, 2, 0, 1, 2, 110, 2, 4, false, true}, {Cell::lstm, 33, 1, 1, 0, 4, 3, 50, 5, 9, false, false},
      {Cell::gru, 6, 2, 2, 3, 1, 4, 3, 5, 7, true, true}, {Cell::lstm, 9, 1, 1, 1, 1, 0, 101, 2, 6, true, false},
      {Cell::rnn_tanh, 3, 1, 1, 2, 1, 1, 2, 1, 1, false, true}, {Cell::leaky, 8, 2, 3, 4, 3, 2, 5, 3, 8, true, false},
  };
  for (const Shape& shape : shapes) {
    test_shape<float, float>(shape);
    test_shape<float, double>(shape);
    test_shape<double, float>(shape);
    test_shape<double, double>(shape);
  }
}

}  // namespace pendula
