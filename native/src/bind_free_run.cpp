// The free run and the forecaster that goes step by step, for Python: addresses come as integers, checked there.
#include <nanobind/nanobind.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "free_run.h"

namespace nb = nanobind;

namespace pendula {
namespace {

using Address = std::uintptr_t;
using ProblemFields = std::tuple<int, Index, Index, Index, Index, Index, Address, int>;
using FrameFields = std::tuple<Index, Index, Index, bool, bool, Address, Address, Address, Address, Address, Address>;
using ViewFields = std::tuple<Address, Index, Index, Index>;
using MemoryFields = std::tuple<Address, Address, Address, Address>;

template <class Real>
Real* at(Address address) {
  return reinterpret_cast<Real*>(address);
}

Problem problem_of(const ProblemFields& fields) {
  const auto& [cell, input_size, hidden_size, num_layers, batch, time, lengths, threads] = fields;
  return {static_cast<Cell>(cell), input_size, hidden_size, num_layers, batch, time, at<const Index>(lengths), threads};
}

template <class Weight>
std::vector<Parameters<const Weight>> parameters_of(const std::vector<Address>& addresses) {
  std::vector<Parameters<const Weight>> layers;
  for (std::size_t i = 0; i + 4 < addresses.size(); i += 5)
    layers.push_back({at<const Weight>(addresses[i]), at<const Weight>(addresses[i + 1]),
                      at<const Weight>(addresses[i + 2]), at<const Weight>(addresses[i + 3]),
                      at<const Weight>(addresses[i + 4])});
  return layers;
}

template <class Weight>
Frame<Weight> frame_of(const FrameFields& fields) {
  const auto& [channels, leads, lags, increments, residual, head_weight, head_bias, output_scale, increment_scale,
               linear_weight, linear_bias] = fields;
  return {channels,
          leads,
          lags,
          increments,
          residual,
          at<const Weight>(head_weight),
          at<const Weight>(head_bias),
          at<const Weight>(output_scale),
          at<const Weight>(increment_scale),
          at<const double>(linear_weight),
          at<const double>(linear_bias)};
}

template <class Value>
View<Value> view_of(const ViewFields& fields) {
  const auto& [address, batch, time, feature] = fields;
  return {at<Value>(address), batch, time, feature};
}

template <class Weight, class Value>
Memory<Weight, Value> memory_of(const MemoryFields& fields) {
  const auto& [h, c, last, past] = fields;
  return {{at<Weight>(h), at<Weight>(c)}, at<Value>(last), at<Value>(past)};
}

// Calls function(Weight{}, Value{}) with the types of so many bits.
template <class Function>
auto with_types(int bits, int value_bits, Function function) {
  if (bits == 32) return value_bits == 32 ? function(float{}, float{}) : function(float{}, double{});
  return value_bits == 32 ? function(double{}, float{}) : function(double{}, double{});
}

// A forecaster of whatever precision.
class Stream {
 public:
  virtual ~Stream() = default;
  virtual void step(Address values, Address predictions) = 0;
  virtual void memory(const MemoryFields& now) const = 0;
};

template <class Weight, class Value>
class StreamOf final : public Stream {
 public:
  StreamOf(const Problem& problem, const std::vector<Address>& parameters, const Frame<Weight>& frame,
           const MemoryFields& first)
      : channels_(frame.channels),
        forecaster_(problem, parameters_of<Weight>(parameters).data(), frame,
                    memory_of<const Weight, const Value>(first)) {}

  void step(Address values, Address predictions) override {
    forecaster_.see(at<const Value>(values), channels_, 1);
    forecaster_.predict(at<Value>(predictions));
  }

  void memory(const MemoryFields& now) const override { forecaster_.memory(memory_of<Weight, Value>(now)); }

 private:
  Index channels_;
  Forecaster<Weight, Value> forecaster_;
};

std::unique_ptr<Stream> make_stream(int bits, int value_bits, const ProblemFields& problem,
                                    const std::vector<Address>& parameters, const FrameFields& frame,
                                    const MemoryFields& first) {
  return with_types(bits, value_bits, [&](auto weight, auto value) -> std::unique_ptr<Stream> {
    using Weight = decltype(weight);
    return std::make_unique<StreamOf<Weight, decltype(value)>>(problem_of(problem), parameters,
                                                               frame_of<Weight>(frame), first);
  });
}

void run(int bits, int value_bits, const ProblemFields& problem, const std::vector<Address>& parameters,
         const FrameFields& frame, const ViewFields& known, const MemoryFields& first, Index steps,
         const ViewFields& output, const MemoryFields& last) {
  const nb::gil_scoped_release released;
  with_types(bits, value_bits, [&](auto weight, auto value) {
    using Weight = decltype(weight);
    using Value = decltype(value);
    free_run<Weight, Value>(problem_of(problem), parameters_of<Weight>(parameters).data(), frame_of<Weight>(frame),
                            view_of<const Value>(known), memory_of<const Weight, const Value>(first), steps,
                            view_of<Value>(output), memory_of<Weight, Value>(last));
  });
}

}  // namespace

void bind_free_run(nb::module_& module) {
  module.def("free_run", &run);
  // The interpreter's lock is kept: a step takes microseconds, and two threads must not go on with one state.
  nb::class_<Stream>(module, "Stream")
      .def("step", &Stream::step)
      .def("memory", &Stream::memory);
  module.def("make_stream", &make_stream);
}

}  // namespace pendula
