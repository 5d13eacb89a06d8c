#include "steps.h"

#include <algorithm>
#include <cmath>

#include "learning.h"
#include "scratch.h"
#include "threads.h"

namespace pendula {
namespace {

constexpr Index block = 4096;          // elements that are summed, or updated, at once
constexpr Index worthwhile_blocks = 16;  // fewer are done before a second thread has woken up

// Calls body(begin, end, block index) for all blocks, spread over threads.
template <class Body>
void for_blocks(Index size, int threads, Body&& body) {
  const Index blocks = (size + block - 1) / block;
  const int count = blocks < worthwhile_blocks ? 1 : threads;
  parallel(count, [&](int index) {
    for (Index b = blocks * index / count; b < blocks * (index + 1) / count; ++b) {
      body(b * block, std::min(size, (b + 1) * block), b);
    }
  });
}

template <class Real>
double norm_of(const FlatWeights<Real>& weights, int threads) {
  const Learning<Real>& chosen = learning<Real>();
  const Index blocks = (weights.size + block - 1) / block;
  Scratch scratch;
  auto* sums = static_cast<double*>(scratch.take(static_cast<std::size_t>(blocks) * sizeof(double)));
  for_blocks(weights.size, threads, [&](Index begin, Index end, Index b) {
    sums[b] = chosen.sum_of_squares(weights.gradients + begin, end - begin);
  });
  double total = 0;
  for (Index b = 0; b < blocks; ++b) total += sums[b];
  return std::sqrt(total);
}

// As torch.nn.utils.clip_grad_norm_ has it. A norm that is no number makes the gradient one that is none.
double shortening(double norm, double clip_norm) {
  const double factor = clip_norm / (norm + 1e-6);
  return std::isinf(clip_norm) || factor > 1 ? 1 : factor;
}

}  // namespace

template <class Real>
double adam_step(const Adam& adam, const FlatWeights<Real>& weights, double learning_rate, Index step, int threads) {
  const double norm = norm_of(weights, threads);
  Update by;
  by.shorten = shortening(norm, adam.clip_norm);
  by.decay = adam.decoupled ? 0 : adam.weight_decay;
  by.shrink = adam.decoupled ? learning_rate * adam.weight_decay : 0;
  by.keep_first = adam.beta1;
  by.keep_second = adam.beta2;
  by.rate = learning_rate / (1 - std::pow(adam.beta1, static_cast<double>(step)));
  by.second_correction = 1 / std::sqrt(1 - std::pow(adam.beta2, static_cast<double>(step)));
  by.epsilon = adam.epsilon;
  for_blocks(weights.size, threads, [&](Index begin, Index end, Index) {
    learning<Real>().update(by, end - begin, weights.values + begin, weights.gradients + begin,
                            weights.first_moments + begin, weights.second_moments + begin);
  });
  return norm;
}

template <class Real>
double nesterov_step(const Nesterov& nesterov, const FlatWeights<Real>& weights, double learning_rate, int threads) {
  const double norm = norm_of(weights, threads);
  const Glide by{shortening(norm, nesterov.clip_norm), nesterov.weight_decay, nesterov.momentum, nesterov.next_momentum,
                 learning_rate};
  for_blocks(weights.size, threads, [&](Index begin, Index end, Index) {
    learning<Real>().glide(by, end - begin, weights.values + begin, weights.gradients + begin,
                           weights.first_moments + begin);
  });
  return norm;
}

template double adam_step<float>(const Adam&, const FlatWeights<float>&, double, Index, int);
template double adam_step<double>(const Adam&, const FlatWeights<double>&, double, Index, int);
template double nesterov_step<float>(const Nesterov&, const FlatWeights<float>&, double, int);
template double nesterov_step<double>(const Nesterov&, const FlatWeights<double>&, double, int);

}  // namespace pendula
