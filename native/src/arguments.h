// What Python hands over: tuples of integers, addresses among them (0: absent). The caller has checked what they mean.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <tuple>
#include <vector>

#include "recurrent.h"

namespace pendula {

using Address = std::uintptr_t;
// Cell, input size, hidden size, layers, batch, time, address of the lengths, threads.
using ProblemFields = std::tuple<int, Index, Index, Index, Index, Index, Address, int>;
// Address and the strides of batch, time and feature.
using ViewFields = std::tuple<Address, Index, Index, Index>;
// Addresses of h and c.
using StateFields = std::tuple<Address, Address>;
// Addresses of w_ih, w_hh, b_ih, b_hh and leak, layer by layer.
using ParameterFields = std::vector<Address>;

template <class Real>
Real* at(Address address) {
  return reinterpret_cast<Real*>(address);
}

inline Problem problem_of(const ProblemFields& fields) {
  const auto& [cell, input_size, hidden_size, num_layers, batch, time, lengths, threads] = fields;
  if (cell < 0 || cell > static_cast<int>(Cell::leaky)) throw nanobind::value_error("there is no such cell");
  return {static_cast<Cell>(cell), input_size, hidden_size, num_layers, batch, time, at<const Index>(lengths), threads};
}

template <class Real>
View<Real> view_of(const ViewFields& fields) {
  const auto& [address, batch, time, feature] = fields;
  return {at<Real>(address), batch, time, feature};
}

template <class Real>
State<Real> state_of(const StateFields& fields) {
  const auto& [h, c] = fields;
  return {at<Real>(h), at<Real>(c)};
}

template <class Real>
std::vector<Parameters<Real>> parameters_of(const Problem& problem, const ParameterFields& addresses) {
  if (static_cast<Index>(addresses.size()) != 5 * problem.num_layers) {
    throw nanobind::value_error("a layer has five parameters");
  }
  std::vector<Parameters<Real>> layers;
  layers.reserve(addresses.size() / 5);
  for (auto one = addresses.begin(); one != addresses.end(); one += 5) {
    layers.push_back({at<Real>(one[0]), at<Real>(one[1]), at<Real>(one[2]), at<Real>(one[3]), at<Real>(one[4])});
  }
  return layers;
}

// Calls body(Real{}) with the floating-point type of so many bits.
template <class Body>
auto with_real(int bits, Body body) {
  if (bits == 32) return body(float{});
  if (bits == 64) return body(double{});
  throw nanobind::value_error("numbers have 32 or 64 bits");
}

}  // namespace pendula
