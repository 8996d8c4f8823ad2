#pragma once

// The Euclidean norm of a state, scaled so that squares of huge numbers do not overflow: the tamed
// and truncated methods measure states that are on their way to infinity.

#include <cmath>

#include "stochflow/number.hpp"
#include "stochflow/state.hpp"

namespace stochflow::detail {

template <class X>
NumberOf<X> euclidean_norm(const X& x) {
  using std::abs, std::sqrt;
  using T = NumberOf<X>;
  if constexpr (is_number<X>) {
    return abs(x);
  } else {
    T largest(0), sum(0);
    for (Eigen::Index i = 0; i < x.size(); ++i) {
      const T size = abs(x[i]);
      largest = select(size > largest, size, largest);
    }
    const T scale = select(largest > T(0), largest, T(1));
    for (Eigen::Index i = 0; i < x.size(); ++i) sum += (x[i] / scale) * (x[i] / scale);
    return largest * sqrt(sum);
  }
}

}  // namespace stochflow::detail
