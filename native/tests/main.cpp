// Runs the core without Python, for the sanitizers: native_tests [number of random cases].
#include <cstdio>
#include <cstdlib>

#include "check.h"
#include "tests.h"

namespace {

void announce(const char* what) {
  std::printf("%s\n", what);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) {
  const int random_cases = count > 1 ? std::atoi(arguments[1]) : 30;
  announce("threads");
  pendula::test_threads();
  announce("passes");
  pendula::test_passes(random_cases);
  announce("stepper");
  pendula::test_stepper(random_cases);
  announce("free run");
  pendula::test_free_run();
  announce("epoch");
  pendula::test_epoch();
  announce("reservoir");
  pendula::test_reservoir();
  std::printf("%d failures\n", pendula::failures());
  return pendula::failures() == 0 ? 0 : 1;
}
