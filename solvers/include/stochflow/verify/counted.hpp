#pragma once

// A problem that counts what it is asked: the work of a method, however its steps are chosen.

#include <cstdint>

#include "stochflow/sde.hpp"

namespace stochflow::verify {

/// Counts the evaluations of drift and diffusion in `count`, which must outlive it. One thread's.
template <class P>
struct Counted {
  static constexpr Calculus calculus = P::calculus;
  static constexpr Noise noise = P::noise;
  static constexpr bool drift_commutes = stochflow::drift_commutes<P>;
  P problem;
  std::int64_t* count;

  template <class X>
  auto drift(const X& x, double t) const {
    ++*count;
    return problem.drift(x, t);
  }
  template <class X>
  auto diffusion(const X& x, double t) const {
    ++*count;
    return problem.diffusion(x, t);
  }
};

}  // namespace stochflow::verify
