// Chooses the instruction set, splits the batch over threads and adds up what the threads found.
#include <atomic>
#include <cstring>
#include <new>
#include <vector>

#include "layout.h"
#include "scratch.h"
#include "slices.h"
#include "table.h"
#include "threads.h"

namespace pendula {

#ifdef PENDULA_HAS_AVX512
namespace avx512 {
extern const Table table;
}
#endif
#ifdef PENDULA_HAS_AVX2
namespace avx2 {
extern const Table table;
}
#endif
namespace baseline {
extern const Table table;
}

namespace {

struct Choices {
  const Table* tables[3];
  const char* names[3];
  int count = 0;
  std::atomic<const Table*> chosen;

  Choices() {
    add(baseline::table);
#ifdef PENDULA_HAS_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) add(avx2::table);
#endif
#ifdef PENDULA_HAS_AVX512
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl")) {
      add(avx512::table);
    }
#endif
    chosen = tables[count - 1];
  }

  void add(const Table& table) {
    tables[count] = &table;
    names[count++] = table.name;
  }
};

Choices& choices() {
  static Choices all;
  return all;
}

template <class Real>
const Passes<Real>& passes(Cell cell);

template <>
const Passes<float>& passes(Cell cell) {
  return *choices().chosen.load()->singles(cell);
}

template <>
const Passes<double>& passes(Cell cell) {
  return *choices().chosen.load()->doubles(cell);
}

template <class Body>
void for_slices(const Problem& problem, int count, Body&& body) {
  parallel(count, [&](int index) {
    const Index begin = problem.batch * index / count, end = problem.batch * (index + 1) / count;
    if (end > begin) body(index, begin, end - begin);
  });
}

template <class Real>
struct Part {
  Real* Parameters<Real>::*member;
  Index size;
};

template <class Real>
void parts_of(const Problem& problem, Index layer, Part<Real> (&parts)[5]) {
  const Index hidden = problem.hidden_size, width = gate_count(problem.cell) * hidden;
  parts[0] = {&Parameters<Real>::w_ih, width * (layer == 0 ? problem.input_size : hidden)};
  parts[1] = {&Parameters<Real>::w_hh, width * hidden};
  parts[2] = {&Parameters<Real>::b_ih, width};
  parts[3] = {&Parameters<Real>::b_hh, width};
  parts[4] = {&Parameters<Real>::leak, hidden};
}

// Gradients of the parameters, one set for each thread: the first is the caller's, the others are added to it in order, so
// that the sum has the same bits every time.
template <class Real>
class GradientSets {
 public:
  GradientSets(const Problem& problem, const Parameters<Real>* wanted, int count)
      : problem_(problem), layers_(static_cast<std::size_t>(problem.num_layers)), sets_(layers_ * count) {
    for (int index = 0; index < count; ++index) {
      for (std::size_t layer = 0; layer < layers_; ++layer) {
        Parameters<Real>& own = sets_[layers_ * index + layer];
        own = wanted[layer];
        if (index == 0) continue;
        Part<Real> parts[5];
        parts_of(problem, static_cast<Index>(layer), parts);
        for (const Part<Real>& part : parts) {
          if (own.*part.member != nullptr) own.*part.member = take(part.size);
        }
      }
    }
  }

  const Parameters<Real>* of(int index) const { return &sets_[layers_ * static_cast<std::size_t>(index)]; }

  void add_up(int count) {
    for (std::size_t layer = 0; layer < layers_; ++layer) {
      Part<Real> parts[5];
      parts_of(problem_, static_cast<Index>(layer), parts);
      for (const Part<Real>& part : parts) {
        Real* sum = sets_[layer].*part.member;
        if (sum == nullptr) continue;
        for (int index = 1; index < count; ++index) {
          const Real* more = sets_[layers_ * index + layer].*part.member;
          for (Index k = 0; k < part.size; ++k) sum[k] += more[k];
        }
      }
    }
  }

 private:
  Real* take(Index size) { return static_cast<Real*>(scratch_.take(static_cast<std::size_t>(size) * sizeof(Real))); }

  const Problem& problem_;
  std::size_t layers_;
  std::vector<Parameters<Real>> sets_;
  Scratch scratch_;
};

template <class Real>
void copy_or_clear(Real* to, const Real* from, Index size) {
  if (to == nullptr || size == 0) return;
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(Real);
  from == nullptr ? std::memset(to, 0, bytes) : std::memmove(to, from, bytes);
}

// Without a step no parameter counts, and the last state is the first.
template <class Real>
void backward_of_nothing(const Problem& problem, State<const Real> last_gradient, const Parameters<Real>* gradients,
                         State<Real> first_gradient) {
  for (Index layer = 0; layer < problem.num_layers; ++layer) {
    Part<Real> parts[5];
    parts_of(problem, layer, parts);
    for (const Part<Real>& part : parts) copy_or_clear<Real>(gradients[layer].*part.member, nullptr, part.size);
  }
  const Index states = problem.num_layers * problem.batch * problem.hidden_size;
  copy_or_clear(first_gradient.h, last_gradient.h, states);
  copy_or_clear(first_gradient.c, last_gradient.c, states);
}

}  // namespace

