// Steps of Adam and of Nesterov's momentum, and gradient descent over many batches, for Python.
#include <limits>

#include "arguments.h"
#include "bindings.h"
#include "epoch.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace pendula {
namespace {

// A learner as Python fills it in, whatever its precision: the names are those of `Learner` and what it holds.
struct LearnerFields {
  int cell = 0, threads = 1;
  Index input_size = 0, hidden_size = 0, num_layers = 0, batch_size = 0, window = 0;
  Index channels = 0, controls = 0, components = 0, leads = 0, lags = 0, first_scored = 0, run = 0;
  bool increments = false, residual = false;
  Address output_scale = 0, increment_scale = 0, linear_weight = 0, linear_bias = 0;
  Address weights = 0, gradients = 0, first_moments = 0, second_moments = 0;
  Index size = 0;
  std::vector<Index> offsets;
  double beta1 = 0, beta2 = 0, epsilon = 0, weight_decay = 0, clip_norm = std::numeric_limits<double>::infinity();
  bool decoupled = false;
  Address series = 0;
  int series_bits = 64;
  Index series_row = 0, series_column = 0;
  Address asked = 0, class_weights = 0;
  bool asked_classes = false;
  Index asked_row = 0, asked_column = 0, outputs = 0;
  double noise_scale = 0;
  Index steps = 0, windows = 0, taken = 0, done = 0;
  Address starts = 0, learning_rates = 0, momenta = 0, noise = 0, forced = 0, losses = 0, norms = 0;
  double seconds = 0;
};

template <class Real>
Learner<Real> learner_of(const LearnerFields& from) {
  const Problem problem = problem_of({from.cell, from.input_size, from.hidden_size, from.num_layers, from.batch_size,
                                      from.window, 0, from.threads});
  if (static_cast<Index>(from.offsets.size()) != 5 * from.num_layers + 4) {
    throw nb::value_error("a layer has five parameters and the head has four");
  }
  const Real* weights = at<const Real>(from.weights);
  Learner<Real> learner{};
  learner.problem = problem;
  learner.frame = {from.channels,
                   from.controls,
                   from.leads,
                   from.lags,
                   from.increments,
                   from.residual,
                   weights + from.offsets[from.offsets.size() - 4],
                   weights + from.offsets[from.offsets.size() - 3],
                   at<const Real>(from.output_scale),
                   at<const Real>(from.increment_scale),
                   at<const double>(from.linear_weight),
                   at<const double>(from.linear_bias)};
  learner.components = from.components;
  learner.offsets = from.offsets;
  learner.weights = {from.size, at<Real>(from.weights), at<Real>(from.gradients), at<Real>(from.first_moments),
                     at<Real>(from.second_moments)};
  learner.adam = {from.beta1, from.beta2, from.epsilon, from.weight_decay, from.decoupled, from.clip_norm};
  learner.series = {at<const void>(from.series), from.series_bits, from.series_row, from.series_column};
  learner.asked = {at<const void>(from.asked), from.asked_classes, from.asked_row,
                   from.asked_column,          from.outputs,       at<const double>(from.class_weights)};
  learner.noise_scale = from.noise_scale;
  learner.first_scored = from.first_scored;
  learner.run = from.run;
  learner.plan = {from.steps,
                  from.windows,
                  at<const Index>(from.starts),
                  at<const double>(from.learning_rates),
                  at<const double>(from.momenta),
                  at<const void>(from.noise),
                  at<const unsigned char>(from.forced),
                  at<double>(from.losses),
                  at<double>(from.norms),
                  from.taken};
  return learner;
}

void run_descend(int bits, LearnerFields& fields) {
  with_real(bits, [&](auto real) {
    using Real = decltype(real);
    Learner<Real> learner = learner_of<Real>(fields);
    {
      const nb::gil_scoped_release released;
      descend(learner);
    }
    fields.done = learner.plan.done;
    fields.seconds = learner.plan.seconds;
  });
}

double run_adam_step(int bits, Index size, Address weights, Address gradients, Address first_moments,
                     Address second_moments, double learning_rate, Index step, double beta1, double beta2, double epsilon,
                     double weight_decay, bool decoupled, double clip_norm, int threads) {
  return with_real(bits, [&](auto real) {
    using Real = decltype(real);
    const nb::gil_scoped_release released;
    return adam_step<Real>({beta1, beta2, epsilon, weight_decay, decoupled, clip_norm},
                           {size, at<Real>(weights), at<Real>(gradients), at<Real>(first_moments), at<Real>(second_moments)},
                           learning_rate, step, threads);
  });
}

double run_nesterov_step(int bits, Index size, Address weights, Address gradients, Address velocity, double learning_rate,
                         double momentum, double next_momentum, double weight_decay, double clip_norm, int threads) {
  return with_real(bits, [&](auto real) {
    using Real = decltype(real);
    const nb::gil_scoped_release released;
    return nesterov_step<Real>({weight_decay, clip_norm, momentum, next_momentum},
                               {size, at<Real>(weights), at<Real>(gradients), at<Real>(velocity), nullptr},
                               learning_rate, threads);
  });
}

}  // namespace

