// Adam and AdamW over one vector of parameters.
#pragma once

#include "recurrent.h"

namespace pendula {

// As torch.optim has them.
struct Adam {
  double beta1, beta2, epsilon, weight_decay;
  bool decoupled;    // AdamW: weight decay does not pass through the gradient
  double clip_norm;  // longest gradient that is not shortened; infinity: none is
};

template <class Real>
struct FlatWeights {
  Index size;
  Real *values, *gradients, *first_moments, *second_moments;
};

// Takes one step and returns the norm of the gradient before it was shortened; the gradient itself stays as it is. Steps
// are counted from 1. The result has the same bits on any number of threads.
template <class Real>
double adam_step(const Adam& adam, const FlatWeights<Real>& weights, double learning_rate, Index step, int threads);

}  // namespace pendula
