// The Python module.
#include "bindings.h"

NB_MODULE(_native, module) {
  module.doc() = "The native core: passes of recurrent networks over memory at given addresses.";
  // What still refers to a function when the process ends is no leak.
  nanobind::set_leak_warnings(false);
  pendula::bind_recurrent(module);
  pendula::bind_epoch(module);
  pendula::bind_free_run(module);
  pendula::bind_reservoir(module);
}