void bind_epoch(nb::module_& module) {
#define PENDULA_FIELD(name) .def_rw(#name, &LearnerFields::name)
  nb::class_<LearnerFields>(module, "Learner", "A network, how it learns, and the steps it is to take.")
      .def(nb::init<>())
      PENDULA_FIELD(cell) PENDULA_FIELD(threads) PENDULA_FIELD(input_size) PENDULA_FIELD(hidden_size)
      PENDULA_FIELD(num_layers) PENDULA_FIELD(batch_size) PENDULA_FIELD(window) PENDULA_FIELD(channels)
      PENDULA_FIELD(controls) PENDULA_FIELD(components) PENDULA_FIELD(leads) PENDULA_FIELD(lags)
      PENDULA_FIELD(first_scored) PENDULA_FIELD(run) PENDULA_FIELD(increments) PENDULA_FIELD(residual)
      PENDULA_FIELD(output_scale) PENDULA_FIELD(increment_scale) PENDULA_FIELD(linear_weight) PENDULA_FIELD(linear_bias)
      PENDULA_FIELD(weights) PENDULA_FIELD(gradients) PENDULA_FIELD(first_moments) PENDULA_FIELD(second_moments)
      PENDULA_FIELD(size) PENDULA_FIELD(offsets) PENDULA_FIELD(beta1) PENDULA_FIELD(beta2) PENDULA_FIELD(epsilon)
      PENDULA_FIELD(weight_decay) PENDULA_FIELD(clip_norm) PENDULA_FIELD(decoupled) PENDULA_FIELD(series)
      PENDULA_FIELD(series_bits) PENDULA_FIELD(series_row) PENDULA_FIELD(series_column) PENDULA_FIELD(asked)
      PENDULA_FIELD(class_weights) PENDULA_FIELD(asked_classes) PENDULA_FIELD(asked_row) PENDULA_FIELD(asked_column)
      PENDULA_FIELD(outputs) PENDULA_FIELD(noise_scale) PENDULA_FIELD(steps) PENDULA_FIELD(windows) PENDULA_FIELD(taken)
      PENDULA_FIELD(done) PENDULA_FIELD(starts) PENDULA_FIELD(learning_rates) PENDULA_FIELD(momenta) PENDULA_FIELD(noise)
      PENDULA_FIELD(forced) PENDULA_FIELD(losses) PENDULA_FIELD(norms) PENDULA_FIELD(seconds);
#undef PENDULA_FIELD
  module.def("descend", run_descend, "bits"_a, "learner"_a,
             "Let a learner take its steps; `done` says how many it took, `seconds` how long.");
  module.def("adam_step", run_adam_step, "bits"_a, "size"_a, "weights"_a, "gradients"_a, "first_moments"_a,
             "second_moments"_a, "learning_rate"_a, "step"_a, "beta1"_a, "beta2"_a, "epsilon"_a, "weight_decay"_a,
             "decoupled"_a, "clip_norm"_a, "threads"_a,
             "Take a step of Adam or AdamW; give the gradient's norm before it was shortened.");
  module.def("nesterov_step", run_nesterov_step, "bits"_a, "size"_a, "weights"_a, "gradients"_a, "velocity"_a,
             "learning_rate"_a, "momentum"_a, "next_momentum"_a, "weight_decay"_a, "clip_norm"_a, "threads"_a,
             "Take a step of Nesterov's momentum; give the gradient's norm before it was shortened.");
}

}  // namespace pendula
