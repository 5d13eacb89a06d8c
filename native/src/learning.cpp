#include "learning.h"

#include <cstring>

namespace pendula {

namespace baseline {
extern const LearningTable learning_table;
}
#ifdef PENDULA_HAS_AVX2
namespace avx2 {
extern const LearningTable learning_table;
}
#endif
#ifdef PENDULA_HAS_AVX512
namespace avx512 {
extern const LearningTable learning_table;
}
#endif

namespace {

const LearningTable& chosen() {
  const char* name = instruction_set();
#ifdef PENDULA_HAS_AVX512
  if (std::strcmp(name, "avx512") == 0) return avx512::learning_table;
#endif
#ifdef PENDULA_HAS_AVX2
  if (std::strcmp(name, "avx2") == 0) return avx2::learning_table;
#endif
  static_cast<void>(name);
  return baseline::learning_table;
}

}  // namespace

template <>
const Learning<float>& learning() {
  return *chosen().singles;
}

template <>
const Learning<double>& learning() {
  return *chosen().doubles;
}

}  // namespace pendula
