// The tests, each in a file of its own; what fails is counted in check.h.
#pragma once

namespace pendula {

void test_threads();
void test_passes(int random_cases);
void test_stepper(int random_cases);
void test_free_run();
void test_epoch();
void test_reservoir();

}  // namespace pendula
