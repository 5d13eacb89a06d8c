// A forecaster that sees a series row by row.
#pragma once

#include <memory>
#include <vector>

#include "recurrent.h"

namespace pendula {

// What a forecaster has around its recurrent stack, contiguous. The stack sees values, increments, controls. The outputs
// are all channels of the first lead time, then those of the next; the linear path's inputs are all columns of the newest
// row, then those of the one before.
template <class Weight>
struct Frame {
  Index channels, controls;  // columns of a series: those that are predicted, and those that are only read
  Index leads;
  Index lags;       // of the linear path; 0: there is none
  bool increments;  // the stack sees the increments beside the values
  bool residual;    // the newest value is added to the predictions
  const Weight* head_weight;      // [output, hidden]
  const Weight* head_bias;        // [output]
  const Weight* output_scale;     // [output]
  const Weight* increment_scale;  // [channel]
  const double* linear_weight;    // [output, lag * column]
  const double* linear_bias;      // [output]
};

// All that a forecaster remembers. Null: nothing was seen yet (on the way in), not wanted (on the way out).
template <class Weight, class Value>
struct Memory {
  State<Weight> hidden;
  Value* last;  // [batch, channel]
  Value* past;  // [batch, lags - 1, column], oldest first
};

// results[o] = bias[o] + Σ weight[o, k] x[k], in the instruction set of the moment.
template <class Real>
using Affine = void (*)(const Real* weight, const Real* bias, const Real* x, Index outputs, Index size, Real* results);

// One batch of forecasters on one thread. The stack works in the precision of its weights, the linear path in double
// precision, all else in that of the series. `problem` is read as by `make_stepper`.
template <class Weight, class Value>
class Forecaster {
 public:
  Forecaster(const Problem& problem, const Parameters<const Weight>* parameters, const Frame<Weight>& frame,
             const Memory<const Weight, const Value>& first);
  // Takes in a row of each series, the first of a view: its values, and the controls beside them.
  void see(View<const Value> values, View<const Value> controls);
  // Predicts the values after the last one seen: [batch, lead, channel], contiguous.
  void predict(Value* predictions);
  // Copies all that is remembered out; contiguous.
  void memory(const Memory<Weight, Value>& now) const;

 private:
  Frame<Weight> frame_;
  Index batch_, hidden_size_, inputs_, columns_;
  bool fresh_;  // no value was seen yet
  Affine<Weight> head_sums_;
  Affine<double> linear_sums_;
  std::unique_ptr<Stepper<Weight>> stack_;
  std::vector<Weight> features_, output_, head_;
  std::vector<double> linear_;
  std::vector<Value> last_;
  // The last `lags` rows of each series twice in a row, so that from `newest_` on they lie newest first in one piece.
  std::vector<double> past_;
  Index newest_ = 0;
};

}  // namespace pendula
