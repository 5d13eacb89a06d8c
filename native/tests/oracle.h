// The forward pass as the equations say it: slow, in double precision, one number at a time.
#pragma once

#include "passes.h"

namespace pendula {

template <class Real>
Ends<double> run_oracle(const Trial<Real>& trial);

}  // namespace pendula
