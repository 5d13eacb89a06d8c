// Steps of descent over one vector of parameters: Adam and AdamW, and Nesterov's momentum.
#pragma once

#include "recurrent.h"

namespace pendula {

// As torch.optim has them.
struct Adam {
  double beta1, beta2, epsilon, weight_decay;
  bool decoupled;    // AdamW: weight decay does not pass through the gradient
  double clip_norm;  // longest gradient that is not shortened; infinity: none is
};

// I. Sutskever et al., ICML 2013, equations 3 and 4. The weights are those at which the gradient is taken, θ + μv.
struct Nesterov {
  double weight_decay, clip_norm;
  double momentum, next_momentum;  // of this step and of the one after it
};

// Nesterov's velocity is its first moment; it has no second.
template <class Real>
struct FlatWeights {
  Index size;
  Real *values, *gradients, *first_moments, *second_moments;
};

// Takes one step and returns the norm of the gradient before it was shortened; the gradient itself stays as it is. Steps
// are counted from 1. The result has the same bits on any number of threads.
template <class Real>
double adam_step(const Adam& adam, const FlatWeights<Real>& weights, double learning_rate, Index step, int threads);

template <class Real>
double nesterov_step(const Nesterov& nesterov, const FlatWeights<Real>& weights, double learning_rate, int threads);

}  // namespace pendula
