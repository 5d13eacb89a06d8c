// The logistic function and the hyperbolic tangent of whole vectors, to about two units in the last place.
#pragma once

#include "simd.h"

namespace pendula {
namespace PENDULA_ISA {

template <class Real>
struct Constants;

template <>
struct Constants<float> {
  static constexpr float round = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits
  static constexpr float log2_e = 1.44269504f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr int mantissa = 23, bias = 127;
  // From overflow on, the exponential is infinite, and the logistic function of its negative is zero.
  static constexpr float overflow = 88.9f, underflow = -87.0f, largest_tanh = 9.1f;
};

template <>
struct Constants<double> {
  static constexpr double round = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double log2_e = 1.4426950408889634, ln2_high = 6.93145751953125e-1, ln2_low = 1.42860682030941723e-6;
  static constexpr int mantissa = 52, bias = 1023;
  static constexpr double overflow = 710.0, underflow = -708.0, largest_tanh = 19.1;
};

// exp(r) - 1 for |r| <= ln(2)/2. In single precision the coefficients of Cephes' expf, in double the Taylor series, whose
// relative rest is below 2e-17.
PENDULA_INLINE Vector<float> small_expm1(Vector<float> r) {
  Vector<float> p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + r;
}

PENDULA_INLINE Vector<double> small_expm1(Vector<double> r) {
  const Vector<double> r2 = r * r;
  // Estrin's scheme: even and odd powers side by side.
  Vector<double> even = r2 * (1.0 / 479001600.0) + 1.0 / 3628800.0;
  Vector<double> odd = r2 * (1.0 / 6227020800.0) + 1.0 / 39916800.0;
  even = even * r2 + 1.0 / 40320.0;
  odd = odd * r2 + 1.0 / 362880.0;
  even = even * r2 + 1.0 / 720.0;
  odd = odd * r2 + 1.0 / 5040.0;
  even = even * r2 + 1.0 / 24.0;
  odd = odd * r2 + 1.0 / 120.0;
  even = even * r2 + 0.5;
  odd = odd * r2 + 1.0 / 6.0;
  return (odd * r + even) * r2 + r;
}

// exp(x) = scale * (1 + rest), with scale a power of two.
template <class Real>
struct Exponential {
  Vector<Real> scale, rest;
};

template <class Real>
PENDULA_INLINE Exponential<Real> exponential(Vector<Real> x) {
  using C = Constants<Real>;
  using Integers = typename Simd<Real>::Integers;
  const Vector<Real> shifted = x * C::log2_e + C::round;
  const Vector<Real> n = shifted - C::round;
  const Vector<Real> r = (x - n * C::ln2_high) - n * C::ln2_low;
  Integers bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  bits = (bits << C::mantissa) + (Integers{} + (static_cast<decltype(+bits[0])>(C::bias) << C::mantissa));
  Exponential<Real> result;
  std::memcpy(&result.scale, &bits, sizeof bits);
  result.rest = small_expm1(r);
  return result;
}

// NaN passes: every comparison with it is false.
template <class Real>
PENDULA_INLINE Vector<Real> clamp(Vector<Real> x, Real least, Real most) {
  const Vector<Real> high = all<Real>(most), low = all<Real>(least);
  x = high < x ? high : x;
  return low > x ? low : x;
}

template <class Real>
PENDULA_INLINE Vector<Real> logistic(Vector<Real> x) {
  using C = Constants<Real>;
  const auto e = exponential<Real>(clamp<Real>(-x, C::underflow, C::overflow));
  return Real(1) / (e.scale * (e.rest + Real(1)) + Real(1));
}

// tanh x = expm1(2x) / (expm1(2x) + 2), which keeps its digits where x is small.
template <class Real>
PENDULA_INLINE Vector<Real> tangent_of(Vector<Real> x) {
  const Vector<Real> bounded = clamp<Real>(x, -Constants<Real>::largest_tanh, Constants<Real>::largest_tanh);
  const auto e = exponential<Real>(bounded + bounded);
  const Vector<Real> expm1 = e.scale * e.rest + (e.scale - Real(1));
  return expm1 / (expm1 + Real(2));
}

}  // namespace PENDULA_ISA
}  // namespace pendula
