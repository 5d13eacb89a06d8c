// Reservoirs: sparse or dense networks of leaky tanh units with fixed weights, driven or running freely.
#pragma once

#include "recurrent.h"

namespace pendula {

// h' = (1 - leak) h + leak tanh(W h + U x + b), with W in compressed rows, or dense without `starts`.
template <class Real>
struct Reservoir {
  Index units, inputs;
  const std::int32_t* starts;   // [unit + 1]: where each row begins; null: W is dense
  const std::int32_t* columns;  // of the values; below 65 536
  const Real* values;           // dense: [unit, unit]
  const Real* input;            // U [unit, input]
  const Real* bias;             // b [unit]
  Real leak;
};

// y = weightᵀ [h; x] + bias, without x unless `direct`; where outputs are fewer than inputs, the rest of x comes from
// outside.
template <class Real>
struct Readout {
  const Real* weight;  // [feature, output]
  const Real* bias;    // [output]
  Index outputs;
  bool direct;
};

// Shows `batch` sequences of `time` steps to a reservoir; `first` [batch, unit] is null for zeros. Neither the batch that
// a sequence is in nor the number of threads changes a bit of its states.
template <class Real>
void drive(const Reservoir<Real>& reservoir, Index batch, Index time, View<const Real> inputs, const Real* first,
           View<Real> states, int threads);

// Lets a reservoir run on from states [batch, unit] and values [batch, input]: what it predicts becomes what it sees. The
// predictions of `time` steps are [batch, time, output], the external inputs after each of them a view or absent.
template <class Real>
void run_on(const Reservoir<Real>& reservoir, const Readout<Real>& readout, Index batch, Index time, const Real* states,
            const Real* values, View<const Real> external, View<Real> predictions, int threads);

}  // namespace pendula
