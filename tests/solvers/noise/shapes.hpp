#pragma once

// The shapes of noise variables for which packs must give the scalar numbers, and how bits compare.

#include "stochflow/number.hpp"
#include "stochflow/state.hpp"

namespace stochflow::testing {

template <class V>
bool same(const V& a, const V& b) {
  if constexpr (is_number<V>) {
    return a == b;
  } else {
    return (a == b).all();
  }
}

/// check(like) for numbers and arrays of doubles and floats: as many as a draw has, more and fewer.
template <class Check>
void for_each_shape(const Check& check) {
  check(1.0);
  check(Vector<double, 2>(0, 0));
  check(Vector<double, 3>(0, 0, 0));
  check(Vector<double>(Vector<double>::Zero(7)));
  check(1.0f);
  check(Vector<float, 2>(0, 0));
  check(Vector<float, 3>(0, 0, 0));
  check(Vector<float>(Vector<float>::Zero(7)));
}

}  // namespace stochflow::testing
