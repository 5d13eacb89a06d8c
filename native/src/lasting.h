// Memory that outlives a call and comes back in the same size soon: what a forward pass keeps for the backward pass.
#pragma once

#include <cstddef>

namespace pendula {

// Fresh pages cost more than the arithmetic on them, and malloc gives large blocks back to the system each time. Blocks
// that were given back are kept for the next taker, up to a limit. Aligned to 64 bytes; no particular values.
void* take_lasting(std::size_t bytes);  // throws std::bad_alloc
void give_lasting(void* block) noexcept;

}  // namespace pendula
