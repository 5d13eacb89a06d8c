// The passes for one instruction set: PENDULA_ISA names it, and the compiler's options choose it.
//
// Nothing here may be shared with code for another instruction set: all templates live in a namespace of their own, and the
// standard library's are not used, since a linker keeps but one copy of an inline function.
#include "backward.h"
#include "forward.h"
#include "stepper.h"
#include "table.h"
#include "tangent.h"
#include "unrolled.h"

namespace pendula {
namespace PENDULA_ISA {
namespace {

template <class Real, class Kind>
constexpr Passes<Real> passes = {
    [](const Problem& problem, Index first_row, Index rows, const Parameters<const Real>* parameters, View<const Real> input,
       State<const Real> first, View<Real> output, State<Real> last, Real* reserve) {
      forward_slice<Real, Kind>(problem, {first_row, rows}, parameters, input, first, output, last, reserve);
    },
    [](const Problem& problem, Index first_row, Index rows, const Parameters<const Real>* parameters, View<const Real> input,
       State<const Real> first, const Real* reserve, View<const Real> output_gradient, State<const Real> last_gradient,
       View<Real> input_gradient, const Parameters<Real>* gradients, State<Real> first_gradient) {
      backward_slice<Real, Kind>(problem, {first_row, rows}, parameters, input, first, reserve, output_gradient,
                                 last_gradient, input_gradient, gradients, first_gradient);
    },
    [](const Problem& problem, Index first_row, Index rows, const Parameters<const Real>* parameters, View<const Real> input,
       State<const Real> first, const Real* reserve, const Parameters<const Real>* rates, View<const Real> input_rates,
       State<const Real> first_rates, View<Real> output_rates, State<Real> last_rates) {
      tangent_slice<Real, Kind>(problem, {first_row, rows}, parameters, input, first, reserve, rates, input_rates,
                                first_rates, output_rates, last_rates);
    },
    [](const Problem& problem, const Parameters<const Real>* parameters, State<const Real> first) -> Stepper<Real>* {
      return new CellStepper<Real, Kind>(problem, parameters, first);
    },
    [](Scratch& scratch, const Problem& problem, const Parameters<const Real>* parameters,
       State<const Real> first) -> Unrolled<Real>* {
      return new CellUnrolled<Real, Kind>(scratch, problem, parameters, first);
    }};

template <class Real>
const Passes<Real>* passes_of(Cell cell) {
  switch (cell) {
    case Cell::rnn_tanh: return &passes<Real, SimpleCell<Real, false>>;
    case Cell::rnn_relu: return &passes<Real, SimpleCell<Real, true>>;
    case Cell::lstm: return &passes<Real, LstmCell<Real>>;
    case Cell::gru: return &passes<Real, GruCell<Real>>;
    default: return &passes<Real, LeakyCell<Real>>;
  }
}

#define PENDULA_NAME(name) PENDULA_QUOTED(name)
#define PENDULA_QUOTED(name) #name

}  // namespace

extern const ReservoirTable reservoir_table;
extern const Table table;
const Table table = {PENDULA_NAME(PENDULA_ISA), passes_of<float>, passes_of<double>, &reservoir_table};

}  // namespace PENDULA_ISA
}  // namespace pendula
