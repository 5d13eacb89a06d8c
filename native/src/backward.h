// The backward pass of a thread's slice of the batch: back-propagation through time.
#pragma once

#include "layer.h"

namespace pendula {
namespace PENDULA_ISA {

// Inputs of fewer features are summed feature by feature; a vector of them would be mostly empty.
template <class Real>
constexpr Index narrow_limit = 64 / static_cast<Index>(sizeof(Real)) / 2;

template <class Real>
struct BackwardLayer {
  Index input;
  const Real *by_hidden, *by_input, *leak;  // by_input is null where no gradient reaches further down
  Real *first_rows, *next, *carry_h, *carry_c;
  Real *narrow, *constant;  // sums over rows of x delta^T for narrow inputs, and of the deltas
  Steps<const Real> rows;
  Parameters<Real> gradients;
};

// A block of rows and a group of unit vectors, one step: `next` holds the deltas of the step after it, `delta` takes its own.
template <class Real, class Cell, int rows, int group>
PENDULA_INLINE void backward_block(const BackwardLayer<Real>& layer, Index hidden, Index first, Index row,
                                   Steps<const Real> gradient, const Real* next, Index next_stride, const Real* before,
                                   const Real* now, Index stride, Index pitch, Real* delta, bool carry, Lengths lengths,
                                   Index t) {
  constexpr Index v = lanes<Real>;
  Vector<Real> sum[rows][group];
#pragma GCC unroll 8
  for (int m = 0; m < rows; ++m) {
#pragma GCC unroll 4
    for (int u = 0; u < group; ++u) {
      const Index unit = (first + u) * v;
      sum[m][u] = carry ? load(layer.carry_h + (row + m) * pitch + unit) : Vector<Real>{};
      if (gradient.data != nullptr && !lengths.ended(row + m, t)) {
        sum[m][u] += load(gradient.data + (row + m) * gradient.row + unit);
      }
    }
  }
  if (next != nullptr) {
    const Real* panel = layer.by_hidden + first * v * Cell::gates * hidden;
    for (int g = 0; g < Cell::gates; ++g, panel += hidden * group * v) {
      accumulate<Real, rows, group, group>(sum, next + row * next_stride + Cell::hidden_sum(g) * pitch, next_stride, hidden,
                                           panel, [](int j) { return j; });
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < rows; ++m) {
    const bool ended = lengths.ended(row + m, t);
#pragma GCC unroll 4
    for (int u = 0; u < group; ++u) {
      const Index unit = (first + u) * v, kept = (row + m) * stride + unit, carried = (row + m) * pitch + unit;
      Real* to = delta + (row + m) * next_stride + unit;
      if (ended) {
        for (int d = 0; d < Cell::deltas; ++d) store(to + d * pitch, Vector<Real>{});
        store(layer.carry_h + carried, sum[m][u]);
      } else {
        if (!Cell::carries_h && carry) store(layer.carry_h + carried, Vector<Real>{});
        Cell::backward(sum[m][u], before + kept, now + kept, {layer.carry_h + carried, layer.carry_c + carried}, to, pitch,
                       layer.leak + unit);
      }
    }
  }
}

// One step of all rows of a slice.
template <class Real, class Cell>
void backward_step(const BackwardLayer<Real>& layer, Index hidden, Index rows, Steps<const Real> gradient, const Real* next,
                   Index next_stride, const Real* before, const Real* now, Index stride, Index pitch, Real* delta, bool carry,
                   Lengths lengths, Index t) {
  for_vector_groups<4>(vectors_for<Real>(hidden), [&](auto group, Index first) {
    for_row_blocks(rows, [&](auto block, Index row) {
      backward_block<Real, Cell, decltype(block)::of, decltype(group)::of>(layer, hidden, first, row, gradient, next, next_stride, before,
                                                     now, stride, pitch, delta, carry, lengths, t);
    });
  });
}

// to[row] = Σ over gates of delta[row, gate] W[gate]: the gradient with respect to a layer's input or first state. The gates'
// deltas begin at `gate[g]` of a row.
template <class Real>
void through_weights(const Real* delta, Index stride, Index rows, const Index* gate, int gates, const Real* panels,
                     Index hidden, Index columns, Real* to, Index pitch) {
  constexpr Index v = lanes<Real>;
  for_vector_groups<4>(vectors_for<Real>(columns), [&](auto group, Index first) {
    for_row_blocks(rows, [&](auto block, Index row) {
      constexpr int height = decltype(block)::of, width = decltype(group)::of;
      Vector<Real> sum[height][width] = {};
      const Real* panel = panels + first * v * gates * hidden;
      for (int g = 0; g < gates; ++g, panel += hidden * width * v) {
        accumulate<Real, height, width, width>(sum, delta + row * stride + gate[g], stride, hidden, panel,
                                               [](int j) { return j; });
      }
#pragma GCC unroll 8
      for (int m = 0; m < height; ++m) {
#pragma GCC unroll 4
        for (int u = 0; u < width; ++u) store(to + (row + m) * pitch + (first + u) * v, sum[m][u]);
      }
    });
  });
}

// Adds a chunk's part to the gradients of the parameters.
template <class Real, class Cell>
void add_parameter_gradients(BackwardLayer<Real>& layer, Index hidden, Index pitch, Index rows, Index count,
                             const Real* delta, Index delta_stride, const Real* const* before, Index stride,
                             Steps<const Real> x, const Real** room) {
  const Real** deltas = room;
  const Real** inputs = room + count;
  for (Index t = 0; t < count; ++t) {
    deltas[t] = delta + t * rows * delta_stride;
    inputs[t] = x.at(t);
  }
  const Rows<Real> left{deltas, delta_stride};
  const Index width = Cell::deltas * pitch;
  for (int g = 0; g < Cell::gates; ++g) {
    if (layer.gradients.w_hh != nullptr) {
      outer_product(left, Cell::hidden_sum(g) * pitch, hidden, Rows<Real>{before, stride}, hidden, count, rows,
                    layer.gradients.w_hh + g * hidden * hidden, hidden);
    }
    if (layer.gradients.w_ih != nullptr && layer.input >= narrow_limit<Real>) {
      outer_product(left, g * pitch, hidden, Rows<Real>{inputs, x.row}, layer.input, count, rows,
                    layer.gradients.w_ih + g * hidden * layer.input, layer.input);
    }
  }
  if (layer.narrow != nullptr) {
    narrow_product(Rows<Real>{inputs, x.row}, layer.input, left, width, count, rows, layer.narrow, room + 2 * count);
  }
  if (layer.constant != nullptr) {
    const Real one = 1;
    for (Index t = 0; t < count; ++t) inputs[t] = &one;
    narrow_product(Rows<Real>{inputs, 0}, 1, left, width, count, rows, layer.constant, room + 2 * count);
  }
}

// Adds the sums over narrow features to the gradients, in torch's layout.
template <class Real, class Cell>
void finish_parameter_gradients(const BackwardLayer<Real>& layer, Index hidden, Index pitch) {
  const Parameters<Real>& to = layer.gradients;
  for (int g = 0; g < Cell::gates; ++g) {
    for (Index u = 0; u < hidden; ++u) {
      if (to.b_ih != nullptr) to.b_ih[g * hidden + u] += layer.constant[g * pitch + u];
      if (to.b_hh != nullptr) to.b_hh[g * hidden + u] += layer.constant[Cell::hidden_sum(g) * pitch + u];
      if (layer.narrow == nullptr) continue;
      for (Index i = 0; i < layer.input; ++i) {
        to.w_ih[(g * hidden + u) * layer.input + i] += layer.narrow[i * Cell::deltas * pitch + g * pitch + u];
      }
    }
  }
  if (to.leak != nullptr) {
    for (Index u = 0; u < hidden; ++u) to.leak[u] += layer.constant[(Cell::deltas - 1) * pitch + u];
  }
}

template <class Real>
void clear(Real* data, Index count) {
  if (data != nullptr) std::memset(data, 0, static_cast<std::size_t>(count) * sizeof(Real));
}

// A weight as the way back reads it.
template <class Real, class Cell>
Real* packed_by_columns(Scratch& scratch, const Real* weight, Index hidden, Index columns) {
  Real* panels = take<Real>(scratch, vectors_for<Real>(columns) * lanes<Real> * Cell::gates * hidden);
  pack_by_columns(weight, Cell::gates, hidden, columns, panels);
  return panels;
}

template <class Real, class Cell>
BackwardLayer<Real> begin_layer(Scratch& scratch, const Problem& problem, Slice slice, Index l,
                                const Parameters<const Real>& parameters, State<const Real> first, const Real* reserve,
                                State<const Real> last_gradient, bool reaches_down, const Parameters<Real>& gradients) {
  const Index hidden = problem.hidden_size, pitch = padded<Real>(hidden), stride = kept_slots(problem.cell) * pitch;
  const Index state = l * problem.batch * hidden, width = Cell::deltas * pitch;
  auto part = [&](const Real* all_layers) { return all_layers ? all_layers + state : nullptr; };
  BackwardLayer<Real> layer{};
  layer.input = l == 0 ? problem.input_size : hidden;
  layer.by_hidden = packed_by_columns<Real, Cell>(scratch, parameters.w_hh, hidden, hidden);
  layer.by_input =
      reaches_down ? packed_by_columns<Real, Cell>(scratch, parameters.w_ih, hidden, layer.input) : nullptr;
  layer.leak = pack_units(scratch, parameters.leak, hidden);
  layer.first_rows = take<Real>(scratch, slice.rows * stride);
  fill_rows(layer.first_rows, stride, pitch, part(first.h), slice, hidden);
  if (Cell::states > 1) fill_rows(layer.first_rows + pitch, stride, pitch, part(first.c), slice, hidden);
  layer.carry_h = take<Real>(scratch, slice.rows * pitch);
  layer.carry_c = take<Real>(scratch, slice.rows * pitch);
  fill_rows(layer.carry_h, pitch, pitch, part(last_gradient.h), slice, hidden);
  fill_rows(layer.carry_c, pitch, pitch, Cell::states > 1 ? part(last_gradient.c) : nullptr, slice, hidden);
  layer.next = take<Real>(scratch, slice.rows * (width + lanes<Real>));
  layer.rows = {reserve + l * problem.time * problem.batch * stride + slice.first * stride, problem.batch * stride, stride};
  layer.gradients = gradients;
  const bool biased = gradients.b_ih || gradients.b_hh || gradients.leak;
  layer.constant = biased ? take_zeros<Real>(scratch, width) : nullptr;
  const bool narrow = gradients.w_ih != nullptr && layer.input < narrow_limit<Real>;
  layer.narrow = narrow ? take_zeros<Real>(scratch, layer.input * width) : nullptr;
  clear(gradients.w_hh, Cell::gates * hidden * hidden);
  clear(gradients.w_ih, Cell::gates * hidden * layer.input);
  clear(gradients.b_ih, Cell::gates * hidden);
  clear(gradients.b_hh, Cell::gates * hidden);
  clear(gradients.leak, hidden);
  return layer;
}

template <class Real, class Cell>
void backward_slice(const Problem& problem, Slice slice, const Parameters<const Real>* parameters, View<const Real> input,
                    State<const Real> first, const Real* reserve, View<const Real> output_gradient,
                    State<const Real> last_gradient, View<Real> input_gradient, const Parameters<Real>* gradients,
                    State<Real> first_gradient) {
  constexpr Index v = lanes<Real>;
  Scratch scratch;
  const Index hidden = problem.hidden_size, pitch = padded<Real>(hidden), layers = problem.num_layers;
  const Index stride = kept_slots(problem.cell) * pitch, chunk = chunk_steps(slice.rows, problem.time);
  const Index delta_stride = Cell::deltas * pitch + v;  // one vector more: rows of a power of two would share cache sets
  const Lengths lengths{problem.lengths == nullptr ? nullptr : problem.lengths + slice.first};
  auto* stack =
      static_cast<BackwardLayer<Real>*>(scratch.take(static_cast<std::size_t>(layers) * sizeof(BackwardLayer<Real>)));
  for (Index l = 0; l < layers; ++l) {
    stack[l] = begin_layer<Real, Cell>(scratch, problem, slice, l, parameters[l], first, reserve, last_gradient,
                                       l > 0 || input_gradient.data != nullptr, gradients[l]);
  }
  Real* delta = take<Real>(scratch, chunk * slice.rows * delta_stride);
  Real* between = take<Real>(scratch, chunk * slice.rows * pitch);
  Real* room = take<Real>(scratch, chunk * slice.rows * padded<Real>(most(problem.input_size, hidden)));
  auto** pointers = static_cast<const Real**>(scratch.take(static_cast<std::size_t>(5 * chunk) * sizeof(Real*)));
  const Real** befores = pointers;
  Index by_input[Cell::gates], by_hidden[Cell::gates];
  for (int g = 0; g < Cell::gates; ++g) {
    by_input[g] = g * pitch;
    by_hidden[g] = Cell::hidden_sum(g) * pitch;
  }

  for (Index end = problem.time; end > 0;) {
    const Index count = least(chunk, end), begin = end - count;
    Steps<const Real> gradient;
    if (output_gradient.data != nullptr) {
      gradient = rows_of(output_gradient, slice, hidden, begin, count, true, lengths, room);
    }
    for (Index l = layers - 1; l >= 0; --l) {
      BackwardLayer<Real>& layer = stack[l];
      for (Index t = 0; t < count; ++t) befores[t] = begin + t == 0 ? layer.first_rows : layer.rows.at(begin + t - 1);
      const Real* next = end == problem.time ? nullptr : layer.next;
      for (Index t = count - 1; t >= 0; --t) {
        const bool carry = Cell::carries_h || lengths.of != nullptr || begin + t == problem.time - 1;
        const Steps<const Real> due{gradient.data == nullptr ? nullptr : gradient.at(t), 0, gradient.row};
        Real* to = delta + t * slice.rows * delta_stride;
        backward_step<Real, Cell>(layer, hidden, slice.rows, due, next, delta_stride, befores[t], layer.rows.at(begin + t),
                                  stride, pitch, to, carry, lengths, begin + t);
        next = to;
      }
      Steps<const Real> x;
      if (l > 0) {
        x = {stack[l - 1].rows.at(begin), stack[l - 1].rows.time, stride};
      } else {
        const bool wide = layer.input >= narrow_limit<Real>;
        x = rows_of(input, slice, layer.input, begin, count, wide || lengths.of != nullptr, lengths, room);
      }
      add_parameter_gradients<Real, Cell>(layer, hidden, pitch, slice.rows, count, delta, delta_stride, befores, stride, x,
                                          pointers + chunk);
      if (begin > 0) {
        std::memcpy(layer.next, delta, static_cast<std::size_t>(slice.rows * delta_stride - v) * sizeof(Real));
      }
      if (layer.by_input != nullptr) {
        Real* down = l > 0 ? between : room;
        const Index down_pitch = padded<Real>(layer.input);
        through_weights(delta, delta_stride, count * slice.rows, by_input, Cell::gates, layer.by_input, hidden, layer.input,
                        down, down_pitch);
        if (l > 0) {
          gradient = {down, slice.rows * down_pitch, down_pitch};
        } else {
          write_output(input_gradient, slice, {down, slice.rows * down_pitch, down_pitch}, begin, count, layer.input, lengths);
        }
      }
      if (begin == 0) {
        finish_parameter_gradients<Real, Cell>(layer, hidden, pitch);
        if (first_gradient.h != nullptr) {
          through_weights(delta, delta_stride, slice.rows, by_hidden, Cell::gates, layer.by_hidden, hidden, hidden, room,
                          pitch);
          if (Cell::carries_h || lengths.of != nullptr) {
            for (Index k = 0; k < slice.rows * pitch; ++k) room[k] += layer.carry_h[k];
          }
          copy_rows_out(first_gradient.h + l * problem.batch * hidden, room, pitch, slice, hidden);
        }
        if (first_gradient.c != nullptr && Cell::states > 1) {
          copy_rows_out(first_gradient.c + l * problem.batch * hidden, layer.carry_c, pitch, slice, hidden);
        }
      }
    }
    end = begin;
  }
}

}  // namespace PENDULA_ISA
}  // namespace pendula
