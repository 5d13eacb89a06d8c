// The passes over a slice of the batch, as each instruction set offers them.
#pragma once

#include "recurrent.h"
#include "reservoir_table.h"

namespace pendula {

template <class Real>
struct Passes {
  void (*forward)(const Problem&, Index first_row, Index rows, const Parameters<const Real>*, View<const Real>,
                  State<const Real>, View<Real>, State<Real>, Real* reserve);
  void (*backward)(const Problem&, Index first_row, Index rows, const Parameters<const Real>*, View<const Real>,
                   State<const Real>, const Real* reserve, View<const Real>, State<const Real>, View<Real>,
                   const Parameters<Real>*, State<Real>);
  void (*tangent)(const Problem&, Index first_row, Index rows, const Parameters<const Real>*, View<const Real>,
                  State<const Real>, const Real* reserve, const Parameters<const Real>*, View<const Real>,
                  State<const Real>, View<Real>, State<Real>);
  Stepper<Real>* (*make_stepper)(const Problem&, const Parameters<const Real>*, State<const Real>);
  Unrolled<Real>* (*make_unrolled)(Scratch&, const Problem&, const Parameters<const Real>*, State<const Real>);
};

struct Table {
  const char* name;
  const Passes<float>* (*singles)(Cell);
  const Passes<double>* (*doubles)(Cell);
  const ReservoirTable* reservoirs;
};

}  // namespace pendula
