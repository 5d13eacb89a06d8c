// Threads of our own, for a process without an OpenMP runtime.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace pendula {

// Threads that wait for work, made when they are first asked for. They spin for a moment before they sleep, since one
// call mostly follows another.
class Pool {
 public:
  using Share = void (*)(void* context, int thread, int threads);

  // The pool of this process. It is never destroyed: its threads end with the process, whatever runs at exit.
  static Pool& own();
  // Whether this process is a fork of one that had loaded the core: threads do not survive a fork.
  static bool forked();

  // Calls share(context, thread, threads) for each thread of a team of at most `wanted`, the calling thread among them,
  // and waits for all. While another thread uses the pool, the team is the calling thread alone.
  void run(int wanted, Share share, void* context);

 private:
  struct Worker {
    std::atomic<std::uint64_t> calls{0};  // how many it was given
    std::mutex mutex;
    std::condition_variable given;
  };

  int grow(int wanted);
  void give(Worker& worker);
  void work(Worker& worker, int thread);
  void finish();
  void wait();

  std::mutex busy_;
  std::vector<std::unique_ptr<Worker>> workers_;

  // The call at hand. Only the threads of its team read it, and `run` returns after the last of them.
  Share share_ = nullptr;
  void* context_ = nullptr;
  int threads_ = 0;

  std::atomic<int> running_{0};  // workers that have not finished
  std::mutex mutex_;
  std::condition_variable finished_;
};

}  // namespace pendula
