#include "threads.h"

#include <dlfcn.h>

#include <atomic>
#include <exception>
#include <mutex>

#include "pool.h"

namespace pendula {
namespace {

// One call of `parallel`. However many threads there are, index i runs on thread i modulo their number: each index once.
struct Call {
  int count;
  void (*body)(void*, int);
  void* context;

  std::mutex mutex = {};
  std::exception_ptr failure = nullptr;  // of the lowest index that threw
  int failed = 0;

  void run(int thread, int threads) {
    for (int index = thread; index < count; index += threads) {
      try {
        body(context, index);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (failure == nullptr || index < failed) {
          failure = std::current_exception();
          failed = index;
        }
      }
    }
  }
};

thread_local bool inside = false;  // whether this thread runs an index of a `parallel`

struct Inside {
  Inside() { inside = true; }
  ~Inside() { inside = false; }
};

void run_share(void* call, int thread, int threads) {
  const Inside here;
  static_cast<Call*>(call)->run(thread, threads);
}

// The entry points that GCC's OpenMP runtime offers to compiled code, and LLVM's and Intel's for its sake.
struct OpenMP {
  void (*parallel)(void (*)(void*), void*, unsigned, unsigned);
  int (*thread)();
  int (*threads)();
};

OpenMP find_openmp() {
  OpenMP found;
  found.parallel = reinterpret_cast<decltype(found.parallel)>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  found.thread = reinterpret_cast<decltype(found.thread)>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
  found.threads = reinterpret_cast<decltype(found.threads)>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));
  if (found.thread == nullptr || found.threads == nullptr) found.parallel = nullptr;
  return found;
}

const OpenMP& openmp() {
  static const OpenMP found = find_openmp();
  return found;
}

// The team may be smaller than asked for: within another region, or by the user's limits.
void run_with_openmp(Call& call) {
  auto share = [](void* data) { run_share(data, openmp().thread(), openmp().threads()); };
  openmp().parallel(share, &call, static_cast<unsigned>(call.count), 0);
}

void run_with_pool(Call& call) { Pool::own().run(call.count, run_share, &call); }

}  // namespace

void parallel(int count, void (*body)(void*, int), void* context) {
  Call call{count, body, context};
  if (count <= 1 || inside) {
    call.run(0, 1);
  } else if (openmp().parallel != nullptr && !Pool::forked()) {
    run_with_openmp(call);
  } else {
    run_with_pool(call);  // in a forked process the runtime would wait for threads that the parent has
  }
  if (call.failure != nullptr) std::rethrow_exception(call.failure);
}

}  // namespace pendula
