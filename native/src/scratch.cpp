#include "scratch.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace pendula {
namespace {

constexpr std::size_t alignment = 64;
#if defined(__SANITIZE_ADDRESS__)
// Each piece is a block of its own, so that an access beyond it is noticed.
constexpr std::size_t least = alignment, kept = 0;
#else
constexpr std::size_t least = std::size_t{1} << 20;
constexpr std::size_t kept = std::size_t{1} << 28;  // a thread keeps at most so much between two calls
#endif

// Under a sanitizer pieces hold NaN, so that a number that is read before it is written shows in the results.
void spoil([[maybe_unused]] char* piece, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  std::memset(piece, 0xff, bytes);
#endif
}

struct Block {
  char* data;
  std::size_t size;
};

struct Arena {
  std::vector<Block> blocks;
  std::size_t block = 0, used = 0;
  int depth = 0;

  ~Arena() { clear(); }

  void clear() {
    for (const Block& one : blocks) std::free(one.data);
    blocks.clear();
  }

  // Several blocks become one of their size, so that the next call finds all it needs in one piece.
  void settle() {
    std::size_t total = 0;
    for (const Block& one : blocks) total += one.size;
    if (blocks.size() == 1 && total <= kept) return;
    clear();
    if (total == 0 || total > kept) return;
    if (char* data = static_cast<char*>(std::aligned_alloc(alignment, total))) blocks.push_back({data, total});
  }
};

Arena& arena() {
  static thread_local Arena own;
  return own;
}

}  // namespace

Scratch::Scratch() : block_(arena().block), used_(arena().used) { ++arena().depth; }

Scratch::~Scratch() {
  Arena& own = arena();
  own.block = block_;
  own.used = used_;
  if (--own.depth == 0) own.settle();
}

void* Scratch::take(std::size_t bytes) {
  Arena& own = arena();
  if (bytes > static_cast<std::size_t>(-1) / 2) throw std::bad_alloc();
  bytes = (bytes + alignment - 1) / alignment * alignment;
  while (own.block < own.blocks.size() && own.used + bytes > own.blocks[own.block].size) {
    ++own.block;
    own.used = 0;
  }
  if (own.block == own.blocks.size()) {
    const std::size_t size = bytes > least ? bytes : least;
    char* data = static_cast<char*>(std::aligned_alloc(alignment, size));
    if (data == nullptr) throw std::bad_alloc();
    own.blocks.push_back({data, size});
    own.used = 0;
  }
  char* piece = own.blocks[own.block].data + own.used;
  own.used += bytes;
  spoil(piece, bytes);
  return piece;
}

}  // namespace pendula
