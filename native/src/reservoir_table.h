// What each instruction set offers for reservoirs.
#pragma once

#include "reservoir.h"

namespace pendula {

// A run of a reservoir, over time, of sequences that are driven or run freely.
template <class Real>
struct ReservoirTask {
  const Reservoir<Real>* reservoir;
  const Readout<Real>* readout;  // null: driven
  Index time;
  View<const Real> inputs;       // driven
  const Real* first;             // [batch, unit]; null: zeros
  View<Real> states;             // driven
  const Real* values;            // [batch, input], running freely
  View<const Real> external;     // running freely
  View<Real> predictions;        // running freely
};

template <class Real>
struct ReservoirPasses {
  Index together;  // how many sequences are worth going through time together
  // Sequences `first` … `first + count - 1`, side by side.
  void (*several)(const ReservoirTask<Real>&, Index first, Index count);
  // One sequence.
  void (*alone)(const ReservoirTask<Real>&, Index row);
};

struct ReservoirTable {
  const ReservoirPasses<float>* singles;
  const ReservoirPasses<double>* doubles;
};

// Those of the instruction set in use.
template <class Real>
const ReservoirPasses<Real>& reservoir_passes();

}  // namespace pendula
