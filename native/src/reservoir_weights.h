// A reservoir's matrices, packed as its steps read them, and its readout.
#pragma once

#include "layer.h"
#include "reservoir.h"

namespace pendula {
namespace PENDULA_ISA {

// Units are taken in slices of four vectors: four sums that do not wait for each other.
template <class Real>
constexpr Index slice_units = 4 * lanes<Real>;

// Slice by slice, k by k, the k-th weight of each unit of the slice and the unit it comes from. Rows of unequal length are
// filled up with weights of 0: a sum has the same order, and the same bits, in whatever slice its unit is.
template <class Real>
class PackedReservoir {
 public:
  static constexpr Index s = slice_units<Real>;

  PackedReservoir(const Reservoir<Real>& reservoir, Scratch& scratch)
      : reservoir_(reservoir), slices_((reservoir.units + s - 1) / s) {
    begins_ = take<Index>(scratch, slices_ + 1);
    begins_[0] = 0;
    for (Index slice = 0; slice < slices_; ++slice) begins_[slice + 1] = begins_[slice] + depth_of(slice);
    values_ = take<Real>(scratch, begins_[slices_] * s);
    if (!is_dense()) columns_ = static_cast<std::uint16_t*>(scratch.take(static_cast<std::size_t>(begins_[slices_] * s) * sizeof(std::uint16_t)));
    input_ = take<Real>(scratch, slices_ * s * reservoir.inputs);
    bias_ = take<Real>(scratch, slices_ * s);
    pack();
  }

  bool is_dense() const { return reservoir_.starts == nullptr; }
  Index slices() const { return slices_; }
  Index units() const { return slices_ * s; }
  Index inputs() const { return reservoir_.inputs; }
  Real leak() const { return reservoir_.leak; }
  Index depth(Index slice) const { return begins_[slice + 1] - begins_[slice]; }
  const Real* values(Index slice) const { return values_ + begins_[slice] * s; }
  const std::uint16_t* columns(Index slice) const { return columns_ + begins_[slice] * s; }
  const Real* input(Index slice) const { return input_ + slice * reservoir_.inputs * s; }
  const Real* bias(Index slice) const { return bias_ + slice * s; }

 private:
  void pack() {
    for (Index slice = 0; slice < slices_; ++slice) {
      for (Index lane = 0; lane < s; ++lane) {
        const Index unit = slice * s + lane;
        const bool is_there = unit < reservoir_.units;
        bias_[unit] = is_there ? reservoir_.bias[unit] : Real(0);
        for (Index c = 0; c < reservoir_.inputs; ++c)
          input_[(slice * reservoir_.inputs + c) * s + lane] = is_there ? reservoir_.input[unit * reservoir_.inputs + c] : Real(0);
        pack_row(slice, lane, is_there ? unit : -1);
      }
    }
  }
  Index length(Index unit) const { return is_dense() ? reservoir_.units : reservoir_.starts[unit + 1] - reservoir_.starts[unit]; }
  Index depth_of(Index slice) const {
    Index depth = 0;
    for (Index unit = slice * s; unit < least(slice * s + s, reservoir_.units); ++unit) depth = most(depth, length(unit));
    return depth;
  }
  void pack_row(Index slice, Index lane, Index unit) {
    const Index count = unit < 0 ? 0 : length(unit), depth = this->depth(slice);
    const Index from = unit < 0 ? 0 : is_dense() ? unit * reservoir_.units : reservoir_.starts[unit];
    for (Index k = 0; k < depth; ++k) {
      const Index to = (begins_[slice] + k) * s + lane;
      values_[to] = k < count ? reservoir_.values[from + k] : Real(0);
      if (!is_dense()) columns_[to] = k < count ? static_cast<std::uint16_t>(reservoir_.columns[from + k]) : std::uint16_t(0);
    }
  }

  const Reservoir<Real>& reservoir_;
  Index slices_;
  Index* begins_;
  Real* values_;
  std::uint16_t* columns_ = nullptr;
  Real *input_, *bias_;
};

// The readout, output by output: weights of the states up to whole vectors, then those of the values.
template <class Real>
class PackedReadout {
 public:
  PackedReadout(const Readout<Real>& readout, const Reservoir<Real>& reservoir, Scratch& scratch)
      : outputs(readout.outputs),
        units(vectors_for<Real>(reservoir.units) * lanes<Real>),
        values(readout.direct ? reservoir.inputs : 0),
        bias(readout.bias) {
    weight_ = take_zeros<Real>(scratch, outputs * (units + values));
    for (Index o = 0; o < outputs; ++o) {
      for (Index k = 0; k < reservoir.units; ++k) weight_[o * (units + values) + k] = readout.weight[k * outputs + o];
      for (Index c = 0; c < values; ++c)
        weight_[o * (units + values) + units + c] = readout.weight[(reservoir.units + c) * outputs + o];
    }
  }

  const Real* of_states(Index output) const { return weight_ + output * (units + values); }
  const Real* of_values(Index output) const { return of_states(output) + units; }

  const Index outputs, units, values;
  const Real* const bias;

 private:
  Real* weight_;
};

}  // namespace PENDULA_ISA
}  // namespace pendula
