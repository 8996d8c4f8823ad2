#pragma once

// What the noise contributes to one step, one type for each kind of input that a method may ask for
// (facts.hpp, NoiseInput). V is a number (one Brownian motion) or an Eigen array or a tensor (one
// for each element). `merge` makes one increment of two consecutive ones (Chen's relation), where
// that can be done: exact for all but the two- and three-point variables.

#include <cmath>
#include <cstdint>
#include <type_traits>

#include "stochflow/state.hpp"

namespace stochflow {

/// One step of a grid: from t to t + h, the index-th.
struct Step {
  std::int64_t index;
  double t;
  double h;
};

/// For methods that need W only.
///   W   the Brownian increments over the step, N(0, h) each, shaped like V
template <class V>
struct Increment {
  V W;
};

/// For methods of order 1.5 and more.
///   W   as above
///   H   (1/h) int_0^h (W_s - (s/h) W) ds, N(0, h/12) each, independent of W, shaped like W
/// The integral int_0^h W_s ds, "I10" in much of the literature, is h (W/2 + H).
template <class V>
struct SpaceTimeIncrement {
  V W;
  V H;
};

/// For methods of order 2 and more.
///   W, H  as above
///   K     (1/h^2) int_0^h (W_s - (s/h) W)(h/2 - s) ds, N(0, h/720) each, independent of W and H
template <class V>
struct SpaceTimeTimeIncrement {
  V W;
  V H;
  V K;
};

/// A square matrix over the Brownian motions of V: [M, M]; a number when V is one.
template <class V>
struct AreaMatrix {
  using type = V;
};
template <class T, int M>
struct AreaMatrix<Eigen::Array<T, M, 1>> {
  using type = Matrix<T, M>;
};
template <class V>
using AreaOf = typename AreaMatrix<V>::type;

/// For methods of strong order 1 on noise that does not commute.
///   W   as above, [M]
///   A   Lévy areas, A_jk = 1/2 int_0^h (W^j dW^k - W^k dW^j), antisymmetric, [M, M]
/// The iterated integrals int W^j dW^k are (W_j W_k - h delta_jk)/2 + A_jk in Itô's sense, without
/// the h in Stratonovich's.
template <class V>
struct AreaIncrement {
  V W;
  AreaOf<V> A;
};

/// For weak methods of order 1: has the moments of the increment up to the third.
///   W   +-sqrt(h), each with probability 1/2, shaped like V
template <class V>
struct TwoPointIncrement {
  V W;
};

/// For weak methods of order 2: has the moments of the increment up to the fifth.
///   W   0 with probability 2/3, +-sqrt(3 h) with 1/6 each, shaped like V
///   e   signs +-1 with probability 1/2 each, independent of W, shaped like V
template <class V>
struct ThreePointIncrement {
  V W;
  V e;
};

/// Two consecutive increments of lengths h1, h2 as one.
template <class V>
Increment<V> merge(const Increment<V>& a, double, const Increment<V>& b, double) {
  return {V(a.W + b.W)};
}
template <class V>
SpaceTimeIncrement<V> merge(const SpaceTimeIncrement<V>& a,
                            double h1,
                            const SpaceTimeIncrement<V>& b,
                            double h2) {
  const double p = h1 / (h1 + h2), q = h2 / (h1 + h2);
  return {V(a.W + b.W), V(p * (a.H - 0.5 * b.W) + q * (b.H + 0.5 * a.W))};
}
template <class V>
SpaceTimeTimeIncrement<V> merge(const SpaceTimeTimeIncrement<V>& a,
                                double h1,
                                const SpaceTimeTimeIncrement<V>& b,
                                double h2) {
  const double p = h1 / (h1 + h2), q = h2 / (h1 + h2);
  const V tilt = q * a.W - p * b.W;
  return {V(a.W + b.W),
          V(p * a.H + q * b.H + 0.5 * tilt),
          V((p * p) * a.K + (q * q) * b.K + (0.5 * p * q) * (a.H - b.H) + ((q - p) / 12) * tilt)};
}
/// A = A1 + A2 + 1/2 (W1 W2^T - W2 W1^T)
template <class V>
AreaIncrement<V> merge(const AreaIncrement<V>& a, double, const AreaIncrement<V>& b, double) {
  if constexpr (is_number<V>) {
    return {a.W + b.W, V(0)};
  } else {
    const AreaOf<V> ab = a.W.matrix() * b.W.matrix().transpose();
    return {V(a.W + b.W), AreaOf<V>(a.A + b.A + 0.5 * (ab - ab.transpose()))};
  }
}

}  // namespace stochflow
