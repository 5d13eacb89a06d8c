// Gradient descent over many batches in one call: windows are cut from a series by their first rows. What is minimized, by
// Adam or Nesterov's momentum, are the squared errors of the predictions one step ahead (or of a head's several leads), and
// of those of a free run after each window; or -ln of a likelihood; or the loss of answers to what is asked for at each row.
#pragma once

#include <vector>

#include "forecaster.h"
#include "learning.h"
#include "mixture_loss.h"
#include "steps.h"

namespace pendula {

// The steps that a call is to take. Batches are full but for the last.
struct Plan {
  Index steps, windows;
  const Index* starts;           // first row of each window
  const double* learning_rates;  // [step]
  const double* momenta;         // [step + 1]: of Nesterov's steps and of the one after them; null: the steps are Adam's
  const void* noise;             // [window, time, column] in the series' precision; null: none
  const unsigned char* forced;   // [window, run]: whether the truth is shown there instead of the prediction; null: never
  double *losses, *norms;        // [step], written: mean squared errors; gradients' norms before they are shortened
  Index taken;                   // steps taken before this call
  Index done = 0;                // of those asked for; fewer than asked for if a loss was not finite
  double seconds = 0;            // that they took
};

// A network and how it learns. All memory belongs to the caller.
template <class Real>
struct Learner {
  Problem problem;             // batch: windows in a step; time: of the input; threads: for this learner
  Frame<Real> frame;           // its head lies within `weights`
  Index components;            // of the mixture that the head says around its prediction; 0: the prediction is all it says
  std::vector<Index> offsets;  // of w_ih, w_hh, b_ih, b_hh, leak of each layer; weight and bias of the head, and of what
                               // says a mixture; -1: absent
  FlatWeights<Real> weights;
  Adam adam;
  Series series;
  Asked asked;
  double noise_scale;
  Index first_scored;          // step of a window from which predictions are scored
  Index run;                   // steps of a free run after each window, which are scored, too
  Plan plan;
};

// Numbers that the network says at a step.
template <class Real>
Index outputs_of(const Learner<Real>& learner) {
  if (learner.components > 0) return MixtureLoss::outputs(learner.frame.channels, learner.components);
  return learner.asked.data == nullptr ? learner.frame.leads * learner.frame.channels : learner.asked.outputs;
}

// Numbers that it is asked for there.
template <class Real>
Index targets_of(const Learner<Real>& learner) {
  return learner.asked.data == nullptr ? learner.frame.leads * learner.frame.channels : learner.asked.columns();
}

// Lets the learner take its steps. Several threads may let one learner each descend at the same time.
template <class Real>
void descend(Learner<Real>& learner);

}  // namespace pendula
