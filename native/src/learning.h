// What is needed around the passes, as each instruction set offers it.
#pragma once

#include "forecaster.h"

namespace pendula {

// The series that windows are cut from: column c of row r is at data[r * row + c * column]. Channels come before controls.
struct Series {
  const void* data;
  int bits;  // 32 or 64: float or double
  Index row, column;
};

// What is asked for at each row of a series, where that is not the values to come: numbers [row, output] in the series'
// precision, NaN where unknown; or the class of a row, -1 where unknown.
struct Asked {
  const void* data = nullptr;  // null: the values to come
  bool classes = false;
  Index row = 0, column = 0, outputs = 0;
  const double* class_weights = nullptr;  // by how much a class counts; null: all the same

  Index columns() const { return classes ? 1 : outputs; }
};

// How the windows of a slice of the batch become inputs and targets.
struct Cut {
  Series series;
  Asked asked;
  const Index* starts;   // first row of each window
  const void* noise;     // [window, time, column] in the series' precision; null: none
  double noise_scale;
  Index windows, time;
  Index first_scored;    // step from which predictions are scored
  Index run;             // steps of the free run after a window; 0: there is none
};

// What a forecaster is shown at a step: channels and then controls.
template <class Real>
Index columns_of(const Frame<Real>& frame) {
  return frame.channels + frame.controls;
}

// Rows before a free run that it depends on.
template <class Real>
Index depth_of(const Frame<Real>& frame) {
  return frame.lags > 1 ? frame.lags : 1;
}

// The head's part of a slice. Rows of `pitch` elements are whole vectors; those beyond the hidden size are zero.
template <class Real>
struct HeadSlice {
  Index rows, pitch, outputs;
  const Real *weight, *bias;      // [output, pitch], [output]
  const Real* states;             // [row, pitch]
  const double* slopes;           // [row, output]: gradients with respect to the outputs
  Real* state_gradients;          // [row, pitch], overwritten
  Real *weight_sums, *bias_sums;  // [output, pitch], [output]: added to
};

// A step of Adam in numbers.
struct Update {
  double shorten;             // factor of the gradient
  double decay;               // weight decay through the gradient
  double shrink;              // share of the weights that AdamW takes off
  double keep_first, keep_second;
  double rate;                // learning rate over the bias correction of the first moment
  double second_correction;   // factor of the second moment's root
  double epsilon;
};

// A step of Nesterov's momentum in numbers.
struct Glide {
  double shorten;  // factor of the gradient
  double decay;    // weight decay through the gradient
  double momentum, next_momentum;
  double rate;
};

template <class Real>
struct Learning {
  // Inputs [window, time, features], and targets of the head: [window, scored time, output] in units of its scale, or what
  // is asked for, a class as its number. What a free run after the windows needs, if there is one.
  void (*cut)(const Cut&, const Frame<Real>&, Real* inputs, double* targets, double* past, double* ahead);
  void (*head_gradients)(const HeadSlice<Real>&);
  double (*sum_of_squares)(const Real* values, Index size);
  void (*update)(const Update&, Index size, Real* values, const Real* gradients, Real* first, Real* second);
  void (*glide)(const Glide&, Index size, Real* values, const Real* gradients, Real* velocity);
  // results[o] = bias[o] + Σ weight[o, k] x[k]
  void (*affine)(const Real* weight, const Real* bias, const Real* x, Index outputs, Index size, Real* results);
};

struct LearningTable {
  const Learning<float>* singles;
  const Learning<double>* doubles;
};

// What the instruction set in use offers.
template <class Real>
const Learning<Real>& learning();

}  // namespace pendula
