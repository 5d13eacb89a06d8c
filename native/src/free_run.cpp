#include "free_run.h"

#include <algorithm>

#include "threads.h"

namespace pendula {
namespace {

// At most so many starts go through all steps together: their states stay in the cache beside the parameters, and
// reading the parameters is a small part of a step.
constexpr Index together = 48;

// The states of some rows of a batch, [layer, row, hidden], out of and into those of all.
template <class Weight>
class Rows {
 public:
  Rows(const Problem& problem, Index start, Index count)
      : layers_(problem.num_layers),
        all_(problem.batch * problem.hidden_size),
        start_(start * problem.hidden_size),
        count_(count * problem.hidden_size) {}

  State<const Weight> out_of(State<const Weight> state) { return {out_of(state.h, h_), out_of(state.c, c_)}; }
  State<Weight> room_for(State<Weight> state) { return {room_for(state.h, h_), room_for(state.c, c_)}; }
  void into(State<Weight> state) const {
    into(state.h, h_);
    into(state.c, c_);
  }

 private:
  const Weight* out_of(const Weight* from, std::vector<Weight>& own) {
    if (from == nullptr) return nullptr;
    own.resize(layers_ * count_);
    for (Index layer = 0; layer < layers_; ++layer)
      std::copy_n(from + layer * all_ + start_, count_, own.data() + layer * count_);
    return own.data();
  }
  Weight* room_for(Weight* to, std::vector<Weight>& own) {
    if (to == nullptr) return nullptr;
    own.resize(layers_ * count_);
    return own.data();
  }
  void into(Weight* to, const std::vector<Weight>& own) const {
    if (to == nullptr) return;
    for (Index layer = 0; layer < layers_; ++layer)
      std::copy_n(own.data() + layer * count_, count_, to + layer * all_ + start_);
  }

  Index layers_, all_, start_, count_;
  std::vector<Weight> h_, c_;
};

template <class Pointer>
Pointer offset(Pointer data, Index by) {
  return data == nullptr ? nullptr : data + by;
}

// A view from there on; absent, if it is.
template <class Real>
View<Real> from(View<Real> view, Index row, Index time, Index column = 0) {
  view.data = offset(view.data, row * view.batch + time * view.time + column * view.feature);
  return view;
}

template <class Weight, class Value>
struct Run {
  const Problem& problem;
  const Parameters<const Weight>* parameters;
  const Frame<Weight>& frame;
  View<const Value> known, known_controls;
  const Memory<const Weight, const Value>& first;
  Index steps;
  View<const Value> ahead;
  View<Value> output;
  const Memory<Weight, Value>& last;

  void go(Index start, Index count) const {
    Rows<Weight> rows(problem, start, count);
    Problem part = problem;
    part.batch = count;
    const Index newest = start * frame.channels, past = start * (frame.lags - 1) * (frame.channels + frame.controls);
    Forecaster<Weight, Value> forecaster(
        part, parameters, frame, {rows.out_of(first.hidden), offset(first.last, newest), offset(first.past, past)});
    for (Index time = 0; time < problem.time; ++time)
      forecaster.see(from(known, start, time), from(known_controls, start, time));
    loop(forecaster, start, count);
    forecaster.memory({rows.room_for(last.hidden), offset(last.last, newest), offset(last.past, past)});
    rows.into(last.hidden);
  }

 private:
  void loop(Forecaster<Weight, Value>& forecaster, Index start, Index count) const {
    const Index channels = frame.channels, size = frame.leads * channels;
    std::vector<Value> block(count * size);
    for (Index done = 0;;) {
      forecaster.predict(block.data());
      const Index wanted = std::min(frame.leads, steps - done);
      for (Index row = 0; row < count; ++row)
        for (Index lead = 0; lead < wanted; ++lead)
          for (Index channel = 0; channel < channels; ++channel)
            output.data[(start + row) * output.batch + (done + lead) * output.time + channel * output.feature] =
                block[row * size + lead * channels + channel];
      if (done + frame.leads >= steps) return;
      for (Index lead = 0; lead < frame.leads; ++lead, ++done)
        forecaster.see({block.data() + lead * channels, size, 0, 1}, from(ahead, start, done));
    }
  }
};

}  // namespace

template <class Weight, class Value>
void free_run(const Problem& problem, const Parameters<const Weight>* parameters, const Frame<Weight>& frame,
              View<const Value> known, const Memory<const Weight, const Value>& first, Index steps,
              View<const Value> ahead, View<Value> output, const Memory<Weight, Value>& last) {
  const View<const Value> controls = frame.controls > 0 ? from(known, 0, 0, frame.channels) : View<const Value>{};
  const Run<Weight, Value> run{problem, parameters, frame, known, controls, first, steps, ahead, output, last};
  const int threads = static_cast<int>(std::max<Index>(1, std::min<Index>(problem.threads, problem.batch)));
  parallel(threads, [&](int thread) {
    const Index begin = problem.batch * thread / threads, share = problem.batch * (thread + 1) / threads - begin;
    const Index groups = (share + together - 1) / together;
    for (Index group = 0; group < groups; ++group) {
      const Index start = begin + share * group / groups;
      run.go(start, begin + share * (group + 1) / groups - start);
    }
  });
}

#define PENDULA_INSTANTIATE(Weight, Value)                                                                       \
  template void free_run(const Problem&, const Parameters<const Weight>*, const Frame<Weight>&, View<const Value>, \
                         const Memory<const Weight, const Value>&, Index, View<const Value>, View<Value>,        \
                         const Memory<Weight, Value>&);
PENDULA_INSTANTIATE(float, float)
PENDULA_INSTANTIATE(float, double)
PENDULA_INSTANTIATE(double, float)
PENDULA_INSTANTIATE(double, double)
#undef PENDULA_INSTANTIATE

}  // namespace pendula
