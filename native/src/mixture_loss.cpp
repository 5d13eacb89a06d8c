#include "mixture_loss.h"

#include <algorithm>
#include <cmath>

#include "room.h"

namespace pendula {
namespace {

constexpr double smallest_deviation = 1e-4;
// softplus of this and the smallest deviation are 1.
const double at_zero = std::log(std::expm1(1 - smallest_deviation));
const double half_log_two_pi = 0.5 * std::log(2 * std::acos(-1.0));

// As torch has it: beyond 20 it is the identity.
double softplus(double x) { return x > 20 ? x : std::log1p(std::exp(x)); }
double softplus_slope(double x) { return x > 20 ? 1 : 1 / (1 + std::exp(-x)); }

double log_sum_of_exponentials(const double* values, Index count) {
  const double most = *std::max_element(values, values + count);
  double sum = 0;
  for (Index k = 0; k < count; ++k) sum += std::exp(values[k] - most);
  return std::log(sum) + most;
}

Index size_of_component(Index channels, Index components) {
  return (components > 1 ? 1 + channels : 0) + channels + channels * (channels - 1) / 2;
}

}  // namespace

MixtureLoss::MixtureLoss(Scratch& scratch, Index channels, Index components)
    : channels_(channels), components_(components), size_(size_of_component(channels, components)) {
  const Index all = components * channels;
  log_weights_ = take<double>(scratch, 3 * components + channels + 3 * all);
  weights_ = log_weights_ + components;
  log_likelihoods_ = weights_ + components;
  middle_ = log_likelihoods_ + components;
  apart_ = middle_ + channels;
  white_ = apart_ + all;
  deviation_ = white_ + all;
}

Index MixtureLoss::outputs(Index channels, Index components) {
  return channels + components * size_of_component(channels, components);
}

double MixtureLoss::operator()(const double* said, const double* target, double* slopes) const {
  const double* raw = said + channels_;
  weigh(raw);
  for (Index k = 0; k < components_; ++k) log_likelihoods_[k] = score(k, raw + k * size_, said, target);
  const double total = log_sum_of_exponentials(log_likelihoods_, components_);
  std::fill_n(slopes, outputs(channels_, components_), 0.0);
  for (Index k = 0; k < components_; ++k) {
    back_through_normal(k, raw + k * size_, std::exp(log_likelihoods_[k] - total), slopes);
  }
  if (is_mixed()) back_through_weights(raw, slopes, slopes + channels_);
  return -total;
}

void MixtureLoss::weigh(const double* raw) const {
  std::fill_n(middle_, channels_, 0.0);
  log_weights_[0] = 0;
  weights_[0] = 1;
  if (!is_mixed()) return;
  for (Index k = 0; k < components_; ++k) log_weights_[k] = raw[k * size_];
  const double total = log_sum_of_exponentials(log_weights_, components_);
  for (Index k = 0; k < components_; ++k) {
    log_weights_[k] -= total;
    weights_[k] = std::exp(log_weights_[k]);
    for (Index c = 0; c < channels_; ++c) middle_[c] += weights_[k] * raw[k * size_ + 1 + c];
  }
}

// ln of weight and density: the value lies `apart` from the component's mean, and is whitened by diag(1/σ) (1 + B).
double MixtureLoss::score(Index component, const double* raw, const double* said, const double* target) const {
  double *apart = apart_ + component * channels_, *white = white_ + component * channels_;
  double* deviation = deviation_ + component * channels_;
  const double* offsets = raw + 1;
  if (is_mixed()) raw += 1 + channels_;
  const double* below = raw + channels_;
  double sum = log_weights_[component];
  for (Index i = 0; i < channels_; ++i) {
    apart[i] = target[i] - said[i] - (is_mixed() ? offsets[i] - middle_[i] : 0);
    deviation[i] = softplus(raw[i] + at_zero) + smallest_deviation;
    double along = apart[i];
    for (Index j = 0; j < i; ++j) along += *below++ * apart[j];
    white[i] = along / deviation[i];
    sum -= std::log(deviation[i]) + 0.5 * white[i] * white[i] + half_log_two_pi;
  }
  return sum;
}

// `share` is how much of the likelihood is the component's. The slopes of offsets are those before their mean is taken off.
void MixtureLoss::back_through_normal(Index component, const double* raw, double share, double* slopes) const {
  const double *apart = apart_ + component * channels_, *white = white_ + component * channels_;
  const double* deviation = deviation_ + component * channels_;
  double* own = slopes + channels_ + component * size_;
  double* offset_slopes = own + 1;
  if (is_mixed()) {
    own[0] = -share;
    own += 1 + channels_;
    raw += 1 + channels_;
  }
  const double* below = raw + channels_;
  double* below_slopes = own + channels_;
  const auto add = [&](Index channel, double slope) {
    slopes[channel] -= slope;
    if (is_mixed()) offset_slopes[channel] -= slope;
  };
  for (Index i = 0; i < channels_; ++i) {
    const double along = share * white[i] / deviation[i];
    own[i] = share * (1 - white[i] * white[i]) / deviation[i] * softplus_slope(raw[i] + at_zero);
    add(i, along);
    for (Index j = 0; j < i; ++j) {
      add(j, along * *below++);
      *below_slopes++ = along * apart[j];
    }
  }
}

// From the logarithms of the weights, and from offsets of which the mean was taken off, to what the head said.
void MixtureLoss::back_through_weights(const double* raw, const double* mean_slopes, double* slopes) const {
  const auto pull = [&](Index component) {
    double sum = 0;
    for (Index c = 0; c < channels_; ++c) sum -= raw[component * size_ + 1 + c] * mean_slopes[c];
    return sum;
  };
  double middle = 0;
  for (Index k = 0; k < components_; ++k) middle += weights_[k] * pull(k);
  for (Index k = 0; k < components_; ++k) {
    double* own = slopes + k * size_;
    own[0] += weights_[k] * (1 + pull(k) - middle);
    for (Index c = 0; c < channels_; ++c) own[1 + c] -= weights_[k] * mean_slopes[c];
  }
}

}  // namespace pendula
