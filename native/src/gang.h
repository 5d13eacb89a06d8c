// Threads that take each step of one computation together.
#pragma once

#include <atomic>

namespace pendula {

// Threads that were asked for may come late, or one after the other on the same processor. Those that have come when the
// first one has waited for a moment are the team; for the others there is nothing to do.
class Gang {
 public:
  explicit Gang(int wanted) : wanted_(wanted) {}

  // The first one (0) waits for the others and closes the gang; the others wait for that. Returns the caller's place in
  // the team, or -1 if it came too late.
  int join(int index);
  // The first one cannot work: nobody does.
  void abandon() { size_.store(-1, std::memory_order_release); }
  int size() const { return size_.load(std::memory_order_relaxed); }
  // Waits until all of the team have come here. `turns` counts the caller's own calls.
  void meet(long& turns);

 private:
  static constexpr int closed = 1 << 30;

  const int wanted_;
  std::atomic<int> joined_{0};  // others than the first; from `closed` on it is too late
  std::atomic<int> size_{0};    // 0: not known yet; -1: there is none
  alignas(64) std::atomic<long> met_{0};
};

}  // namespace pendula
