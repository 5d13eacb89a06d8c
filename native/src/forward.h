// The forward pass of a thread's slice of the batch.
#pragma once

#include "layer.h"

namespace pendula {
namespace PENDULA_ISA {

// A block of rows and a group of unit vectors, one step.
template <class Real, class Cell, int rows, int group>
PENDULA_INLINE void forward_block(const ForwardWeights<Real, Cell>& weights, Index first, Index row, Steps<const Real> x,
                                  const Real* before, Real* now, Index stride, Index pitch, Lengths lengths, Index t) {
  constexpr Index v = lanes<Real>;
  constexpr int gates = Cell::gates, sums = Cell::sums;
  Vector<Real> sum[rows][group * sums];
#pragma GCC unroll 16
  for (int j = 0; j < group * sums; ++j) {
    const Vector<Real> bias = load(weights.bias + (first * sums + j) * v);
#pragma GCC unroll 8
    for (int m = 0; m < rows; ++m) sum[m][j] = bias;
  }
  accumulate<Real, rows, group * gates, group * sums>(sum, x.data + row * x.row, x.row, weights.input,
                                                      weights.by_input + first * v * gates * weights.input,
                                                      [](int j) { return j / gates * sums + j % gates; });
  accumulate<Real, rows, group * gates, group * sums>(
      sum, before + row * stride, stride, weights.hidden, weights.by_hidden + first * v * gates * weights.hidden,
      [](int j) { return j / gates * sums + Cell::hidden_sum(j % gates); });
#pragma GCC unroll 8
  for (int m = 0; m < rows; ++m) {
    const Real* from = before + (row + m) * stride + first * v;
    Real* to = now + (row + m) * stride + first * v;
    const bool ended = lengths.ended(row + m, t);
#pragma GCC unroll 4
    for (int u = 0; u < group; ++u) {
      if (ended) {
        for (int s = 0; s < Cell::states; ++s) store(to + s * pitch + u * v, load(from + s * pitch + u * v));
      } else {
        Cell::forward(&sum[m][u * sums], from + u * v, to + u * v, pitch, weights.leak + (first + u) * v);
      }
    }
  }
}

// One step of all rows of a slice.
template <class Real, class Cell>
void forward_step(const ForwardWeights<Real, Cell>& weights, Index rows, Steps<const Real> x, const Real* before, Real* now,
                  Index stride, Index pitch, Lengths lengths, Index t) {
  for_vector_groups<Cell::units>(vectors_for<Real>(weights.hidden), [&](auto group, Index first) {
    for_row_blocks(rows, [&](auto block, Index row) {
      forward_block<Real, Cell, decltype(block)::of, decltype(group)::of>(weights, first, row, x, before, now, stride, pitch, lengths, t);
    });
  });
}

// A layer on its way through time: the rows it writes, and those before its first step.
template <class Real, class Cell>
struct ForwardLayer {
  ForwardWeights<Real, Cell> weights;
  Steps<Real> rows;  // of all steps with a reserve, of a chunk without
  Real* before;
};

template <class Real, class Cell>
void forward_slice(const Problem& problem, Slice slice, const Parameters<const Real>* parameters, View<const Real> input,
                   State<const Real> first, View<Real> output, State<Real> last, Real* reserve) {
  Scratch scratch;
  const Index hidden = problem.hidden_size, pitch = padded<Real>(hidden), layers = problem.num_layers;
  const Index stride = kept_slots(problem.cell) * pitch, chunk = chunk_steps(slice.rows, problem.time);
  const Lengths lengths{problem.lengths == nullptr ? nullptr : problem.lengths + slice.first};
  auto* stack = static_cast<ForwardLayer<Real, Cell>*>(
      scratch.take(static_cast<std::size_t>(layers) * sizeof(ForwardLayer<Real, Cell>)));
  for (Index l = 0; l < layers; ++l) {
    const Index state = l * problem.batch * hidden;
    Real* before = take<Real>(scratch, slice.rows * stride);
    fill_rows(before, stride, pitch, first.h ? first.h + state : nullptr, slice, hidden);
    if (Cell::states > 1) fill_rows(before + pitch, stride, pitch, first.c ? first.c + state : nullptr, slice, hidden);
    Steps<Real> rows;
    rows.row = stride;
    if (reserve == nullptr) {
      rows.time = slice.rows * stride;
      rows.data = take<Real>(scratch, chunk * rows.time);
    } else {
      rows.time = problem.batch * stride;
      rows.data = reserve + l * problem.time * rows.time + slice.first * stride;
    }
    stack[l] = {ForwardWeights<Real, Cell>(scratch, parameters[l], l == 0 ? problem.input_size : hidden, hidden), rows,
                before};
  }
  Real* room = take<Real>(scratch, chunk * slice.rows * padded<Real>(problem.input_size));
  for (Index begin = 0; begin < problem.time; begin += chunk) {
    const Index count = least(chunk, problem.time - begin);
    Steps<const Real> x = rows_of(input, slice, problem.input_size, begin, count, false, lengths, room);
    Steps<Real> rows;
    for (Index l = 0; l < layers; ++l) {
      ForwardLayer<Real, Cell>& layer = stack[l];
      rows = layer.rows;
      if (reserve != nullptr) rows.data += begin * rows.time;
      const Real* before = layer.before;
      for (Index t = 0; t < count; ++t) {
        forward_step(layer.weights, slice.rows, {x.at(t), 0, x.row}, before, rows.at(t), stride, pitch, lengths, begin + t);
        before = rows.at(t);
      }
      if (reserve == nullptr) {
        std::memcpy(layer.before, before, static_cast<std::size_t>(slice.rows * stride) * sizeof(Real));
      } else {
        layer.before = rows.at(count - 1);
      }
      x = {rows.data, rows.time, rows.row};
    }
    write_output(output, slice, rows, begin, count, hidden, lengths);
  }
  for (Index l = 0; l < layers; ++l) {
    const Index state = l * problem.batch * hidden;
    copy_rows_out(last.h ? last.h + state : nullptr, stack[l].before, stride, slice, hidden);
    if (Cell::states > 1) copy_rows_out(last.c ? last.c + state : nullptr, stack[l].before + pitch, stride, slice, hidden);
  }
}

}  // namespace PENDULA_ISA
}  // namespace pendula
