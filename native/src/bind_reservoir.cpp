// Reservoirs, for Python.
#include "arguments.h"
#include "bindings.h"
#include "reservoir.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace pendula {
namespace {

// Units, inputs, and the addresses of starts, columns, values, input and bias.
using ReservoirFields = std::tuple<Index, Index, Address, Address, Address, Address, Address>;
// Addresses of weight and bias, outputs, direct.
using ReadoutFields = std::tuple<Address, Address, Index, bool>;

template <class Real>
Reservoir<Real> reservoir_of(const ReservoirFields& fields, double leak) {
  const auto& [units, inputs, starts, columns, values, input, bias] = fields;
  return {units, inputs, at<const std::int32_t>(starts), at<const std::int32_t>(columns), at<const Real>(values),
          at<const Real>(input), at<const Real>(bias), static_cast<Real>(leak)};
}

void drive_reservoir(int bits, const ReservoirFields& fields, double leak, Index batch, Index time, const ViewFields& inputs,
                     Address first, const ViewFields& states, int threads) {
  with_real(bits, [&](auto real) {
    using Real = decltype(real);
    const Reservoir<Real> reservoir = reservoir_of<Real>(fields, leak);
    const nb::gil_scoped_release released;
    drive<Real>(reservoir, batch, time, view_of<const Real>(inputs), at<const Real>(first), view_of<Real>(states), threads);
  });
}

void run_reservoir(int bits, const ReservoirFields& fields, double leak, const ReadoutFields& readout_fields, Index batch,
                   Index time, Address states, Address values, const ViewFields& external, const ViewFields& predictions,
                   int threads) {
  with_real(bits, [&](auto real) {
    using Real = decltype(real);
    const Reservoir<Real> reservoir = reservoir_of<Real>(fields, leak);
    const auto& [weight, bias, outputs, direct] = readout_fields;
    const Readout<Real> readout = {at<const Real>(weight), at<const Real>(bias), outputs, direct};
    const nb::gil_scoped_release released;
    run_on<Real>(reservoir, readout, batch, time, at<const Real>(states), at<const Real>(values),
                 view_of<const Real>(external), view_of<Real>(predictions), threads);
  });
}

}  // namespace

void bind_reservoir(nb::module_& module) {
  module.def("drive_reservoir", drive_reservoir, "bits"_a, "reservoir"_a, "leak"_a, "batch"_a, "time"_a, "inputs"_a,
             "first"_a, "states"_a, "threads"_a, "Show sequences to a reservoir.");
  module.def("run_reservoir", run_reservoir, "bits"_a, "reservoir"_a, "leak"_a, "readout"_a, "batch"_a, "time"_a,
             "states"_a, "values"_a, "external"_a, "predictions"_a, "threads"_a,
             "Let a reservoir run on by itself, from many starts at once.");
}

}  // namespace pendula
