// One step of each kind of cell, for a vector of units: forward, backward and tangent.
//
// A cell names what a row holds in slots of `pitch` elements each; slot 0 is always the state h. `sums` are what the matrix
// products give (W x + b + U h, by gate); where the two parts of a gate must stay apart, they are two sums. `deltas` are the
// gradients with respect to the sums, in the same order. A pointer that is handed over points at the units in question.
#pragma once

#include "functions.h"

namespace pendula {
namespace PENDULA_ISA {

// The carries of the backward pass: gradients that reach the step before past the matrix product.
template <class Real>
struct Carry {
  Real* h;
  Real* c;
};

template <class Real, bool rectified>
struct SimpleCell {
  using V = Vector<Real>;
  static constexpr int gates = 1, sums = 1, deltas = 1, states = 1;
  static constexpr int units = 4;  // vectors of units in a panel
  static constexpr bool carries_h = false;
  static constexpr int hidden_sum(int gate) { return gate; }

  PENDULA_INLINE static void forward(const V* s, const Real*, Real* now, Index, const Real*) {
    if constexpr (rectified) {
      store(now, s[0] < Real(0) ? V{} : s[0]);
    } else {
      store(now, tangent_of<Real>(s[0]));
    }
  }

  PENDULA_INLINE static void backward(V dh, const Real*, const Real* now, Carry<Real>, Real* delta, Index, const Real*) {
    const V h = load(now);
    if constexpr (rectified) {
      store(delta, h <= Real(0) ? V{} : dh);
    } else {
      store(delta, dh * (Real(1) - h * h));
    }
  }

  PENDULA_INLINE static void tangent(const V* s, const Real*, const Real* now, const Real*, Real* rate, Index, const Real*,
                                     const Real*) {
    const V h = load(now);
    if constexpr (rectified) {
      store(rate, h <= Real(0) ? V{} : s[0]);
    } else {
      store(rate, s[0] * (Real(1) - h * h));
    }
  }
};

template <class Real>
struct LstmCell {
  using V = Vector<Real>;
  enum Slot { H, C, I, F, G, O, T };
  static constexpr int gates = 4, sums = 4, deltas = 4, states = 2;
  static constexpr int units = 1;
  static constexpr bool carries_h = false;
  static constexpr int hidden_sum(int gate) { return gate; }

  PENDULA_INLINE static void forward(const V* s, const Real* before, Real* now, Index pitch, const Real*) {
    const V i = logistic<Real>(s[0]), f = logistic<Real>(s[1]), g = tangent_of<Real>(s[2]), o = logistic<Real>(s[3]);
    const V c = f * load(before + C * pitch) + i * g;
    const V t = tangent_of<Real>(c);
    store(now + C * pitch, c);
    store(now + I * pitch, i);
    store(now + F * pitch, f);
    store(now + G * pitch, g);
    store(now + O * pitch, o);
    store(now + T * pitch, t);
    store(now + H * pitch, o * t);
  }

  PENDULA_INLINE static void backward(V dh, const Real* before, const Real* now, Carry<Real> carry, Real* delta, Index pitch,
                                      const Real*) {
    const V i = load(now + I * pitch), f = load(now + F * pitch), g = load(now + G * pitch), o = load(now + O * pitch);
    const V t = load(now + T * pitch);
    const V dc = load(carry.c) + dh * o * (Real(1) - t * t);
    store(delta, dc * g * (i * (Real(1) - i)));
    store(delta + pitch, dc * load(before + C * pitch) * (f * (Real(1) - f)));
    store(delta + 2 * pitch, dc * i * (Real(1) - g * g));
    store(delta + 3 * pitch, dh * t * (o * (Real(1) - o)));
    store(carry.c, dc * f);
  }

