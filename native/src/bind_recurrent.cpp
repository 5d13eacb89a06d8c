// The passes over whole sequences, for Python.
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>

#include <string>

#include "arguments.h"
#include "bindings.h"
#include "lasting.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace pendula {
namespace {

Index reserve_size_of(int bits, const ProblemFields& problem) {
  return with_real(bits, [&](auto real) { return reserve_size<decltype(real)>(problem_of(problem)); });
}

void run_forward(int bits, const ProblemFields& problem_fields, const ParameterFields& parameters, const ViewFields& input,
                 const StateFields& first, const ViewFields& output, const StateFields& last, Address reserve) {
  with_real(bits, [&](auto real) {
    using Real = decltype(real);
    const Problem problem = problem_of(problem_fields);
    const auto layers = parameters_of<const Real>(problem, parameters);
    const nb::gil_scoped_release released;
    forward<Real>(problem, layers.data(), view_of<const Real>(input), state_of<const Real>(first), view_of<Real>(output),
                  state_of<Real>(last), at<Real>(reserve));
  });
}

void run_backward(int bits, const ProblemFields& problem_fields, const ParameterFields& parameters, const ViewFields& input,
                  const StateFields& first, Address reserve, const ViewFields& output_gradient,
                  const StateFields& last_gradient, const ViewFields& input_gradient,
                  const ParameterFields& parameter_gradients, const StateFields& first_gradient) {
  with_real(bits, [&](auto real) {
    using Real = decltype(real);
    const Problem problem = problem_of(problem_fields);
    const auto layers = parameters_of<const Real>(problem, parameters);
    const auto gradients = parameters_of<Real>(problem, parameter_gradients);
    const nb::gil_scoped_release released;
    backward<Real>(problem, layers.data(), view_of<const Real>(input), state_of<const Real>(first), at<const Real>(reserve),
                   view_of<const Real>(output_gradient), state_of<const Real>(last_gradient), view_of<Real>(input_gradient),
                   gradients.data(), state_of<Real>(first_gradient));
  });
}

void run_tangent(int bits, const ProblemFields& problem_fields, const ParameterFields& parameters, const ViewFields& input,
                 const StateFields& first, Address reserve, const ParameterFields& parameter_tangents,
                 const ViewFields& input_tangent, const StateFields& first_tangent, const ViewFields& output_tangent,
                 const StateFields& last_tangent) {
  with_real(bits, [&](auto real) {
    using Real = decltype(real);
    const Problem problem = problem_of(problem_fields);
    const auto layers = parameters_of<const Real>(problem, parameters);
    const auto rates = parameters_of<const Real>(problem, parameter_tangents);
    const nb::gil_scoped_release released;
    tangent<Real>(problem, layers.data(), view_of<const Real>(input), state_of<const Real>(first), at<const Real>(reserve),
                  rates.data(), view_of<const Real>(input_tangent), state_of<const Real>(first_tangent),
                  view_of<Real>(output_tangent), state_of<Real>(last_tangent));
  });
}

nb::object lasting(int bits, Index elements) {
  return with_real(bits, [&](auto real) {
    using Real = decltype(real);
    if (elements < 0) throw nb::value_error("a tensor has no negative number of elements");
    void* data = take_lasting(static_cast<std::size_t>(elements) * sizeof(Real));
    const nb::capsule owner(data, [](void* block) noexcept { give_lasting(block); });
    const auto size = static_cast<std::size_t>(elements);
    return nb::cast(nb::ndarray<nb::pytorch, Real, nb::ndim<1>>(data, {size}, owner));
  });
}

std::vector<std::string> instruction_set_names() {
  int count = 0;
  const char* const* names = instruction_sets(&count);
  return {names, names + count};
}

void choose_instruction_set(const std::string& name) {
  if (!use_instruction_set(name.c_str())) throw nb::value_error("this build or this processor has no such instruction set");
}

}  // namespace

void bind_recurrent(nb::module_& module) {
  module.def("reserve_size", reserve_size_of, "bits"_a, "problem"_a,
             "How many elements the forward pass keeps for the backward and the tangent pass.");
  module.def("lasting", lasting, "bits"_a, "elements"_a,
             "Give a tensor without particular values, in memory that is kept for the next one when it is freed.");
  module.def("forward", run_forward, "bits"_a, "problem"_a, "parameters"_a, "input"_a, "first"_a, "output"_a, "last"_a,
             "reserve"_a, "Run the network over a batch of sequences.");
  module.def("backward", run_backward, "bits"_a, "problem"_a, "parameters"_a, "input"_a, "first"_a, "reserve"_a,
             "output_gradient"_a, "last_gradient"_a, "input_gradient"_a, "parameter_gradients"_a, "first_gradient"_a,
             "Overwrite the gradients with respect to inputs, parameters and initial states.");
  module.def("tangent", run_tangent, "bits"_a, "problem"_a, "parameters"_a, "input"_a, "first"_a, "reserve"_a,
             "parameter_tangents"_a, "input_tangent"_a, "first_tangent"_a, "output_tangent"_a, "last_tangent"_a,
             "Compute the Jacobian-vector product: the tangents of outputs and last states.");
  module.def("instruction_sets", instruction_set_names,
             "Names of the instruction sets that this build and this processor have, the best one last.");
  module.def("instruction_set", instruction_set, "Name of the instruction set in use.");
  module.def("use_instruction_set", choose_instruction_set, "name"_a, "Use an instruction set from now on.");
}

}  // namespace pendula
