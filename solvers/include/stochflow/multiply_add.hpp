#pragma once

// a b + c with one rounding, element by element: one operation instead of two, and the same bits on
// every processor, which a compiler's own choice to fuse would not give. For steps that cost little
// beside their noise.

#include <cmath>

#include "stochflow/state.hpp"

namespace stochflow::detail {

template <class T>
T multiply_add_numbers(const T& a, const T& b, const T& c) {
  using std::fma;
  if constexpr (requires { fma(a, b, c); }) {
    return fma(a, b, c);
  } else {
    return a * b + c;  // dual numbers
  }
}

/// a b + c, where a and b are shaped like c or numbers; for a matrix, product(a, b) + c.
template <class A, class B, class C>
C multiply_add(const A& a, const B& b, const C& c) {
  if constexpr (MatrixExpression<A>) {
    return C(product(a, b) + c);
  } else if constexpr (EigenExpression<C>) {
    using T = typename C::Scalar;
    const auto element = [](const auto& v, [[maybe_unused]] Eigen::Index i) {
      if constexpr (EigenExpression<decltype(v)>) {
        return T(v[i]);
      } else {
        return T(v);
      }
    };
    C result(c.size());
    for (Eigen::Index i = 0; i < c.size(); ++i) {
      result[i] = multiply_add_numbers(element(a, i), element(b, i), T(c[i]));
    }
    return result;
  } else {
    return multiply_add_numbers(C(a), C(b), c);
  }
}

}  // namespace stochflow::detail
