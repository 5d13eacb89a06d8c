// A walk through time, one step at a call.
#pragma once

#include "forward.h"

namespace pendula {
namespace PENDULA_ISA {

template <class Real, class Cell>
class CellStepper final : public Stepper<Real> {
 public:
  CellStepper(const Problem& problem, const Parameters<const Real>* parameters, State<const Real> first)
      : batch_(problem.batch), input_(problem.input_size), hidden_(problem.hidden_size), layers_(problem.num_layers) {
    pitch_ = padded<Real>(hidden_);
    stride_ = kept_slots(problem.cell) * pitch_;
    Index size = 0;
    for (Index l = 0; l < layers_; ++l) size += layer_size(l);
    // Half a cache line more than asked for lets the first row start on a line.
    memory_ = static_cast<char*>(::operator new(static_cast<std::size_t>(size) * sizeof(Real) + 64));
    room_ = reinterpret_cast<Real*>((reinterpret_cast<std::uintptr_t>(memory_) + 63) / 64 * 64);
    for (Index l = 0; l < layers_; ++l) pack(l, parameters[l], first);
  }

  ~CellStepper() override { ::operator delete(memory_); }
  CellStepper(const CellStepper&) = delete;
  CellStepper& operator=(const CellStepper&) = delete;

  void step(const Real* input, Real* output) override {
    Steps<const Real> x{input, 0, input_};
    for (Index l = 0; l < layers_; ++l) {
      Real *before = rows(l, turn_), *now = rows(l, 1 - turn_);
      forward_step<Real, Cell>(weights(l), batch_, x, before, now, stride_, pitch_, Lengths{nullptr}, 0);
      x = {now, 0, stride_};
    }
    turn_ = 1 - turn_;
    for (Index r = 0; r < batch_; ++r) {
      std::memcpy(output + r * hidden_, x.data + r * stride_, static_cast<std::size_t>(hidden_) * sizeof(Real));
    }
  }

  void state(State<Real> now) const override {
    const Slice all_rows{0, batch_};
    for (Index l = 0; l < layers_; ++l) {
      const Index at = l * batch_ * hidden_;
      copy_rows_out(now.h ? now.h + at : nullptr, rows(l, turn_), stride_, all_rows, hidden_);
      if (Cell::states > 1) copy_rows_out(now.c ? now.c + at : nullptr, rows(l, turn_) + pitch_, stride_, all_rows, hidden_);
    }
  }

 private:
  Index input_of(Index l) const { return l == 0 ? input_ : hidden_; }
  Index width() const { return vectors_for<Real>(hidden_) * lanes<Real>; }
  Index rows_size() const { return batch_ * stride_; }
  Index bias_size() const { return (width() * Cell::sums + 15) / 16 * 16; }
  Index input_panels(Index l) const { return width() * Cell::gates * input_of(l); }
  Index hidden_panels() const { return width() * Cell::gates * hidden_; }
  Index layer_size(Index l) const {
    return 2 * rows_size() + pitch_ + bias_size() + (input_panels(l) + 15) / 16 * 16 + hidden_panels();
  }
  Real* layer(Index l) const {
    Real* at = room_;
    if (l > 0) at += layer_size(0) + (l - 1) * layer_size(1);
    return at;
  }
  Real* rows(Index l, int turn) const { return layer(l) + turn * rows_size(); }
  Real* leak(Index l) const { return layer(l) + 2 * rows_size(); }
  Real* bias(Index l) const { return leak(l) + pitch_; }
  Real* by_input(Index l) const { return bias(l) + bias_size(); }
  Real* by_hidden(Index l) const { return by_input(l) + (input_panels(l) + 15) / 16 * 16; }
  ForwardWeights<Real, Cell> weights(Index l) const {
    return ForwardWeights<Real, Cell>(input_of(l), hidden_, by_input(l), by_hidden(l), bias(l), leak(l));
  }

  void pack(Index l, const Parameters<const Real>& p, State<const Real> first) {
    Scratch scratch;
    const Index state = l * batch_ * hidden_;
    const Slice all_rows{0, batch_};
    pack_by_units<Real, Cell>(p.w_ih, input_of(l), hidden_, by_input(l));
    pack_by_units<Real, Cell>(p.w_hh, hidden_, hidden_, by_hidden(l));
    std::memcpy(bias(l), pack_biases<Real, Cell>(scratch, p.b_ih, p.b_hh, hidden_),
                static_cast<std::size_t>(width() * Cell::sums) * sizeof(Real));
    std::memcpy(leak(l), pack_units(scratch, p.leak, hidden_), static_cast<std::size_t>(pitch_) * sizeof(Real));
    fill_rows(rows(l, 0), stride_, pitch_, first.h ? first.h + state : nullptr, all_rows, hidden_);
    if (Cell::states > 1) fill_rows(rows(l, 0) + pitch_, stride_, pitch_, first.c ? first.c + state : nullptr, all_rows, hidden_);
  }

  Index batch_, input_, hidden_, layers_, pitch_, stride_;
  int turn_ = 0;
  char* memory_;
  Real* room_;
};

}  // namespace PENDULA_ISA
}  // namespace pendula
