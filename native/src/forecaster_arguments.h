// What Python hands over about a forecaster: see arguments.h.
#pragma once

#include "arguments.h"
#include "forecaster.h"

namespace pendula {

// Channels, controls, leads, lags, increments, residual, and the addresses of head_weight, head_bias, output_scale,
// increment_scale, linear_weight and linear_bias.
using FrameFields =
    std::tuple<Index, Index, Index, Index, bool, bool, Address, Address, Address, Address, Address, Address>;
// Addresses of h, c, last and past.
using MemoryFields = std::tuple<Address, Address, Address, Address>;

template <class Weight>
Frame<Weight> frame_of(const FrameFields& fields) {
  const auto& [channels, controls, leads, lags, increments, residual, head_weight, head_bias, output_scale,
               increment_scale, linear_weight, linear_bias] = fields;
  return {channels,
          controls,
          leads,
          lags,
          increments,
          residual,
          at<const Weight>(head_weight),
          at<const Weight>(head_bias),
          at<const Weight>(output_scale),
          at<const Weight>(increment_scale),
          at<const double>(linear_weight),
          at<const double>(linear_bias)};
}

template <class Weight, class Value>
Memory<Weight, Value> memory_of(const MemoryFields& fields) {
  const auto& [h, c, last, past] = fields;
  return {{at<Weight>(h), at<Weight>(c)}, at<Value>(last), at<Value>(past)};
}

// Calls body(Weight{}, Value{}) with the floating-point types of so many bits.
template <class Body>
auto with_reals(int bits, int value_bits, Body body) {
  return with_real(bits, [&](auto weight) {
    return with_real(value_bits, [&](auto value) { return body(weight, value); });
  });
}

}  // namespace pendula
