#include "lasting.h"

#include <cstdlib>
#include <mutex>
#include <new>

namespace pendula {
namespace {

constexpr std::size_t header = 64;  // before each block: its size
constexpr std::size_t most_blocks = 16, most_bytes = std::size_t{1} << 28;

// Blocks that wait to be taken again, the one that waits longest first.
struct Shelf {
  std::mutex mutex;
  char* blocks[most_blocks];
  std::size_t count = 0, bytes = 0;

  char* remove(std::size_t index) {
    char* block = blocks[index];
    bytes -= size_of(block);
    for (std::size_t k = index + 1; k < count; ++k) blocks[k - 1] = blocks[k];
    --count;
    return block;
  }

  static std::size_t& size_of(char* block) { return *reinterpret_cast<std::size_t*>(block); }
};

// It is never destroyed: tensors may be freed while the process ends.
Shelf& shelf() {
  static Shelf* const only = new Shelf;
  return *only;
}

}  // namespace

void* take_lasting(std::size_t bytes) {
  if (bytes > static_cast<std::size_t>(-1) / 2) throw std::bad_alloc();
  const std::size_t size = (bytes + header - 1) / header * header + header;
  Shelf& kept = shelf();
  {
    const std::lock_guard<std::mutex> lock(kept.mutex);
    for (std::size_t k = kept.count; k-- > 0;) {
      const std::size_t held = Shelf::size_of(kept.blocks[k]);
      if (held >= size && held <= size + size / 4) return kept.remove(k) + header;
    }
  }
  char* block = static_cast<char*>(std::aligned_alloc(header, size));
  if (block == nullptr) throw std::bad_alloc();
  Shelf::size_of(block) = size;
  return block + header;
}

void give_lasting(void* given) noexcept {
  char* block = static_cast<char*>(given) - header;
  const std::size_t size = Shelf::size_of(block);
  Shelf& kept = shelf();
  const std::lock_guard<std::mutex> lock(kept.mutex);
  if (size > most_bytes / 4) {
    std::free(block);
    return;
  }
  while (kept.count > 0 && (kept.count == most_blocks || kept.bytes + size > most_bytes)) std::free(kept.remove(0));
  kept.blocks[kept.count++] = block;
  kept.bytes += size;
}

}  // namespace pendula
