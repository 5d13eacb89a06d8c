// Room for numbers in scratch memory. Code that is compiled for each instruction set has its own: see kernels.cpp.
#pragma once

#include "recurrent.h"
#include "scratch.h"

namespace pendula {

template <class T>
T* take(Scratch& scratch, Index count) {
  return static_cast<T*>(scratch.take(static_cast<std::size_t>(count) * sizeof(T)));
}

}  // namespace pendula
