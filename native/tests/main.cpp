// Runs the core without Python, for the sanitizers: native_tests [number of random cases].
#include <cstdio>
#include <cstdlib>

#include "check.h"
#include "tests.h"

int main(int count, char** arguments) {
  const int random_cases = count > 1 ? std::atoi(arguments[1]) : 60;
  pendula::test_threads();
  pendula::test_passes(random_cases);
  pendula::test_stepper(random_cases);
  pendula::test_free_run();
  std::printf("%d failures\n", pendula::failures());
  return pendula::failures() == 0 ? 0 : 1;
}
