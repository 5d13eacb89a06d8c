// A walk through time of which every step is kept, and the way back.
#pragma once

#include "backward.h"
#include "forward.h"

namespace pendula {
namespace PENDULA_ISA {

template <class Real, class Cell>
class CellUnrolled final : public Unrolled<Real> {
 public:
  CellUnrolled(Scratch& scratch, const Problem& problem, const Parameters<const Real>* parameters, State<const Real> first)
      : batch_(problem.batch),
        steps_(problem.time),
        input_(problem.input_size),
        hidden_(problem.hidden_size),
        layers_(problem.num_layers) {
    pitch_ = padded<Real>(hidden_);
    stride_ = kept_slots(problem.cell) * pitch_;
    delta_stride_ = Cell::deltas * pitch_ + lanes<Real>;  // as in the backward pass: no rows of a power of two
    inputs_ = take_zeros<Real>(scratch, steps_ * batch_ * input_pitch());
    down_ = take<Real>(scratch, batch_ * pitch_);
    pointers_ = static_cast<const Real**>(scratch.take(static_cast<std::size_t>(5 * steps_) * sizeof(Real*)));
    stack_ = static_cast<Layer*>(scratch.take(static_cast<std::size_t>(layers_) * sizeof(Layer)));
    for (Index l = 0; l < layers_; ++l) begin(scratch, l, parameters[l], first);
    for (int g = 0; g < Cell::gates; ++g) {
      by_input_[g] = g * pitch_;
      by_hidden_[g] = Cell::hidden_sum(g) * pitch_;
    }
  }

  void step(const Real* input, Real* output) override {
    Real* own = inputs_ + taken_ * batch_ * input_pitch();
    for (Index r = 0; r < batch_; ++r) {
      std::memcpy(own + r * input_pitch(), input + r * input_, static_cast<std::size_t>(input_) * sizeof(Real));
    }
    Steps<const Real> x{own, 0, input_pitch()};
    for (Index l = 0; l < layers_; ++l) {
      forward_step<Real, Cell>(stack_[l].forward, batch_, x, before(l, taken_), rows(l, taken_), stride_, pitch_, all_, 0);
      x = {rows(l, taken_), 0, stride_};
    }
    for (Index r = 0; r < batch_; ++r) {
      std::memcpy(output + r * pitch_, x.data + r * stride_, static_cast<std::size_t>(pitch_) * sizeof(Real));
    }
    ++taken_;
  }

  void back(const Real* output_gradient, Real* input_gradient) override {
    --taken_;
    Steps<const Real> due{output_gradient, 0, pitch_};
    for (Index l = layers_ - 1; l >= 0; --l) {
      const BackwardLayer<Real>& layer = stack_[l].backward;
      const Real* next = taken_ == steps_ - 1 ? nullptr : deltas(l, taken_ + 1);
      backward_step<Real, Cell>(layer, hidden_, batch_, due, next, delta_stride_, before(l, taken_), rows(l, taken_), stride_,
                                pitch_, deltas(l, taken_), Cell::carries_h, all_, taken_);
      Real* down = l > 0 ? down_ : input_gradient;
      const Index down_pitch = l > 0 ? pitch_ : input_pitch();
      through_weights(deltas(l, taken_), delta_stride_, batch_, by_input_, Cell::gates, layer.by_input, hidden_, layer.input,
                      down, down_pitch);
      due = {down, 0, down_pitch};
    }
  }

  void first_gradient(State<Real> gradient) override {
    const Slice all_rows{0, batch_};
    for (Index l = 0; l < layers_; ++l) {
      const BackwardLayer<Real>& layer = stack_[l].backward;
      const Index at = l * batch_ * hidden_;
      through_weights(deltas(l, 0), delta_stride_, batch_, by_hidden_, Cell::gates, layer.by_hidden, hidden_, hidden_, down_,
                      pitch_);
      for (Index k = 0; Cell::carries_h && k < batch_ * pitch_; ++k) down_[k] += layer.carry_h[k];
      copy_rows_out(gradient.h + at, down_, pitch_, all_rows, hidden_);
      if (Cell::states > 1) copy_rows_out(gradient.c + at, layer.carry_c, pitch_, all_rows, hidden_);
    }
  }

  void add_gradients(const Parameters<Real>* gradients) override {
    for (Index l = 0; l < layers_; ++l) {
      BackwardLayer<Real>& layer = stack_[l].backward;
      layer.gradients = gradients[l];
      for (Index t = 0; t < steps_; ++t) pointers_[t] = before(l, t);
      const Steps<const Real> x = l > 0 ? Steps<const Real>{rows(l - 1, 0), batch_ * stride_, stride_}
                                        : Steps<const Real>{inputs_, batch_ * input_pitch(), input_pitch()};
      add_parameter_gradients<Real, Cell>(layer, hidden_, pitch_, batch_, steps_, deltas(l, 0), delta_stride_, pointers_,
                                          stride_, x, pointers_ + steps_);
      finish_parameter_gradients<Real, Cell>(layer, hidden_, pitch_);
    }
  }

 private:
  struct Layer {
    ForwardWeights<Real, Cell> forward;
    BackwardLayer<Real> backward;
    Real *rows, *deltas;
  };

  Index input_pitch() const { return padded<Real>(input_); }
  Real* rows(Index l, Index t) const { return stack_[l].rows + t * batch_ * stride_; }
  Real* deltas(Index l, Index t) const { return stack_[l].deltas + t * batch_ * delta_stride_; }
  const Real* before(Index l, Index t) const { return t == 0 ? stack_[l].backward.first_rows : rows(l, t - 1); }

  void begin(Scratch& scratch, Index l, const Parameters<const Real>& own, State<const Real> first) {
    const Index state = l * batch_ * hidden_, width = Cell::deltas * pitch_;
    const Slice all_rows{0, batch_};
    BackwardLayer<Real> layer{};
    layer.input = l == 0 ? input_ : hidden_;
    layer.by_hidden = packed_by_columns<Real, Cell>(scratch, own.w_hh, hidden_, hidden_);
    layer.by_input = packed_by_columns<Real, Cell>(scratch, own.w_ih, hidden_, layer.input);
    layer.leak = pack_units(scratch, own.leak, hidden_);
    layer.first_rows = take<Real>(scratch, batch_ * stride_);
    fill_rows(layer.first_rows, stride_, pitch_, first.h ? first.h + state : nullptr, all_rows, hidden_);
    if (Cell::states > 1) {
      fill_rows(layer.first_rows + pitch_, stride_, pitch_, first.c ? first.c + state : nullptr, all_rows, hidden_);
    }
    layer.carry_h = take_zeros<Real>(scratch, batch_ * pitch_);
    layer.carry_c = take_zeros<Real>(scratch, batch_ * pitch_);
    layer.constant = take_zeros<Real>(scratch, width);
    layer.narrow = layer.input < narrow_limit<Real> ? take_zeros<Real>(scratch, layer.input * width) : nullptr;
    stack_[l] = {ForwardWeights<Real, Cell>(scratch, own, layer.input, hidden_), layer,
                 take<Real>(scratch, steps_ * batch_ * stride_), take<Real>(scratch, steps_ * batch_ * delta_stride_)};
  }

  static constexpr Lengths all_{nullptr};
  Index batch_, steps_, input_, hidden_, layers_, pitch_, stride_, delta_stride_;
  Index taken_ = 0;
  Real *inputs_, *down_;
  const Real** pointers_;
  Layer* stack_;
  Index by_input_[Cell::gates], by_hidden_[Cell::gates];
};

}  // namespace PENDULA_ISA
}  // namespace pendula