  PENDULA_INLINE static void tangent(const V* s, const Real* before, const Real* now, const Real* rate_before, Real* rate,
                                     Index pitch, const Real*, const Real*) {
    const V i = load(now + I * pitch), f = load(now + F * pitch), g = load(now + G * pitch), o = load(now + O * pitch);
    const V t = load(now + T * pitch);
    const V dc = s[1] * (f * (Real(1) - f)) * load(before + C * pitch) + f * load(rate_before + C * pitch) +
                 s[0] * (i * (Real(1) - i)) * g + i * (s[2] * (Real(1) - g * g));
    store(rate + C * pitch, dc);
    store(rate, s[3] * (o * (Real(1) - o)) * t + o * (Real(1) - t * t) * dc);
  }
};

template <class Real>
struct GruCell {
  using V = Vector<Real>;
  enum Slot { H, R, Z, N, M };  // M is U h + b of the new gate, which the reset gate multiplies
  static constexpr int gates = 3, sums = 4, deltas = 4, states = 1;
  static constexpr int units = 1;
  static constexpr bool carries_h = true;
  static constexpr int hidden_sum(int gate) { return gate == 2 ? 3 : gate; }

  PENDULA_INLINE static void forward(const V* s, const Real* before, Real* now, Index pitch, const Real*) {
    const V r = logistic<Real>(s[0]), z = logistic<Real>(s[1]);
    const V n = tangent_of<Real>(s[2] + r * s[3]);
    store(now + R * pitch, r);
    store(now + Z * pitch, z);
    store(now + N * pitch, n);
    store(now + M * pitch, s[3]);
    store(now, (Real(1) - z) * n + z * load(before));
  }

  PENDULA_INLINE static void backward(V dh, const Real* before, const Real* now, Carry<Real> carry, Real* delta, Index pitch,
                                      const Real*) {
    const V r = load(now + R * pitch), z = load(now + Z * pitch), n = load(now + N * pitch), m = load(now + M * pitch);
    const V dn = dh * (Real(1) - z) * (Real(1) - n * n);
    store(delta, dn * m * (r * (Real(1) - r)));
    store(delta + pitch, dh * (load(before) - n) * (z * (Real(1) - z)));
    store(delta + 2 * pitch, dn);
    store(delta + 3 * pitch, dn * r);
    store(carry.h, dh * z);
  }

  PENDULA_INLINE static void tangent(const V* s, const Real* before, const Real* now, const Real* rate_before, Real* rate,
                                     Index pitch, const Real*, const Real*) {
    const V r = load(now + R * pitch), z = load(now + Z * pitch), n = load(now + N * pitch), m = load(now + M * pitch);
    const V dr = s[0] * (r * (Real(1) - r)), dz = s[1] * (z * (Real(1) - z));
    const V dn = (s[2] + dr * m + r * s[3]) * (Real(1) - n * n);
    store(rate, (Real(1) - z) * dn + dz * (load(before) - n) + z * load(rate_before));
  }
};

template <class Real>
struct LeakyCell {
  using V = Vector<Real>;
  enum Slot { H, A };
  static constexpr int gates = 1, sums = 1, deltas = 2, states = 1;  // the second delta belongs to the leak itself
  static constexpr int units = 4;
  static constexpr bool carries_h = true;
  static constexpr int hidden_sum(int gate) { return gate; }

  PENDULA_INLINE static void forward(const V* s, const Real* before, Real* now, Index pitch, const Real* leak) {
    const V a = tangent_of<Real>(s[0]), share = load(leak);
    store(now + A * pitch, a);
    store(now, (Real(1) - share) * load(before) + share * a);
  }

  PENDULA_INLINE static void backward(V dh, const Real* before, const Real* now, Carry<Real> carry, Real* delta, Index pitch,
                                      const Real* leak) {
    const V a = load(now + A * pitch), share = load(leak);
    store(delta, dh * share * (Real(1) - a * a));
    store(delta + pitch, dh * (a - load(before)));
    store(carry.h, dh * (Real(1) - share));
  }

  PENDULA_INLINE static void tangent(const V* s, const Real* before, const Real* now, const Real* rate_before, Real* rate,
                                     Index pitch, const Real* leak, const Real* leak_rate) {
    const V a = load(now + A * pitch), share = load(leak);
    store(rate, (Real(1) - share) * load(rate_before) + load(leak_rate) * (a - load(before)) +
                    share * (s[0] * (Real(1) - a * a)));
  }
};

}  // namespace PENDULA_ISA
}  // namespace pendula
