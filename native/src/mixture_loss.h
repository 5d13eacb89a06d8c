// The likelihood of a value under a mixture of normal distributions around its prediction.
#pragma once

#include "recurrent.h"
#include "scratch.h"

namespace pendula {

// What a head says of `components` distributions over several channels, all in units of the output scale, in a row: the
// prediction; then for each component the logarithm of its weight and its offsets, which a single one does without, its
// deviations and the triangle of its whitening. `pendula.nn.Spread` says how these numbers are made fit.
class MixtureLoss {
 public:
  MixtureLoss(Scratch& scratch, Index channels, Index components);

  static Index outputs(Index channels, Index components);

  // Returns -ln p of the target; slopes [output]: its gradient.
  double operator()(const double* said, const double* target, double* slopes) const;

 private:
  bool is_mixed() const { return components_ > 1; }
  void weigh(const double* raw) const;
  double score(Index component, const double* raw, const double* said, const double* target) const;
  void back_through_normal(Index component, const double* raw, double share, double* slopes) const;
  void back_through_weights(const double* raw, const double* mean_slopes, double* slopes) const;

  Index channels_, components_, size_;  // size_: numbers of a component
  double *log_weights_, *weights_, *middle_;  // [component], [component], [channel]: the mean of the offsets
  double *apart_, *white_, *deviation_;       // [component, channel]
  double* log_likelihoods_;                   // [component]
};

}  // namespace pendula
