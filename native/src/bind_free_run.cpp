// The free run, and the forecaster that sees a series value by value, for Python.
#include <nanobind/stl/unique_ptr.h>

#include <memory>

#include "bindings.h"
#include "forecaster_arguments.h"
#include "free_run.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace pendula {
namespace {

void run_freely(int bits, int value_bits, const ProblemFields& problem_fields, const ParameterFields& parameters,
                const FrameFields& frame, const ViewFields& known, const MemoryFields& first, Index steps,
                const ViewFields& ahead, const ViewFields& output, const MemoryFields& last) {
  with_reals(bits, value_bits, [&](auto weight, auto value) {
    using Weight = decltype(weight);
    using Value = decltype(value);
    const Problem problem = problem_of(problem_fields);
    const auto layers = parameters_of<const Weight>(problem, parameters);
    const nb::gil_scoped_release released;
    free_run<Weight, Value>(problem, layers.data(), frame_of<Weight>(frame), view_of<const Value>(known),
                            memory_of<const Weight, const Value>(first), steps, view_of<const Value>(ahead),
                            view_of<Value>(output), memory_of<Weight, Value>(last));
  });
}

// A forecaster of whatever precision.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void step(Address row, Address predictions) = 0;
  virtual void memory(const MemoryFields& now) const = 0;
};

template <class Weight, class Value>
class StreamOf final : public Stream {
 public:
  StreamOf(const Problem& problem, const std::vector<Parameters<const Weight>>& layers, const Frame<Weight>& frame,
           const Memory<const Weight, const Value>& first)
      : channels_(frame.channels),
        columns_(frame.channels + frame.controls),
        forecaster_(problem, layers.data(), frame, first) {}

  void step(Address row, Address predictions) override {
    const Value* const values = at<const Value>(row);
    forecaster_.see({values, columns_, 0, 1}, {values + channels_, columns_, 0, 1});
    forecaster_.predict(at<Value>(predictions));
  }

  void memory(const MemoryFields& now) const override { forecaster_.memory(memory_of<Weight, Value>(now)); }

 private:
  Index channels_, columns_;
  Forecaster<Weight, Value> forecaster_;
};

std::unique_ptr<Stream> make_stream(int bits, int value_bits, const ProblemFields& problem_fields,
                                    const ParameterFields& parameters, const FrameFields& frame,
                                    const MemoryFields& first) {
  return with_reals(bits, value_bits, [&](auto weight, auto value) -> std::unique_ptr<Stream> {
    using Weight = decltype(weight);
    using Value = decltype(value);
    const Problem problem = problem_of(problem_fields);
    return std::make_unique<StreamOf<Weight, Value>>(problem, parameters_of<const Weight>(problem, parameters),
                                                     frame_of<Weight>(frame),
                                                     memory_of<const Weight, const Value>(first));
  });
}

}  // namespace

void bind_free_run(nb::module_& module) {
  module.def("free_run", run_freely, "bits"_a, "value_bits"_a, "problem"_a, "parameters"_a, "frame"_a, "known"_a,
             "first"_a, "steps"_a, "ahead"_a, "output"_a, "last"_a,
             "Show known rows to forecasters and let them run on by themselves.");
  // The interpreter's lock is kept: a step takes microseconds, and two threads must not go on with one state.
  nb::class_<Stream>(module, "Stream", "Forecasters that see a series row by row; the frame's memory is not copied.")
      .def("step", &Stream::step, "row"_a, "predictions"_a, "See one row of each series and predict what follows.")
      .def("memory", &Stream::memory, "now"_a, "Copy all that is remembered out.");
  module.def("make_stream", make_stream, "bits"_a, "value_bits"_a, "problem"_a, "parameters"_a, "frame"_a, "first"_a,
             "Make a Stream that goes on from a memory.");
}

}  // namespace pendula
