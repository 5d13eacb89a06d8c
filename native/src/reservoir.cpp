#include "reservoir.h"

#include <algorithm>

#include "reservoir_table.h"
#include "slices.h"
#include "threads.h"

namespace pendula {
namespace {

template <class Real>
double operations(const Reservoir<Real>& reservoir) {
  const double units = static_cast<double>(reservoir.units);
  const double links = reservoir.starts == nullptr ? units * units : static_cast<double>(reservoir.starts[reservoir.units]);
  return 2 * (links + units * static_cast<double>(reservoir.inputs + 8));
}

template <class Real>
void in_groups(const ReservoirTask<Real>& task, Index batch, int threads) {
  const double steps = static_cast<double>(batch) * static_cast<double>(task.time);
  const double worthwhile = operations(*task.reservoir) * steps / operations_of_a_thread;
  const int count = static_cast<int>(std::max(1.0, std::min({static_cast<double>(threads), static_cast<double>(batch), worthwhile})));
  const Index together = reservoir_passes<Real>().together;
  parallel(count, [&](int index) {
    const Index begin = batch * index / count, end = batch * (index + 1) / count;
    for (Index first = begin; first < end; first += together) {
      reservoir_passes<Real>().several(task, first, std::min(together, end - first));
    }
  });
}

template <class Real>
void go(const ReservoirTask<Real>& task, Index batch, int threads) {
  if (batch == 0 || task.time == 0) return;
  batch == 1 ? reservoir_passes<Real>().alone(task, 0) : in_groups(task, batch, threads);
}

}  // namespace

template <class Real>
void drive(const Reservoir<Real>& reservoir, Index batch, Index time, View<const Real> inputs, const Real* first,
           View<Real> states, int threads) {
  go<Real>({&reservoir, nullptr, time, inputs, first, states, nullptr, {}, {}}, batch, threads);
}

template <class Real>
void run_on(const Reservoir<Real>& reservoir, const Readout<Real>& readout, Index batch, Index time, const Real* states,
            const Real* values, View<const Real> external, View<Real> predictions, int threads) {
  go<Real>({&reservoir, &readout, time, {}, states, {}, values, external, predictions}, batch, threads);
}

#define PENDULA_INSTANTIATE(Real)                                                                                       \
  template void drive(const Reservoir<Real>&, Index, Index, View<const Real>, const Real*, View<Real>, int);            \
  template void run_on(const Reservoir<Real>&, const Readout<Real>&, Index, Index, const Real*, const Real*,            \
                       View<const Real>, View<Real>, int);
PENDULA_INSTANTIATE(float)
PENDULA_INSTANTIATE(double)
#undef PENDULA_INSTANTIATE

}  // namespace pendula
