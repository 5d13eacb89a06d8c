// A layer's parameters, packed as the products read them, and the rows of a thread's slice of the batch.
#pragma once

#include "cells.h"
#include "layout.h"
#include "product.h"
#include "scratch.h"

namespace pendula {
namespace PENDULA_ISA {

// The rows of the batch that one thread works on.
struct Slice {
  Index first, rows;
};

template <class Real>
Real* take(Scratch& scratch, Index count) {
  return static_cast<Real*>(scratch.take(static_cast<std::size_t>(count) * sizeof(Real)));
}

template <class Real>
Real* take_zeros(Scratch& scratch, Index count) {
  Real* data = take<Real>(scratch, count);
  std::memset(data, 0, static_cast<std::size_t>(count) * sizeof(Real));
  return data;
}

template <class Real>
constexpr Index vectors_for(Index size) {
  return (size + lanes<Real> - 1) / lanes<Real>;
}

// Panels for h W^T: for each group of units and each k, one vector for each unit vector and gate.
template <class Real, class Cell>
void pack_by_units(const Real* weight, Index depth, Index hidden, Real* panels) {
  constexpr Index v = lanes<Real>;
  for_vector_groups<Cell::units>(vectors_for<Real>(hidden), [&](auto group, Index first) {
    Real* panel = panels + first * v * Cell::gates * depth;
    const Index step = decltype(group)::of * Cell::gates * v;
    for (Index u = 0; u < decltype(group)::of; ++u) {
      for (Index g = 0; g < Cell::gates; ++g) {
        for (Index lane = 0; lane < v; ++lane) {
          const Index unit = (first + u) * v + lane;
          Real* to = panel + (u * Cell::gates + g) * v + lane;
          const Real* from = weight + (g * hidden + unit) * depth;
          if (unit < hidden) {
            for (Index k = 0; k < depth; ++k) to[k * step] = from[k];
          } else {
            for (Index k = 0; k < depth; ++k) to[k * step] = 0;
          }
        }
      }
    }
  });
}

// Panels for delta W: for each group of at most four column vectors and each gate, the rows of the gate.
template <class Real>
void pack_by_columns(const Real* weight, Index gates, Index hidden, Index columns, Real* panels) {
  constexpr Index v = lanes<Real>;
  for_vector_groups<4>(vectors_for<Real>(columns), [&](auto group, Index first) {
    const Index width = decltype(group)::of * v, whole = least(width, columns - first * v);
    Real* to = panels + first * v * gates * hidden;
    for (Index n = 0; n < gates * hidden; ++n, to += width) {
      const Real* from = weight + n * columns + first * v;
      for (Index k = 0; k < whole; ++k) to[k] = from[k];
      for (Index k = whole; k < width; ++k) to[k] = 0;
    }
  });
}

// A vector of one value for each unit, padded with zeros.
template <class Real>
Real* pack_units(Scratch& scratch, const Real* values, Index hidden) {
  Real* to = take_zeros<Real>(scratch, padded<Real>(hidden));
  if (values != nullptr) std::memcpy(to, values, static_cast<std::size_t>(hidden) * sizeof(Real));
  return to;
}

// The sums' constant terms, in the order of the sums: for each unit vector, one vector for each sum.
template <class Real, class Cell>
Real* pack_biases(Scratch& scratch, const Real* b_ih, const Real* b_hh, Index hidden) {
  constexpr Index v = lanes<Real>;
  Real* to = take_zeros<Real>(scratch, vectors_for<Real>(hidden) * v * Cell::sums);
  for (Index g = 0; g < Cell::gates; ++g) {
    for (Index unit = 0; unit < hidden; ++unit) {
      const Index at = unit / v * v * Cell::sums + unit % v;
      if (b_ih != nullptr) to[at + g * v] += b_ih[g * hidden + unit];
      if (b_hh != nullptr) to[at + Cell::hidden_sum(g) * v] += b_hh[g * hidden + unit];
    }
  }
  return to;
}

template <class Real, class Cell>
struct ForwardWeights {
  Index input, hidden;
  const Real *by_input, *by_hidden, *bias, *leak;  // null: zero

  ForwardWeights(Index input_size, Index hidden_size, const Real* inputs, const Real* hiddens, const Real* biases,
                 const Real* leaks)
      : input(input_size), hidden(hidden_size), by_input(inputs), by_hidden(hiddens), bias(biases), leak(leaks) {}

