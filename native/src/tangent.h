// The tangent pass of a thread's slice of the batch: the Jacobian of outputs and last states times a direction.
#pragma once

#include "layer.h"

namespace pendula {
namespace PENDULA_ISA {

template <class Real, class Cell>
struct TangentLayer {
  ForwardWeights<Real, Cell> weights, rates;
  Steps<const Real> rows;
  const Real* first_rows;
  Steps<Real> moved;  // tangents of a chunk's rows
  Real* before;       // and of the row before it
};

// The values and tangents that a step of a layer reads.
template <class Real>
struct TangentStep {
  Steps<const Real> x, moving_x;
  const Real *before, *now, *moved_before;
  Real* moved;
};

template <class Real, class Cell, int rows, int group>
PENDULA_INLINE void tangent_block(const TangentLayer<Real, Cell>& layer, Index first, Index row, TangentStep<Real> step,
                                  Index stride, Index pitch, Lengths lengths, Index t) {
  constexpr Index v = lanes<Real>;
  constexpr int gates = Cell::gates, sums = Cell::sums;
  const Index moved_stride = layer.moved.row, input = layer.weights.input, hidden = layer.weights.hidden;
  const auto of_input = [](int j) { return j / gates * sums + j % gates; };
  const auto of_hidden = [](int j) { return j / gates * sums + Cell::hidden_sum(j % gates); };
  Vector<Real> sum[rows][group * sums];
#pragma GCC unroll 16
  for (int j = 0; j < group * sums; ++j) {
#pragma GCC unroll 8
    for (int m = 0; m < rows; ++m) sum[m][j] = load(layer.rates.bias + (first * sums + j) * v);
  }
  const auto add = [&](const Real* a, Index a_stride, Index depth, const Real* panels, auto target) {
    if (a == nullptr || panels == nullptr) return;
    accumulate<Real, rows, group * gates, group * sums>(sum, a + row * a_stride, a_stride, depth,
                                                        panels + first * v * gates * depth, target);
  };
  add(step.moving_x.data, step.moving_x.row, input, layer.weights.by_input, of_input);
  add(step.x.data, step.x.row, input, layer.rates.by_input, of_input);
  add(step.moved_before, moved_stride, hidden, layer.weights.by_hidden, of_hidden);
  add(step.before, stride, hidden, layer.rates.by_hidden, of_hidden);
#pragma GCC unroll 8
  for (int m = 0; m < rows; ++m) {
    const Real* from = step.moved_before + (row + m) * moved_stride + first * v;
    Real* to = step.moved + (row + m) * moved_stride + first * v;
    const Index kept = (row + m) * stride + first * v;
    const bool ended = lengths.ended(row + m, t);
#pragma GCC unroll 4
    for (int u = 0; u < group; ++u) {
      if (ended) {
        for (int s = 0; s < Cell::states; ++s) store(to + s * pitch + u * v, load(from + s * pitch + u * v));
      } else {
        Cell::tangent(&sum[m][u * sums], step.before + kept + u * v, step.now + kept + u * v, from + u * v, to + u * v, pitch,
                      layer.weights.leak + (first + u) * v, layer.rates.leak + (first + u) * v);
      }
    }
  }
}

template <class Real, class Cell>
TangentLayer<Real, Cell> begin_tangent(Scratch& scratch, const Problem& problem, Slice slice, Index l, Index chunk,
                                       const Parameters<const Real>& parameters, State<const Real> first,
                                       const Real* reserve, const Parameters<const Real>& rates,
                                       State<const Real> first_rates) {
  const Index hidden = problem.hidden_size, pitch = padded<Real>(hidden), stride = kept_slots(problem.cell) * pitch;
  const Index state = l * problem.batch * hidden, input = l == 0 ? problem.input_size : hidden;
  const Index moved_stride = Cell::states * pitch;
  auto part = [&](const Real* all_layers) { return all_layers ? all_layers + state : nullptr; };
  Real* first_rows = take<Real>(scratch, slice.rows * stride);
  Real* before = take<Real>(scratch, slice.rows * moved_stride);
  fill_rows(first_rows, stride, pitch, part(first.h), slice, hidden);
  fill_rows(before, moved_stride, pitch, part(first_rates.h), slice, hidden);
  if (Cell::states > 1) {
    fill_rows(first_rows + pitch, stride, pitch, part(first.c), slice, hidden);
    fill_rows(before + pitch, moved_stride, pitch, part(first_rates.c), slice, hidden);
  }
  return {ForwardWeights<Real, Cell>(scratch, parameters, input, hidden),
          ForwardWeights<Real, Cell>(scratch, rates, input, hidden),
          {reserve + l * problem.time * problem.batch * stride + slice.first * stride, problem.batch * stride, stride},
          first_rows,
          {take<Real>(scratch, chunk * slice.rows * moved_stride), slice.rows * moved_stride, moved_stride},
          before};
}

template <class Real, class Cell>
void tangent_slice(const Problem& problem, Slice slice, const Parameters<const Real>* parameters, View<const Real> input,
                   State<const Real> first, const Real* reserve, const Parameters<const Real>* rates,
                   View<const Real> input_rates, State<const Real> first_rates, View<Real> output_rates,
                   State<Real> last_rates) {
  Scratch scratch;
  const Index hidden = problem.hidden_size, pitch = padded<Real>(hidden), layers = problem.num_layers;
  const Index stride = kept_slots(problem.cell) * pitch, chunk = chunk_steps(slice.rows, problem.time);
  const Lengths lengths{problem.lengths == nullptr ? nullptr : problem.lengths + slice.first};
  auto* stack = static_cast<TangentLayer<Real, Cell>*>(
      scratch.take(static_cast<std::size_t>(layers) * sizeof(TangentLayer<Real, Cell>)));
  for (Index l = 0; l < layers; ++l) {
    stack[l] = begin_tangent<Real, Cell>(scratch, problem, slice, l, chunk, parameters[l], first, reserve, rates[l],
                                         first_rates);
  }
  const Index room_size = chunk * slice.rows * padded<Real>(problem.input_size);
  Real* room = take<Real>(scratch, room_size);
  Real* moving_room = take<Real>(scratch, room_size);
  for (Index begin = 0; begin < problem.time; begin += chunk) {
    const Index count = least(chunk, problem.time - begin);
    Steps<const Real> x = rows_of(input, slice, problem.input_size, begin, count, false, lengths, room), moving_x;
    if (input_rates.data != nullptr) {
      moving_x = rows_of(input_rates, slice, problem.input_size, begin, count, false, lengths, moving_room);
    }
    for (Index l = 0; l < layers; ++l) {
      TangentLayer<Real, Cell>& layer = stack[l];
      const Real* moved_before = layer.before;
      for (Index t = 0; t < count; ++t) {
        const Real* before = begin + t == 0 ? layer.first_rows : layer.rows.at(begin + t - 1);
        const TangentStep<Real> step{{x.at(t), 0, x.row},
                                     {moving_x.data == nullptr ? nullptr : moving_x.at(t), 0, moving_x.row},
                                     before,
                                     layer.rows.at(begin + t),
                                     moved_before,
                                     layer.moved.at(t)};
        for_vector_groups<Cell::units>(vectors_for<Real>(hidden), [&](auto group, Index at) {
          for_row_blocks(slice.rows, [&](auto block, Index row) {
            tangent_block<Real, Cell, decltype(block)::of, decltype(group)::of>(layer, at, row, step, stride, pitch, lengths,
                                                                                begin + t);
          });
        });
        moved_before = layer.moved.at(t);
      }
      std::memcpy(layer.before, moved_before, static_cast<std::size_t>(slice.rows * layer.moved.row) * sizeof(Real));
      x = {layer.rows.at(begin), layer.rows.time, layer.rows.row};
      moving_x = {layer.moved.data, layer.moved.time, layer.moved.row};
    }
    write_output(output_rates, slice, stack[layers - 1].moved, begin, count, hidden, lengths);
  }
  for (Index l = 0; l < layers; ++l) {
    const Index state = l * problem.batch * hidden;
    const Steps<Real>& moved = stack[l].moved;
    copy_rows_out(last_rates.h ? last_rates.h + state : nullptr, stack[l].before, moved.row, slice, hidden);
    if (Cell::states > 1) {
      copy_rows_out(last_rates.c ? last_rates.c + state : nullptr, stack[l].before + pitch, moved.row, slice, hidden);
    }
  }
}

}  // namespace PENDULA_ISA
}  // namespace pendula
