// Windows of a series as inputs and targets of a network.
#pragma once

#include "learning.h"
#include "layer.h"

namespace pendula {
namespace PENDULA_ISA {

// Values and, where the network sees them, increments; the increment of a window's first value is unknown and shown as 0.
template <class Real>
void write_inputs(const Frame<Real>& frame, const double* seen, Index time, Real* inputs) {
  const Index channels = frame.channels, shown = frame.increments ? 2 * channels : channels, width = shown + frame.controls;
  for (Index c = 0; c < channels; ++c) {
    const double* x = seen + c * time;
    for (Index t = 0; t < time; ++t) inputs[t * width + c] = static_cast<Real>(x[t]);
    if (!frame.increments) continue;
    const double scale = static_cast<double>(frame.increment_scale[c]);
    Real* increments = inputs + channels + c;
    increments[0] = 0;
    for (Index t = 1; t < time; ++t) increments[t * width] = static_cast<Real>((x[t] - x[t - 1]) / scale);
  }
  for (Index c = 0; c < frame.controls; ++c) {
    const double* u = seen + (channels + c) * time;
    for (Index t = 0; t < time; ++t) inputs[t * width + shown + c] = static_cast<Real>(u[t]);
  }
}

// sum[t] += a linear path's prediction after step t, for t = first … time - 1; values before the window are zero.
template <class Real>
void add_linear_path(const Frame<Real>& frame, Index output, const double* seen, Index time, Index first, double* sum) {
  const Index columns = columns_of(frame);
  const double* weight = frame.linear_weight + output * frame.lags * columns;
  for (Index t = first; t < time; ++t) sum[t] += frame.linear_bias[output];
  for (Index lag = 0; lag < least(frame.lags, time); ++lag) {
    for (Index c = 0; c < columns; ++c) {
      const double factor = weight[lag * columns + c];
      const double* x = seen + c * time;
      for (Index t = most(first, lag); t < time; ++t) sum[t] += factor * x[t - lag];
    }
  }
}

// What the head is to say: what remains of the value to come, in units of its scale.
template <class Real, class Value>
void write_targets(const Cut& cut, const Frame<Real>& frame, const Value* window, const double* seen, double* known,
                   double* targets) {
  const Index channels = frame.channels, outputs = frame.leads * channels;
  for (Index o = 0; o < outputs; ++o) {
    const Index lead = o / channels, c = o % channels;
    for (Index t = cut.first_scored; t < cut.time; ++t) known[t] = frame.residual ? seen[c * cut.time + t] : 0.0;
    if (frame.lags > 0) add_linear_path(frame, o, seen, cut.time, cut.first_scored, known);
    const double scale = static_cast<double>(frame.output_scale[o]);
    const Value* truth = window + (lead + 1) * cut.series.row + c * cut.series.column;
    for (Index t = cut.first_scored; t < cut.time; ++t) {
      const double due = static_cast<double>(truth[t * cut.series.row]) - known[t];
      targets[(t - cut.first_scored) * outputs + o] = due / scale;
    }
  }
}

// What is asked for beside the rows of a window.
template <class Value>
void write_asked(const Cut& cut, Index start, double* targets) {
  const Asked& asked = cut.asked;
  const Value* from = static_cast<const Value*>(asked.data) + (start + cut.first_scored) * asked.row;
  for (Index t = cut.first_scored; t < cut.time; ++t, from += asked.row) {
    for (Index c = 0; c < asked.columns(); ++c) *targets++ = static_cast<double>(from[c * asked.column]);
  }
}

// What a free run depends on, newest first and zero before the window, and the rows that follow.
template <class Real, class Value>
void write_surroundings(const Cut& cut, const Frame<Real>& frame, const Value* window, const double* seen, double* past,
                        double* ahead) {
  const Index columns = columns_of(frame);
  for (Index c = 0; c < columns; ++c) {
    for (Index k = 0; k < depth_of(frame); ++k) {
      past[k * columns + c] = k < cut.time ? seen[c * cut.time + cut.time - 1 - k] : 0.0;
    }
    const Value* x = window + cut.time * cut.series.row + c * cut.series.column;
    for (Index k = 0; k <= cut.run; ++k) ahead[k * columns + c] = static_cast<double>(x[k * cut.series.row]);
  }
}

template <class Real, class Value>
void cut_windows(const Cut& cut, const Frame<Real>& frame, Real* inputs, double* targets, double* past, double* ahead) {
  Scratch scratch;
  const Index channels = frame.channels, columns = columns_of(frame), time = cut.time;
  const Index width = (frame.increments ? 2 * channels : channels) + frame.controls;
  double* seen = take<double>(scratch, columns * time);  // column after column
  double* known = take<double>(scratch, time);
  for (Index w = 0; w < cut.windows; ++w) {
    const Value* window = static_cast<const Value*>(cut.series.data) + cut.starts[w] * cut.series.row;
    for (Index c = 0; c < columns; ++c) {
      const Value* x = window + c * cut.series.column;
      double* to = seen + c * time;
      for (Index t = 0; t < time; ++t) to[t] = static_cast<double>(x[t * cut.series.row]);
      if (cut.noise == nullptr || c >= channels) continue;  // controls are known as they are
      const Value* noise = static_cast<const Value*>(cut.noise) + w * time * columns + c;
      for (Index t = 0; t < time; ++t) to[t] += cut.noise_scale * static_cast<double>(noise[t * columns]);
    }
    write_inputs(frame, seen, time, inputs + w * time * width);
    if (cut.asked.data != nullptr) {
      double* own = targets + w * (time - cut.first_scored) * cut.asked.columns();
      cut.asked.classes ? write_asked<Index>(cut, cut.starts[w], own) : write_asked<Value>(cut, cut.starts[w], own);
      continue;
    }
    write_targets(cut, frame, window, seen, known, targets + w * (time - cut.first_scored) * frame.leads * channels);
    if (cut.run == 0) continue;
    write_surroundings(cut, frame, window, seen, past + w * depth_of(frame) * columns, ahead + w * (cut.run + 1) * columns);
  }
}

template <class Real>
void cut(const Cut& cut, const Frame<Real>& frame, Real* inputs, double* targets, double* past, double* ahead) {
  if (cut.series.bits == 32) {
    cut_windows<Real, float>(cut, frame, inputs, targets, past, ahead);
  } else {
    cut_windows<Real, double>(cut, frame, inputs, targets, past, ahead);
  }
}

}  // namespace PENDULA_ISA
}  // namespace pendula
