#pragma once

// The square root of a step's length: the bits of std::sqrt, without its errno. Compilers leave
// std::sqrt inside the loop over a step's trajectories, because it may report a negative argument
// there; this one they take out.

#include <cmath>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace stochflow::detail {

inline double root(double x) {
#if defined(__SSE2__)
  const __m128d pair = _mm_set_sd(x);
  return _mm_cvtsd_f64(_mm_sqrt_sd(pair, pair));
#else
  return std::sqrt(x);
#endif
}

}  // namespace stochflow::detail
