// Recurrent networks over whole sequences: the interface of the core. It knows pointers, shapes and strides.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace pendula {

using Index = std::int64_t;

enum class Cell : int { rnn_tanh = 0, rnn_relu = 1, lstm = 2, gru = 3, leaky = 4 };

// A stack of layers of one kind and the batch of sequences it runs over.
struct Problem {
  Cell cell;
  Index input_size;
  Index hidden_size;
  Index num_layers;
  Index batch;
  Index time;
  const Index* lengths;  // steps of each row, in [0, time]; null: all rows have `time` steps
  int threads;           // at most so many
};

// Three strides, in elements. Null data: absent.
template <class Real>
struct View {
  Real* data = nullptr;
  Index batch = 0, time = 0, feature = 0;
};

// A layer's parameters in torch's layout, contiguous: w_ih [gates*hidden, input], w_hh [gates*hidden, hidden],
// b_ih and b_hh [gates*hidden]; gates as in torch: LSTM i f g o, GRU r z n. The leaky cell has leak [hidden] besides:
// h' = (1 - leak) h + leak tanh(w_ih x + b_ih + w_hh h + b_hh). Null: absent (biases; tangents that are zero).
template <class Real>
struct Parameters {
  Real* w_ih = nullptr;
  Real* w_hh = nullptr;
  Real* b_ih = nullptr;
  Real* b_hh = nullptr;
  Real* leak = nullptr;
};

// States are contiguous [layer, batch, hidden]; c belongs to the LSTM. Null: zeros (inputs), not wanted (outputs).
template <class Real>
struct State {
  Real* h = nullptr;
  Real* c = nullptr;
};

// How many elements the forward pass keeps for the backward and the tangent pass.
template <class Real>
Index reserve_size(const Problem& problem);

// output[b, t] is the last layer's state after each step (zero from a row's length on) and may be absent; `last` is the
// state of every layer after each row's last step. Without a reserve nothing is kept.
template <class Real>
void forward(const Problem& problem, const Parameters<const Real>* parameters, View<const Real> input,
             State<const Real> first, View<Real> output, State<Real> last, Real* reserve);

// Gradients, which are overwritten, not added to; null: not wanted.
template <class Real>
void backward(const Problem& problem, const Parameters<const Real>* parameters, View<const Real> input,
              State<const Real> first, const Real* reserve, View<const Real> output_gradient,
              State<const Real> last_gradient, View<Real> input_gradient, const Parameters<Real>* parameter_gradients,
              State<Real> first_gradient);

// The Jacobian-vector product: tangents in (null: zero), tangents out.
template <class Real>
void tangent(const Problem& problem, const Parameters<const Real>* parameters, View<const Real> input,
             State<const Real> first, const Real* reserve, const Parameters<const Real>* parameter_tangents,
             View<const Real> input_tangent, State<const Real> first_tangent, View<Real> output_tangent,
             State<Real> last_tangent);

// A walk through time, one step at a call and on the calling thread: the parameters are packed once. `problem.time`,
// `lengths` and `threads` are not used.
template <class Real>
class Stepper {
 public:
  virtual ~Stepper() = default;
  // input [batch, input], output [batch, hidden]: the last layer's new state; both contiguous.
  virtual void step(const Real* input, Real* output) = 0;
  // Copies the state of every layer out.
  virtual void state(State<Real> now) const = 0;
};

template <class Real>
std::unique_ptr<Stepper<Real>> make_stepper(const Problem& problem, const Parameters<const Real>* parameters,
                                            State<const Real> first);

// A walk through time of which every step is kept, and the way back: for a loop in which an input depends on the outputs
// before it. It goes on the calling thread.
template <class Real>
class Unrolled {
 public:
  virtual ~Unrolled() = default;
  // input [batch, input]; output: the last layer's new state. Rows of states and of gradients are padded to whole vectors.
  virtual void step(const Real* input, Real* output) = 0;
  // From the last step to the first: from the gradient with respect to a step's output to that with respect to its input.
  // What later steps have found is added to the former.
  virtual void back(const Real* output_gradient, Real* input_gradient) = 0;
  // After the way back: the gradient with respect to the first state, in torch's layout.
  virtual void first_gradient(State<Real> gradient) = 0;
  // After the way back: adds to the gradients of the parameters.
  virtual void add_gradients(const Parameters<Real>* gradients) = 0;
};

class Scratch;

// `problem.time` is the number of steps. Its memory is taken from `scratch`.
template <class Real>
std::unique_ptr<Unrolled<Real>> make_unrolled(Scratch& scratch, const Problem& problem,
                                              const Parameters<const Real>* parameters, State<const Real> first);

// The instruction sets that this build holds and this processor has, best last; the one in use.
const char* const* instruction_sets(int* count);
const char* instruction_set();
bool use_instruction_set(const char* name);

}  // namespace pendula
