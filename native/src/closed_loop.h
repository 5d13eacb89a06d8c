// The free run after a window as a part of the loss: what is predicted becomes what is seen.
#pragma once

#include <memory>

#include "learning.h"
#include "scratch.h"

namespace pendula {

// What lies around the runs of a slice of the batch. Columns are channels and then controls.
struct Surroundings {
  Index steps;                  // of the run, all of which are scored
  const double* past;           // [window, depth, column]: what was seen before, newest first
  const double* ahead;          // [window, steps + 1, column]: what follows
  const unsigned char* forced;  // [window, steps]: whether the truth is shown instead of the prediction; null: never
  double slope;                 // gradient of the loss: slope times the error
};

// The runs of a slice of the batch, and back-propagation through them, in this order: forward, back, add_gradients.
template <class Real>
class ClosedLoop {
 public:
  // `start` is the state after the windows; the head's states, slopes and state gradients are not read.
  ClosedLoop(Scratch& scratch, const Problem& problem, const Parameters<const Real>* parameters, const Frame<Real>& frame,
             const HeadSlice<Real>& head, const Surroundings& around, State<const Real> start);

  // From the head's outputs [window, output] after the windows. Returns the sum of squared errors.
  double forward(const Real* outputs);
  // Gradients with respect to those outputs, which are added to, and to the state after the windows; and sums of the head's.
  void back(double* output_gradients, Index row, State<Real> state_gradient);
  void add_gradients(const Parameters<Real>* gradients) { stack_->add_gradients(gradients); }

 private:
  const double* seen(Index window, Index step) const;  // what was shown at a step of the run, counted from 1, or before it
  double* shown(Index step) const { return shown_ + (step - 1) * windows_ * columns_; }
  double* due(Index step) const { return due_ + (step - 1) * windows_ * channels_; }
  double* errors(Index step) const { return errors_ + (step - 1) * windows_ * channels_; }
  Real* states(Index step) const { return states_ + (step - 1) * windows_ * head_.pitch; }
  double known(Index window, Index step, Index channel) const;
  bool is_forced(Index window, Index step) const;
  void show(Index step);
  void predict(Index step, Index window, const Real* outputs);
  double score(Index step, Index window) const;
  void back_through_prediction(Index step);
  void back_through_known(Index window, Index step, Index channel, double gradient);
  void back_through_input(Index step);

  const Frame<Real>& frame_;
  HeadSlice<Real> head_;
  Surroundings around_;
  Index windows_, channels_, columns_, inputs_, input_pitch_;
  std::unique_ptr<Unrolled<Real>> stack_;
  double *shown_, *errors_;   // [step, window, column or channel]
  double *predicted_;         // [window, channel]: the newest prediction
  double *due_;               // [step, window, channel]: gradients with respect to what was shown
  double *slopes_;            // [window, channel]: gradients with respect to a step's outputs
  Real *states_, *features_, *outputs_, *state_gradients_, *input_gradients_;
};

}  // namespace pendula
