// Reservoirs over time, for one instruction set: see kernels.cpp.
#include "reservoir_table.h"

#include "reservoir_steps.h"

namespace pendula {
namespace PENDULA_ISA {
namespace {

template <class Real>
PENDULA_INLINE Real& element(View<Real> view, Index row, Index time, Index feature) {
  return view.data[row * view.batch + time * view.time + feature * view.feature];
}

// `width` vectors of sequences, the first `count` of which are there.
template <class Real, int width>
class Several {
 public:
  static constexpr Index wide = width * lanes<Real>;

  Several(const ReservoirTask<Real>& task, const PackedReservoir<Real>& packed, Index first, Index count, Scratch& scratch)
      : task_(task), packed_(packed), first_(first), count_(count) {
    const Index inputs = packed.inputs();
    now_ = take_zeros<Real>(scratch, packed.units() * wide);
    next_ = take<Real>(scratch, packed.units() * wide);
    x_ = take_zeros<Real>(scratch, inputs * wide);
    const Index units = task.reservoir->units;
    for (Index row = 0; row < count && task.first != nullptr; ++row)
      for (Index k = 0; k < units; ++k) now_[k * wide + row] = task.first[(first + row) * units + k];
    for (Index row = 0; row < count && task.values != nullptr; ++row)
      for (Index c = 0; c < inputs; ++c) x_[c * wide + row] = task.values[(first + row) * inputs + c];
  }

  void drive() {
    for (Index t = 0; t < task_.time; ++t) {
      see(task_.inputs, 0, packed_.inputs(), t);
      step();
      for (Index k = 0; k < task_.reservoir->units; ++k)
        for (Index row = 0; row < count_; ++row) element(task_.states, first_ + row, t, k) = now_[k * wide + row];
    }
  }

  void run_on(Scratch& scratch) {
    const PackedReadout<Real> readout(*task_.readout, *task_.reservoir, scratch);
    Real* y = take<Real>(scratch, readout.outputs * wide);
    for (Index t = 0;; ++t) {
      for (Index o = 0; o < readout.outputs; ++o) {
        predict_several<Real, width>(readout, o, now_, x_, y + o * wide);
        for (Index row = 0; row < count_; ++row) element(task_.predictions, first_ + row, t, o) = y[o * wide + row];
      }
      if (t + 1 == task_.time) return;
      std::memcpy(x_, y, static_cast<std::size_t>(readout.outputs * wide) * sizeof(Real));
      see(task_.external, readout.outputs, packed_.inputs(), t);
      step();
    }
  }

 private:
  void see(View<const Real> from, Index begin, Index end, Index t) {
    for (Index c = begin; c < end; ++c)
      for (Index row = 0; row < count_; ++row) x_[c * wide + row] = element(from, first_ + row, t, c - begin);
  }
  void step() {
    step_several<Real, width>(packed_, x_, now_, next_);
    Real* const before = now_;
    now_ = next_;
    next_ = before;
  }

  const ReservoirTask<Real>& task_;
  const PackedReservoir<Real>& packed_;
  Index first_, count_;
  Real *now_, *next_, *x_;
};

template <class Real, int width>
void go(const ReservoirTask<Real>& task, const PackedReservoir<Real>& packed, Index first, Index count, Scratch& scratch) {
  Several<Real, width> sequences(task, packed, first, count, scratch);
  task.readout == nullptr ? sequences.drive() : sequences.run_on(scratch);
}

template <class Real>
void several(const ReservoirTask<Real>& task, Index first, Index count) {
  Scratch scratch;
  const PackedReservoir<Real> packed(*task.reservoir, scratch);
  const Index vectors = vectors_for<Real>(count);
  if (vectors > 2) return go<Real, 4>(task, packed, first, count, scratch);
  if (vectors > 1) return go<Real, 2>(task, packed, first, count, scratch);
  go<Real, 1>(task, packed, first, count, scratch);
}

// One sequence.
template <class Real>
class Alone {
 public:
  Alone(const ReservoirTask<Real>& task, const PackedReservoir<Real>& packed, Index row, Scratch& scratch)
      : task_(task), packed_(packed), row_(row) {
    now_ = take_zeros<Real>(scratch, packed.units());
    next_ = take<Real>(scratch, packed.units());
    x_ = take<Real>(scratch, packed.inputs());
    const Index units = task.reservoir->units;
    for (Index k = 0; k < units && task.first != nullptr; ++k) now_[k] = task.first[row * units + k];
  }

  void drive() {
    for (Index t = 0; t < task_.time; ++t) {
      see(task_.inputs, 0, t);
      step();
      for (Index k = 0; k < task_.reservoir->units; ++k) element(task_.states, row_, t, k) = now_[k];
    }
  }

  void run_on(Scratch& scratch) {
    const PackedReadout<Real> readout(*task_.readout, *task_.reservoir, scratch);
    Real* y = take<Real>(scratch, readout.outputs);
    for (Index c = 0; c < packed_.inputs(); ++c) x_[c] = task_.values[row_ * packed_.inputs() + c];
    for (Index t = 0;; ++t) {
      for (Index o = 0; o < readout.outputs; ++o) element(task_.predictions, row_, t, o) = y[o] = predict_one(readout, o, now_, x_);
      if (t + 1 == task_.time) return;
      for (Index o = 0; o < readout.outputs; ++o) x_[o] = y[o];
      see(task_.external, readout.outputs, t);
      step();
    }
  }

 private:
  void see(View<const Real> from, Index begin, Index t) {
    for (Index c = begin; c < packed_.inputs(); ++c) x_[c] = element(from, row_, t, c - begin);
  }
  void step() {
    step_one(packed_, x_, now_, next_);
    Real* const before = now_;
    now_ = next_;
    next_ = before;
  }

  const ReservoirTask<Real>& task_;
  const PackedReservoir<Real>& packed_;
  Index row_;
  Real *now_, *next_, *x_;
};

template <class Real>
void alone(const ReservoirTask<Real>& task, Index row) {
  Scratch scratch;
  const PackedReservoir<Real> packed(*task.reservoir, scratch);
  Alone<Real> sequence(task, packed, row, scratch);
  task.readout == nullptr ? sequence.drive() : sequence.run_on(scratch);
}

template <class Real>
constexpr ReservoirPasses<Real> passes = {4 * lanes<Real>, several<Real>, alone<Real>};

}  // namespace

extern const ReservoirTable reservoir_table;
const ReservoirTable reservoir_table = {&passes<float>, &passes<double>};

}  // namespace PENDULA_ISA
}  // namespace pendula
