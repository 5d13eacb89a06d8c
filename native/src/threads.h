// Running a function on several threads at once.
#pragma once

namespace pendula {

// Calls body(context, index) once for each index below count, each on a thread of its own, and waits for all. The
// threads are those of the OpenMP runtime that is already in the process, so that they do not fight it; where there
// is none, they are our own.
void parallel(int count, void (*body)(void*, int), void* context);

template <class Body>
void call_body(void* context, int index) {
  (*static_cast<Body*>(context))(index);
}

template <class Body>
void parallel(int count, Body&& body) {
  parallel(count, call_body<Body>, &body);
}

}  // namespace pendula
