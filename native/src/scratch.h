// Memory that a pass needs for itself, kept from call to call.
#pragma once

#include <cstddef>

namespace pendula {

// The calling thread's scratch memory: pieces are taken one after the other and all given back together when the
// outermost `Scratch` of the thread ends. Pieces are aligned to 64 bytes and hold no particular values.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // Throws std::bad_alloc where there is no such memory.
  void* take(std::size_t bytes);

 private:
  std::size_t block_, used_;
};

}  // namespace pendula