template <class Real>
Index reserve_size(const Problem& problem) {
  return kept_slots(problem.cell) * padded<Real>(problem.hidden_size) * problem.num_layers * problem.batch * problem.time;
}

template <class Real>
void forward(const Problem& problem, const Parameters<const Real>* parameters, View<const Real> input,
             State<const Real> first, View<Real> output, State<Real> last, Real* reserve) {
  const Passes<Real>& chosen = passes<Real>(problem.cell);
  for_slices(problem, threads_for(problem), [&](int, Index begin, Index rows) {
    chosen.forward(problem, begin, rows, parameters, input, first, output, last, reserve);
  });
}

template <class Real>
void backward(const Problem& problem, const Parameters<const Real>* parameters, View<const Real> input,
              State<const Real> first, const Real* reserve, View<const Real> output_gradient,
              State<const Real> last_gradient, View<Real> input_gradient, const Parameters<Real>* parameter_gradients,
              State<Real> first_gradient) {
  if (problem.batch == 0 || problem.time == 0) {
    return backward_of_nothing(problem, last_gradient, parameter_gradients, first_gradient);
  }
  const Passes<Real>& chosen = passes<Real>(problem.cell);
  const int count = threads_for(problem);
  GradientSets<Real> sets(problem, parameter_gradients, count);
  for_slices(problem, count, [&](int index, Index begin, Index rows) {
    chosen.backward(problem, begin, rows, parameters, input, first, reserve, output_gradient, last_gradient, input_gradient,
                    sets.of(index), first_gradient);
  });
  sets.add_up(count);
}

template <class Real>
void tangent(const Problem& problem, const Parameters<const Real>* parameters, View<const Real> input,
             State<const Real> first, const Real* reserve, const Parameters<const Real>* parameter_tangents,
             View<const Real> input_tangent, State<const Real> first_tangent, View<Real> output_tangent,
             State<Real> last_tangent) {
  const Passes<Real>& chosen = passes<Real>(problem.cell);
  for_slices(problem, threads_for(problem), [&](int, Index begin, Index rows) {
    chosen.tangent(problem, begin, rows, parameters, input, first, reserve, parameter_tangents, input_tangent, first_tangent,
                   output_tangent, last_tangent);
  });
}

template <class Real>
std::unique_ptr<Stepper<Real>> make_stepper(const Problem& problem, const Parameters<const Real>* parameters,
                                            State<const Real> first) {
  return std::unique_ptr<Stepper<Real>>(passes<Real>(problem.cell).make_stepper(problem, parameters, first));
}

template <class Real>
std::unique_ptr<Unrolled<Real>> make_unrolled(Scratch& scratch, const Problem& problem,
                                              const Parameters<const Real>* parameters, State<const Real> first) {
  return std::unique_ptr<Unrolled<Real>>(passes<Real>(problem.cell).make_unrolled(scratch, problem, parameters, first));
}

#define PENDULA_INSTANTIATE(Real)                                                                                         \
  template Index reserve_size<Real>(const Problem&);                                                                      \
  template void forward<Real>(const Problem&, const Parameters<const Real>*, View<const Real>, State<const Real>,         \
                              View<Real>, State<Real>, Real*);                                                            \
  template void backward<Real>(const Problem&, const Parameters<const Real>*, View<const Real>, State<const Real>,        \
                               const Real*, View<const Real>, State<const Real>, View<Real>, const Parameters<Real>*,     \
                               State<Real>);                                                                              \
  template void tangent<Real>(const Problem&, const Parameters<const Real>*, View<const Real>, State<const Real>,         \
                              const Real*, const Parameters<const Real>*, View<const Real>, State<const Real>, View<Real>, \
                              State<Real>);                                                                               \
  template std::unique_ptr<Stepper<Real>> make_stepper<Real>(const Problem&, const Parameters<const Real>*,               \
                                                             State<const Real>);                                          \
  template std::unique_ptr<Unrolled<Real>> make_unrolled<Real>(Scratch&, const Problem&, const Parameters<const Real>*,   \
                                                               State<const Real>);

PENDULA_INSTANTIATE(float)
PENDULA_INSTANTIATE(double)

template <>
const ReservoirPasses<float>& reservoir_passes() {
  return *choices().chosen.load()->reservoirs->singles;
}

template <>
const ReservoirPasses<double>& reservoir_passes() {
  return *choices().chosen.load()->reservoirs->doubles;
}

const char* const* instruction_sets(int* count) {
  *count = choices().count;
  return choices().names;
}

const char* instruction_set() { return choices().chosen.load()->name; }

bool use_instruction_set(const char* name) {
  for (int index = 0; index < choices().count; ++index) {
    if (std::strcmp(choices().names[index], name) != 0) continue;
    choices().chosen = choices().tables[index];
    return true;
  }
  return false;
}

}  // namespace pendula
