#include "gang.h"

#include <chrono>
#include <thread>

namespace pendula {
namespace {

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits without sleeping; from time to time a thread on the same processor gets its turn.
template <class Condition>
void wait_for(Condition condition) {
  for (int turn = 0; !condition(); ++turn) {
    if (turn < 2000) {
      pause();
    } else {
      std::this_thread::yield();
    }
  }
}

constexpr auto patience = std::chrono::microseconds(200);

}  // namespace

int Gang::join(int index) {
  if (index > 0) {
    const int place = joined_.fetch_add(1, std::memory_order_acq_rel) + 1;
    if (place >= closed) return -1;
    wait_for([&] { return size_.load(std::memory_order_acquire) != 0; });
    return size() < 0 ? -1 : place;
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  while (joined_.load(std::memory_order_acquire) < wanted_ - 1 && std::chrono::steady_clock::now() < end) pause();
  size_.store(joined_.fetch_add(closed, std::memory_order_acq_rel) + 1, std::memory_order_release);
  return 0;
}

void Gang::meet(long& turns) {
  const int team = size();
  if (team == 1) return;
  const long all = ++turns * team;
  met_.fetch_add(1, std::memory_order_acq_rel);
  wait_for([&] { return met_.load(std::memory_order_acquire) >= all; });
}

}  // namespace pendula
