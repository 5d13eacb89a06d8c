// Steps of a reservoir: of one sequence, with units side by side in a vector, or of several, with sequences side by side.
// Each unit's sum runs over the same terms in the same order in both, so that its bits do not depend on which is taken.
#pragma once

#include <utility>

#include "functions.h"
#include "reservoir_weights.h"

namespace pendula {
namespace PENDULA_ISA {

template <class Real>
PENDULA_INLINE Vector<Real> leaky(Vector<Real> before, Vector<Real> sum, Real leak) {
  return before * (Real(1) - leak) + tangent_of<Real>(sum) * leak;
}

// Four columns are read at once, and all lanes are set in one expression: compilers then put a vector together in pairs.
template <class Real, std::size_t... lane>
PENDULA_INLINE Vector<Real> gather(const Real* from, const std::uint16_t* columns, std::index_sequence<lane...>) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  std::uint64_t words[(sizeof...(lane) + 3) / 4] = {};
  std::memcpy(words, columns, sizeof...(lane) * sizeof *columns);
  return Vector<Real>{from[(words[lane / 4] >> (16 * (lane % 4))) & 0xffff]...};
#else
  return Vector<Real>{from[columns[lane]]...};
#endif
}

template <class Real>
PENDULA_INLINE Vector<Real> gather(const Real* from, const std::uint16_t* columns) {
  return gather(from, columns, std::make_index_sequence<static_cast<std::size_t>(lanes<Real>)>{});
}

// A slice of the units of one sequence.
template <class Real, bool is_dense>
PENDULA_INLINE void step_slice(const PackedReservoir<Real>& packed, Index slice, const Real* x, const Real* before, Real* now) {
  constexpr Index v = lanes<Real>, s = slice_units<Real>;
  Vector<Real> sum[4];
  const Real* bias = packed.bias(slice);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) sum[j] = load(bias + j * v);
  const Real* input = packed.input(slice);
  for (Index c = 0; c < packed.inputs(); ++c, input += s) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) sum[j] += load(input + j * v) * all<Real>(x[c]);
  }
  const Index depth = packed.depth(slice);
  const Real* values = packed.values(slice);
  const std::uint16_t* columns = is_dense ? nullptr : packed.columns(slice);
  for (Index k = 0; k < depth; ++k, values += s) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      if constexpr (is_dense) {
        sum[j] += load(values + j * v) * all<Real>(before[k]);
      } else {
        sum[j] += load(values + j * v) * gather<Real>(before, columns + j * v);
      }
    }
    if constexpr (!is_dense) columns += s;
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Index at = slice * s + j * v;
    store(now + at, leaky<Real>(load(before + at), sum[j], packed.leak()));
  }
}

template <class Real>
void step_one(const PackedReservoir<Real>& packed, const Real* x, const Real* before, Real* now) {
  if (packed.is_dense()) {
    for (Index slice = 0; slice < packed.slices(); ++slice) step_slice<Real, true>(packed, slice, x, before, now);
  } else {
    for (Index slice = 0; slice < packed.slices(); ++slice) step_slice<Real, false>(packed, slice, x, before, now);
  }
}

// As many vectors of sums as registers hold beside what they are made of.
template <int width>
constexpr int rows_at_once = (vector_bytes == 64 ? 16 : 8) / width > 8 ? 8 : (vector_bytes == 64 ? 16 : 8) / width;

// Some units of several sequences: `width` vectors of them. x is [input, sequence], states are [unit, sequence].
template <class Real, int width, bool is_dense>
PENDULA_INLINE void step_rows(const PackedReservoir<Real>& packed, Index slice, Index lane, const Real* x, const Real* before,
                              Real* now) {
  constexpr Index v = lanes<Real>, s = slice_units<Real>, wide = width * v;
  constexpr int rows = rows_at_once<width>;
  Vector<Real> sum[rows][width];
  const auto add = [&](int r, Real weight, const Real* from) {
    const Vector<Real> factor = all<Real>(weight);
#pragma GCC unroll 4
    for (int j = 0; j < width; ++j) sum[r][j] += factor * load(from + j * v);
  };
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < width; ++j) sum[r][j] = all<Real>(packed.bias(slice)[lane + r]);
  }
  const Real* input = packed.input(slice) + lane;
  for (Index c = 0; c < packed.inputs(); ++c, input += s) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) add(r, input[r], x + c * wide);
  }
  const Index depth = packed.depth(slice);
  const Real* values = packed.values(slice) + lane;
  const std::uint16_t* columns = is_dense ? nullptr : packed.columns(slice) + lane;
  for (Index k = 0; k < depth; ++k, values += s) {
#pragma GCC unroll 8
    for (int r = 0; r < rows; ++r) add(r, values[r], before + (is_dense ? k : static_cast<Index>(columns[r])) * wide);
    if constexpr (!is_dense) columns += s;
  }
#pragma GCC unroll 8
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int j = 0; j < width; ++j) {
      const Index at = (slice * s + lane + r) * wide + j * v;
      store(now + at, leaky<Real>(load(before + at), sum[r][j], packed.leak()));
    }
  }
}

template <class Real, int width, bool is_dense>
void step_all(const PackedReservoir<Real>& packed, const Real* x, const Real* before, Real* now) {
  for (Index slice = 0; slice < packed.slices(); ++slice) {
    for (Index lane = 0; lane < slice_units<Real>; lane += rows_at_once<width>)
      step_rows<Real, width, is_dense>(packed, slice, lane, x, before, now);
  }
}

template <class Real, int width>
void step_several(const PackedReservoir<Real>& packed, const Real* x, const Real* before, Real* now) {
  packed.is_dense() ? step_all<Real, width, true>(packed, x, before, now) : step_all<Real, width, false>(packed, x, before, now);
}

// The prediction of one sequence: as many partial sums as a vector has lanes, added up by halves.
template <class Real>
Real predict_one(const PackedReadout<Real>& readout, Index output, const Real* states, const Real* x) {
  constexpr Index v = lanes<Real>;
  const Real* weight = readout.of_states(output);
  Vector<Real> parts{};
  for (Index k = 0; k < readout.units; k += v) parts += load(weight + k) * load(states + k);
  Real part[v];
  store(part, parts);
  for (Index half = v / 2; half > 0; half /= 2) {
    for (Index lane = 0; lane < half; ++lane) part[lane] += part[lane + half];
  }
  Real sum = part[0] + readout.bias[output];
  for (Index c = 0; c < readout.values; ++c) sum += readout.of_values(output)[c] * x[c];
  return sum;
}

// The same partial sums, each of several sequences.
template <class Real, int width>
void predict_several(const PackedReadout<Real>& readout, Index output, const Real* states, const Real* x, Real* result) {
  constexpr Index v = lanes<Real>, wide = width * v;
  const Real* weight = readout.of_states(output);
  for (int j = 0; j < width; ++j) {
    Vector<Real> part[v] = {};
    for (Index k = 0; k < readout.units; k += v) {
#pragma GCC unroll 16
      for (int lane = 0; lane < v; ++lane) part[lane] += all<Real>(weight[k + lane]) * load(states + (k + lane) * wide + j * v);
    }
    for (Index half = v / 2; half > 0; half /= 2) {
      for (Index lane = 0; lane < half; ++lane) part[lane] += part[lane + half];
    }
    Vector<Real> sum = part[0] + all<Real>(readout.bias[output]);
    for (Index c = 0; c < readout.values; ++c) sum += all<Real>(readout.of_values(output)[c]) * load(x + c * wide + j * v);
    store(result + j * v, sum);
  }
}

}  // namespace PENDULA_ISA
}  // namespace pendula