  ForwardWeights(Scratch& scratch, const Parameters<const Real>& p, Index input_size, Index hidden_size)
      : input(input_size), hidden(hidden_size) {
    by_input = packed(scratch, p.w_ih, input);
    by_hidden = packed(scratch, p.w_hh, hidden);
    bias = pack_biases<Real, Cell>(scratch, p.b_ih, p.b_hh, hidden);
    leak = pack_units(scratch, p.leak, hidden);
  }

 private:
  const Real* packed(Scratch& scratch, const Real* weight, Index depth) const {
    if (weight == nullptr) return nullptr;
    Real* panels = take<Real>(scratch, vectors_for<Real>(hidden) * lanes<Real> * Cell::gates * depth);
    pack_by_units<Real, Cell>(weight, depth, hidden, panels);
    return panels;
  }
};

// Rows of successive steps: row r of step t is at data + t * time + r * row.
template <class Real>
struct Steps {
  Real* data = nullptr;
  Index time = 0, row = 0;

  Real* at(Index t) const { return data + t * time; }
};

// Which rows of a slice are still within their length.
struct Lengths {
  const Index* of;  // null: all are

  bool ended(Index row, Index t) const { return of != nullptr && t >= of[row]; }
};

// Copies a state [batch, hidden] into rows, padded with zeros; null is zero.
template <class Real>
void fill_rows(Real* rows, Index stride, Index pitch, const Real* state, Slice slice, Index hidden) {
  for (Index r = 0; r < slice.rows; ++r) {
    std::memset(rows + r * stride, 0, static_cast<std::size_t>(pitch) * sizeof(Real));
    if (state == nullptr) continue;
    std::memcpy(rows + r * stride, state + (slice.first + r) * hidden, static_cast<std::size_t>(hidden) * sizeof(Real));
  }
}

template <class Real>
void copy_rows_out(Real* state, const Real* rows, Index stride, Slice slice, Index hidden) {
  if (state == nullptr) return;
  for (Index r = 0; r < slice.rows; ++r) {
    std::memcpy(state + (slice.first + r) * hidden, rows + r * stride, static_cast<std::size_t>(hidden) * sizeof(Real));
  }
}

// Steps of a view of the batch as contiguous rows: in place where its features are contiguous and no padding is asked for,
// copied otherwise. `room` holds count * rows * padded(features) elements. Rows that have ended become zero if they are copied.
template <class Real>
Steps<const Real> rows_of(View<const Real> view, Slice slice, Index features, Index begin, Index count, bool pad,
                          Lengths lengths, Real* room) {
  const Real* data = view.data + slice.first * view.batch + begin * view.time;
  const bool whole = features % lanes<Real> == 0;
  const bool contiguous = view.feature == 1 || features == 1;
  if (contiguous && (!pad || (whole && lengths.of == nullptr))) return {data, view.time, view.batch};
  const Index pitch = padded<Real>(features);
  for (Index t = 0; t < count; ++t) {
    for (Index r = 0; r < slice.rows; ++r) {
      Real* to = room + (t * slice.rows + r) * pitch;
      const Real* from = data + t * view.time + r * view.batch;
      const Index held = lengths.ended(r, begin + t) ? 0 : features;
      for (Index k = 0; k < held; ++k) to[k] = from[k * view.feature];
      for (Index k = held; k < pitch; ++k) to[k] = 0;
    }
  }
  return {room, slice.rows * pitch, pitch};
}

// Writes a chunk of rows to where the caller wants them; zero where a row has ended.
template <class Real>
void write_output(View<Real> output, Slice slice, Steps<Real> rows, Index begin, Index count, Index hidden,
                  Lengths lengths) {
  if (output.data == nullptr) return;
  for (Index t = 0; t < count; ++t) {
    for (Index r = 0; r < slice.rows; ++r) {
      Real* to = output.data + (slice.first + r) * output.batch + (begin + t) * output.time;
      const Real* from = rows.at(t) + r * rows.row;
      const bool ended = lengths.ended(r, begin + t);
      if (output.feature == 1 && !ended) {
        std::memcpy(to, from, static_cast<std::size_t>(hidden) * sizeof(Real));
      } else {
        for (Index k = 0; k < hidden; ++k) to[k * output.feature] = ended ? Real(0) : from[k];
      }
    }
  }
}

// How many steps are taken at once: what they leave behind is still in the cache when it is needed again.
PENDULA_INLINE Index chunk_steps(Index rows, Index time) {
  constexpr Index rows_at_once = 128;
  return most(1, least(time, rows_at_once / most(1, rows)));
}

}  // namespace PENDULA_ISA
}  // namespace pendula
