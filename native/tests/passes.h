// The passes of the core over a case, with results in memory of their own.
#pragma once

#include <string>
#include <vector>

#include "cases.h"

namespace pendula {

// What comes out of a network, or what flows back into its ends: empty where it is not asked for.
template <class Real>
struct Ends {
  std::vector<Real> output, h, c;

  State<Real> last() { return {h.empty() ? nullptr : h.data(), c.empty() ? nullptr : c.data()}; }
  State<const Real> last() const { return {h.empty() ? nullptr : h.data(), c.empty() ? nullptr : c.data()}; }
};

template <class Real>
Ends<Real> draw_ends(const Case& shape, Random& random);

// A case and what it runs over.
template <class Real>
struct Trial {
  explicit Trial(const Case& shape);

  Case shape;
  std::vector<Index> lengths;
  Point<Real> point, direction;
  Ends<Real> pull;  // gradients with respect to the results
};

template <class Real>
struct Results {
  Ends<Real> ends;
  Point<Real> gradient;
  Ends<Real> tangent;

  // All of them by name.
  std::vector<std::pair<std::string, const std::vector<Real>*>> parts() const;
};

// The forward pass from a point, with no reserve.
template <class Real>
Ends<Real> run_forward(const Trial<Real>& trial, Point<Real>& point, int threads);
// Forward, backward and tangent.
template <class Real>
Results<Real> run_all(Trial<Real>& trial, int threads);

}  // namespace pendula
