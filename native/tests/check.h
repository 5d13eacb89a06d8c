// What a test says when it fails, and how near two results have to be.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace pendula {

// Failures so far, in all tests.
inline int& failures() {
  static int count = 0;
  return count;
}

inline bool check(bool holds, const std::string& what) {
  if (!holds) {
    ++failures();
    std::fprintf(stderr, "FAILED: %s\n", what.c_str());
  }
  return holds;
}

// Rounding in sums of some thousand terms, of the size of the largest.
template <class Real>
constexpr double rounding = sizeof(Real) == 4 ? 3e-5 : 1e-12;

template <class Real>
bool near(const std::vector<Real>& one, const std::vector<Real>& other, double tolerance) {
  if (one.size() != other.size()) return false;
  double size = 1;
  for (const Real value : one) size = std::fmax(size, std::fabs(static_cast<double>(value)));
  for (std::size_t i = 0; i < one.size(); ++i) {
    // A value that was never written is NaN and near to nothing.
    if (!(std::fabs(static_cast<double>(one[i]) - static_cast<double>(other[i])) <= tolerance * size)) return false;
  }
  return true;
}

}  // namespace pendula
