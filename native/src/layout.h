// How rows are laid out in memory, whatever the instruction set.
#pragma once

#include "recurrent.h"

namespace pendula {

constexpr Index row_bytes = 64;  // the widest vector; rows are padded to whole vectors

template <class Real>
constexpr Index padded(Index size) {
  constexpr Index step = row_bytes / static_cast<Index>(sizeof(Real));
  return (size + step - 1) / step * step;
}

// What the forward pass keeps of a unit at a step: its state, then what the backward pass needs.
constexpr int kept_slots(Cell cell) {
  switch (cell) {
    case Cell::lstm: return 7;   // h, c, the four gates, tanh c
    case Cell::gru: return 5;    // h, the three gates, the recurrent part of the new gate
    case Cell::leaky: return 2;  // h, the update
    default: return 1;           // h
  }
}

constexpr int gate_count(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

}  // namespace pendula
