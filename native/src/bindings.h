// The parts of the Python module, each in a file of its own.
#pragma once

#include <nanobind/nanobind.h>

namespace pendula {

void bind_epoch(nanobind::module_& module);
void bind_free_run(nanobind::module_& module);
void bind_recurrent(nanobind::module_& module);
void bind_reservoir(nanobind::module_& module);

}  // namespace pendula
