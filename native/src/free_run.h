// The free run of forecasters: what they predict becomes what they see.
#pragma once

#include "forecaster.h"

namespace pendula {

// Shows `problem.time` known rows, [channels, controls], to each of `problem.batch` forecasters and lets them run on by
// themselves for `steps` steps; each thread takes its share of them to the end. `ahead` is what stands beside the
// predictions when they are seen, [batch, steps - 1, controls]; null: there are no controls. The memory given back is
// that before the last block of predictions was seen. Neither the batch that a start is in nor the number of threads
// changes a bit of its run.
template <class Weight, class Value>
void free_run(const Problem& problem, const Parameters<const Weight>* parameters, const Frame<Weight>& frame,
              View<const Value> known, const Memory<const Weight, const Value>& first, Index steps,
              View<const Value> ahead, View<Value> output, const Memory<Weight, Value>& last);

}  // namespace pendula
