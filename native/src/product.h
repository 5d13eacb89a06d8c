// Products of a few rows with a packed matrix, and sums of outer products over many rows: sums stay in registers.
#pragma once

#include "simd.h"

namespace pendula {
namespace PENDULA_ISA {

template <int value>
struct Count {
  static constexpr int of = value;
};

// Calls body(Count<n>, first) for blocks of rows. However rows are grouped, each is summed alike. Each block size is code of
// its own, so there are few of them.
template <class Body>
PENDULA_INLINE void for_row_blocks(Index rows, Body&& body) {
  Index first = 0;
  if constexpr (block_rows > 4) {
    // Seven and eight rows are better as four and the rest: one or two alone wait for their sums.
    while (rows - first >= block_rows + 3 || rows - first == block_rows) {
      body(Count<block_rows>{}, first);
      first += block_rows;
    }
    for (; rows - first >= 4; first += 4) body(Count<4>{}, first);
  } else {
    for (; rows - first >= block_rows; first += block_rows) body(Count<block_rows>{}, first);
  }
  for (; rows - first >= 2; first += 2) body(Count<2>{}, first);
  if (rows - first >= 1) body(Count<1>{}, first);
}

// Calls body(Count<n>, first) for groups of `widest` vectors (a power of two), then of half as many, and so on.
template <int widest, class Body>
PENDULA_INLINE void for_vector_groups(Index vectors, Body&& body) {
  Index first = 0;
  for (; vectors - first >= widest; first += widest) body(Count<widest>{}, first);
  if constexpr (widest > 1) for_vector_groups<widest / 2>(vectors - first, [&](auto n, Index at) { body(n, first + at); });
}

// sum[row][target(j)] += a[row, k] panel[k, j], k = 0 … depth - 1: a row of `a` is contiguous, a panel holds `width` vectors
// for each k.
template <class Real, int rows, int width, int targets, class Target>
PENDULA_INLINE void accumulate(Vector<Real> (&sum)[rows][targets], const Real* a, Index stride, Index depth,
                               const Real* panel, Target target) {
  for (Index k = 0; k < depth; ++k, panel += width * lanes<Real>) {
    Vector<Real> b[width];
#pragma GCC unroll 16
    for (int j = 0; j < width; ++j) b[j] = load(panel + j * lanes<Real>);
#pragma GCC unroll 8
    for (int m = 0; m < rows; ++m) {
      const Vector<Real> x = all<Real>(a[m * stride + k]);
#pragma GCC unroll 16
      for (int j = 0; j < width; ++j) sum[m][target(j)] += x * b[j];
    }
  }
}

// Where the rows of a sum of outer products lie: `count` groups (time steps) of `rows` rows each.
template <class Real>
struct Rows {
  const Real* const* group;
  Index stride;
};

// c[m, k] += Σ left[row, m] right[row, k] for m below `height` and k below `width`; the rows of c have `pitch` elements.
// Right rows are padded to whole vectors.
template <class Real, int height, int vectors>
PENDULA_INLINE void outer_block(Rows<Real> left, Index left_at, Rows<Real> right, Index right_at, Index groups, Index rows,
                                Real* c, Index pitch, Index width) {
  Vector<Real> sum[height][vectors] = {};
  for (Index g = 0; g < groups; ++g) {
    const Real* a = left.group[g] + left_at;
    const Real* b = right.group[g] + right_at;
    for (Index r = 0; r < rows; ++r, a += left.stride, b += right.stride) {
      Vector<Real> x[vectors];
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j) x[j] = load(b + j * lanes<Real>);
#pragma GCC unroll 8
      for (int m = 0; m < height; ++m) {
        const Vector<Real> y = all<Real>(a[m]);
#pragma GCC unroll 4
        for (int j = 0; j < vectors; ++j) sum[m][j] += y * x[j];
      }
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < height; ++m) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      Real* to = c + m * pitch + j * lanes<Real>;
      const Index left_over = width - j * lanes<Real>;
      if (left_over >= lanes<Real>) {
        store(to, load(to) + sum[m][j]);
      } else {
        for (Index k = 0; k < left_over; ++k) to[k] += sum[m][j][k];
      }
    }
  }
}

template <class Real>
void outer_product(Rows<Real> left, Index left_at, Index height, Rows<Real> right, Index width, Index groups, Index rows,
                   Real* c, Index pitch) {
  for_vector_groups<4>((width + lanes<Real> - 1) / lanes<Real>, [&](auto vectors, Index first) {
    const Index k = first * lanes<Real>;
    for_row_blocks(height, [&](auto block, Index m) {
      outer_block<Real, decltype(block)::of, decltype(vectors)::of>(left, left_at + m, right, k, groups, rows, c + m * pitch + k, pitch, width - k);
    });
  });
}

// c[f, n] += Σ left[row, f] right[row, n] for a few narrow features f, all n in whole vectors.
template <class Real, int features, int vectors>
PENDULA_INLINE void narrow_block(Rows<Real> left, Rows<Real> right, Index groups, Index rows, Real* c, Index pitch) {
  Vector<Real> sum[features][vectors] = {};
  for (Index g = 0; g < groups; ++g) {
    const Real* a = left.group[g];
    const Real* b = right.group[g];
    for (Index r = 0; r < rows; ++r, a += left.stride, b += right.stride) {
#pragma GCC unroll 4
      for (int j = 0; j < vectors; ++j) {
        const Vector<Real> x = load(b + j * lanes<Real>);
#pragma GCC unroll 4
        for (int f = 0; f < features; ++f) sum[f][j] += a[f] * x;
      }
    }
  }
#pragma GCC unroll 4
  for (int f = 0; f < features; ++f) {
#pragma GCC unroll 4
    for (int j = 0; j < vectors; ++j) {
      Real* to = c + f * pitch + j * lanes<Real>;
      store(to, load(to) + sum[f][j]);
    }
  }
}

// The rows of a group that start `by` elements further on.
template <class Real, class Body>
PENDULA_INLINE void shifted(Rows<Real> rows, Index groups, Index by, const Real** room, Body&& body) {
  for (Index g = 0; g < groups; ++g) room[g] = rows.group[g] + by;
  body(Rows<Real>{room, rows.stride});
}

// `room` holds 2 * groups pointers.
template <class Real>
void narrow_product(Rows<Real> left, Index features, Rows<Real> right, Index width, Index groups, Index rows, Real* c,
                    const Real** room) {
  for_vector_groups<4>(width / lanes<Real>, [&](auto vectors, Index first) {
    shifted(right, groups, first * lanes<Real>, room, [&](Rows<Real> b) {
      for_vector_groups<4>(features, [&](auto n, Index f) {
        shifted(left, groups, f, room + groups, [&](Rows<Real> a) {
          narrow_block<Real, decltype(n)::of, decltype(vectors)::of>(a, b, groups, rows, c + f * width + first * lanes<Real>, width);
        });
      });
    });
  });
}

}  // namespace PENDULA_ISA
}  // namespace pendula
