#include "pool.h"

#include <pthread.h>

#include <chrono>
#include <system_error>
#include <thread>

namespace pendula {
namespace {

std::atomic<Pool*> pool{nullptr};
std::atomic<bool> is_fork{false};

// The threads of the parent's pool do not exist here, and its locks may be held: a new one takes its place.
void after_fork() {
  pool.store(nullptr);
  is_fork.store(true);
}

const int registered = pthread_atfork(nullptr, nullptr, after_fork);

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits without sleeping, for about as long as Python takes from one call to the next. A thread that is waited for may
// have no other processor than this one: it gets its turn.
template <class Condition>
bool spin(Condition condition) {
  constexpr int turns = 64;
  constexpr auto limit = std::chrono::microseconds(100);
  const auto end = std::chrono::steady_clock::now() + limit;
  do {
    for (int turn = 0; turn < turns; ++turn) {
      if (condition()) return true;
      pause();
    }
    std::this_thread::yield();
  } while (std::chrono::steady_clock::now() < end);
  return condition();
}

}  // namespace

bool Pool::forked() { return is_fork.load(std::memory_order_relaxed); }

Pool& Pool::own() {
  Pool* current = pool.load();
  if (current != nullptr) return *current;
  auto made = std::make_unique<Pool>();
  if (pool.compare_exchange_strong(current, made.get())) return *made.release();
  return *current;
}

void Pool::run(int wanted, Share share, void* context) {
  const std::unique_lock<std::mutex> alone(busy_, std::try_to_lock);
  const int workers = alone.owns_lock() ? grow(wanted - 1) : 0;
  if (workers == 0) {
    share(context, 0, 1);
    return;
  }
  share_ = share;
  context_ = context;
  threads_ = workers + 1;
  running_.store(workers, std::memory_order_relaxed);
  for (int worker = 0; worker < workers; ++worker) give(*workers_[worker]);
  share(context, 0, threads_);
  wait();
}

// Returns how many workers there are, at most `wanted`: where the system gives no more threads, those have to do.
int Pool::grow(int wanted) {
  try {
    while (static_cast<int>(workers_.size()) < wanted) {
      workers_.push_back(std::make_unique<Worker>());
      Worker& worker = *workers_.back();
      const int thread = static_cast<int>(workers_.size());
      try {
        std::thread([this, &worker, thread] { work(worker, thread); }).detach();
      } catch (...) {
        workers_.pop_back();
        throw;
      }
    }
  } catch (const std::system_error&) {
  } catch (const std::bad_alloc&) {
  }
  return static_cast<int>(workers_.size()) < wanted ? static_cast<int>(workers_.size()) : wanted;
}

void Pool::give(Worker& worker) {
  {
    const std::lock_guard<std::mutex> lock(worker.mutex);
    worker.calls.fetch_add(1, std::memory_order_release);
  }
  worker.given.notify_one();
}

void Pool::work(Worker& worker, int thread) {
  for (std::uint64_t done = 0;; ++done) {
    const auto given = [&] { return worker.calls.load(std::memory_order_acquire) != done; };
    if (!spin(given)) {
      std::unique_lock<std::mutex> lock(worker.mutex);
      worker.given.wait(lock, given);
    }
    share_(context_, thread, threads_);
    finish();
  }
}

void Pool::finish() {
  if (running_.fetch_sub(1, std::memory_order_acq_rel) > 1) return;
  const std::lock_guard<std::mutex> lock(mutex_);
  finished_.notify_one();
}

void Pool::wait() {
  const auto finished = [this] { return running_.load(std::memory_order_acquire) == 0; };
  if (spin(finished)) return;
  std::unique_lock<std::mutex> lock(mutex_);
  finished_.wait(lock, finished);
}

}  // namespace pendula
