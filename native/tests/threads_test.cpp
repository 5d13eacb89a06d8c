#include "threads.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "check.h"
#include "tests.h"

namespace pendula {
namespace {

bool once_each(const std::vector<std::atomic<int>>& runs) {
  for (const auto& one : runs) {
    if (one != 1) return false;
  }
  return true;
}

// Whether each index below `count` ran once.
bool covers(int count) {
  std::vector<std::atomic<int>> runs(static_cast<std::size_t>(count));
  parallel(count, [&](int index) { ++runs[static_cast<std::size_t>(index)]; });
  return once_each(runs);
}

void test_indices() {
  for (int turn = 0; turn < 200; ++turn) {
    for (int count = 0; count <= 9; ++count) check(covers(count), "each index once of " + std::to_string(count));
  }
}

void test_sleepers() {
  for (int turn = 0; turn < 5; ++turn) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));  // by then the pool's threads sleep
    check(covers(3), "each index once after a pause");
  }
}

void test_nested() {
  std::atomic<int> runs{0};
  parallel(3, [&](int) { parallel(4, [&](int) { ++runs; }); });
  check(runs == 12, "calls within calls");
}

void test_callers() {
  std::atomic<int> good{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int turn = 0; turn < 50; ++turn) good += covers(3);
    });
  }
  for (std::thread& caller : callers) caller.join();
  check(good == 200, "several callers at once");
}

void test_exceptions() {
  for (int turn = 0; turn < 20; ++turn) {
    std::atomic<int> runs{0};
    std::string caught;
    try {
      parallel(4, [&](int index) {
        ++runs;
        if (index > 0) throw std::runtime_error(std::to_string(index));
      });
    } catch (const std::runtime_error& error) {
      caught = error.what();
    }
    check(caught == "1", "the exception of the lowest index reaches the caller");
    check(runs == 4, "the others run nevertheless");
  }
  check(covers(4), "each index once after an exception");
}

// A forked process has none of the threads.
void test_fork() {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(covers(4) && covers(2) ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "each index once in a forked process");
}

}  // namespace

void test_threads() {
  test_indices();
  test_sleepers();
  test_nested();
  test_callers();
  test_exceptions();
#if !defined(__SANITIZE_THREAD__)  // which forbids threads in a fork of a process that has some
  test_fork();
#endif
}

}  // namespace pendula
