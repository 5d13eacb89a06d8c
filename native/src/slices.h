// Over how many threads a batch is split.
#pragma once

#include "layout.h"

namespace pendula {

// Less work than this is done before another thread has woken up.
constexpr double operations_of_a_thread = 1e6;

inline int threads_for(const Problem& problem) {
  const double width = static_cast<double>(problem.hidden_size) * gate_count(problem.cell);
  const double depth = static_cast<double>(problem.input_size) +
                       static_cast<double>(problem.hidden_size) * (2.0 * static_cast<double>(problem.num_layers) - 1);
  const double steps = static_cast<double>(problem.batch) * static_cast<double>(problem.time);
  const double worthwhile = 2.0 * width * depth * steps / operations_of_a_thread;
  int threads = problem.threads;
  if (worthwhile < threads) threads = static_cast<int>(worthwhile);
  if (problem.batch < threads) threads = static_cast<int>(problem.batch);
  return threads < 1 ? 1 : threads;
}

}  // namespace pendula
