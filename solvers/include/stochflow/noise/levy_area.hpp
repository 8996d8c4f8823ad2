#pragma once

// Lévy areas A_jk = 1/2 int_0^h (W^j dW^k - W^k dW^j), the part of the noise that methods of strong
// order 1 need when it does not commute. No formula draws them exactly for more than two Brownian
// motions; these four differ in what they are given and in what they get right.
//
//   MrongowiusRoesslerArea  given W. Fourier series, its tail replaced by normals of the right
//                           covariance; mean-square error m h^2 / (12 pi^2 n^2) for n terms. The
//                           default of FreshIncrements.
//   WiktorssonArea          given W. The same with 5 m in place of m; for comparison.
//   FosterArea              given W and H, at a fixed cost: E[A | W, H] and the right conditional
//                           variance. Agrees with H, so it goes with methods and trees that use it;
//                           right in its moments up to the third, kurtosis 4.9 in place of 5.
//   DavieArea               given W and H: variance right on average only, kurtosis 4.3.
//
// Each is called as area(h, increment, normal), where normal() gives the next standard normal, and
// returns an antisymmetric matrix [M, M]. A single Brownian motion has no area.
//
// The Fourier kinds take `terms` = 0 for the number that strong order 1 needs: a mean-square error
// of h^3 a step (time in the units of the problem).
// Sources: Mrongowius and Roessler 2022, arXiv 2101.09542; Wiktorsson 2001; Kastner and Roessler
// 2023, arXiv 2201.08424; Davie 2014; Foster 2020 (thesis), theorem on the conditional variance.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#include "stochflow/noise/increment_types.hpp"
#include "stochflow/state.hpp"

namespace stochflow {

namespace detail {

/// sum_{k > n} 1/k^2, the trigamma function at n + 1, to rounding (Euler and Maclaurin).
inline double tail_of_inverse_squares(int n) {
  double sum = 0, x = n + 1.0;
  for (; x < 16; ++x) sum += 1 / (x * x);
  const double y = 1 / (x * x);
  const double series =
      1 / x + 0.5 * y +
      (y / x) * (1.0 / 6 - y * (1.0 / 30 - y * (1.0 / 42 - y * (1.0 / 30 - y * (5.0 / 66)))));
  return sum + series;
}

/// Terms of the series for a mean-square error of h^3, given the error c h / n of n terms.
inline int fourier_terms(double c, double h) {
  const double n = std::ceil(c / std::sqrt(h));
  return static_cast<int>(std::clamp(n, 1.0, static_cast<double>(std::numeric_limits<int>::max())));
}

/// S + a b^T, rounded like numbers one by one: Eigen fuses the two operations where it can.
template <class V>
void add_outer(AreaOf<V>& S, const V& a, const V& b) {
  const AreaOf<V> outer = a.matrix() * b.matrix().transpose();
  S += outer;
}

/// sum_{k = 1}^n X_k (Y_k - sqrt(2) w)^T / k with standard normals X_k, Y_k [M].
template <class V, class Normals>
AreaOf<V> fourier_series(const V& w, int n, Normals& normal) {
  const Eigen::Index m = w.size();
  AreaOf<V> sum = AreaOf<V>::Zero(m, m);
  V x = w, y = w;
  for (int k = 1; k <= n; ++k) {
    for (Eigen::Index j = 0; j < m; ++j) x[j] = normal();
    for (Eigen::Index j = 0; j < m; ++j) y[j] = (normal() - std::numbers::sqrt2 * w[j]) / k;
    add_outer(sum, x, y);
  }
  return sum;
}

/// An antisymmetric matrix with entries scale(i, j) N above the diagonal.
template <class A, class Normals, class Scale>
A antisymmetric_normals(Eigen::Index m, Normals& normal, const Scale& scale) {
  A B = A::Zero(m, m);
  for (Eigen::Index i = 0; i < m; ++i) {
    for (Eigen::Index j = i + 1; j < m; ++j) {
      B(i, j) = scale(i, j) * normal();
      B(j, i) = -B(i, j);
    }
  }
  return B;
}

/// E[A | W, H] = H W^T - W H^T.
template <class V>
AreaOf<V> area_given_space_time(const SpaceTimeIncrement<V>& dB) {
  const AreaOf<V> product = dB.H.matrix() * dB.W.matrix().transpose();
  return product - product.transpose();
}

}  // namespace detail

struct MrongowiusRoesslerArea {
  static constexpr bool needs_H = false;
  int terms = 0;

  static int terms_for(Eigen::Index m, double h) {
    return detail::fourier_terms(std::sqrt(static_cast<double>(m) / 12) / std::numbers::pi, h);
  }

  template <class V, class Normals>
  AreaOf<V> operator()(double h, const Increment<V>& dB, Normals&& normal) const {
    const Eigen::Index m = dB.W.size();
    const int n = terms > 0 ? terms : terms_for(m, h);
    const V w = dB.W / std::sqrt(h);
    AreaOf<V> S = detail::fourier_series(w, n, normal);
    // The tail: its part with w is Gaussian and exact, the other is replaced by a Gaussian.
    const double a = std::sqrt(2 * detail::tail_of_inverse_squares(n));
    V psi = w;
    for (Eigen::Index j = 0; j < m; ++j) psi[j] = a * normal();
    detail::add_outer(S, w, psi);
    const AreaOf<V> tail = detail::antisymmetric_normals<AreaOf<V>>(
        m, normal, [a](Eigen::Index, Eigen::Index) { return a; });
    return (h / (2 * std::numbers::pi)) * (S - S.transpose() + tail);
  }
};

struct WiktorssonArea {
  static constexpr bool needs_H = false;
  int terms = 0;

  static int terms_for(Eigen::Index m, double h) {
    return detail::fourier_terms(std::sqrt(5 * static_cast<double>(m) / 12) / std::numbers::pi, h);
  }

  template <class V, class Normals>
  AreaOf<V> operator()(double h, const Increment<V>& dB, Normals&& normal) const {
    const Eigen::Index m = dB.W.size();
    const int n = terms > 0 ? terms : terms_for(m, h);
    const V w = dB.W / std::sqrt(h);
    AreaOf<V> S = detail::fourier_series(w, n, normal);
    // The whole tail as one Gaussian: the square root of its covariance given w, in closed form.
    const double a = std::sqrt(2 * detail::tail_of_inverse_squares(n));
    const AreaOf<V> G = detail::antisymmetric_normals<AreaOf<V>>(
        m, normal, [a](Eigen::Index, Eigen::Index) { return a; });
    using std::sqrt;
    auto length = 1 + w[0] * w[0];
    for (Eigen::Index j = 1; j < m; ++j) length = length + w[j] * w[j];
    const V along = product(G, w) / (1 + sqrt(length));
    detail::add_outer(S, along, w);
    return (h / (2 * std::numbers::pi)) * (S - S.transpose() + G);
  }
};

struct FosterArea {
  static constexpr bool needs_H = true;

  template <class V, class Normals>
  AreaOf<V> operator()(double h, const SpaceTimeIncrement<V>& dB, Normals&& normal) const {
    const auto spread = [&](Eigen::Index i, Eigen::Index j) {
      return std::sqrt(h * h / 20 + h * (dB.H[i] * dB.H[i] + dB.H[j] * dB.H[j]) / 5);
    };
    return detail::area_given_space_time(dB) +
           detail::antisymmetric_normals<AreaOf<V>>(dB.W.size(), normal, spread);
  }
};

struct DavieArea {
  static constexpr bool needs_H = true;

  template <class V, class Normals>
  AreaOf<V> operator()(double h, const SpaceTimeIncrement<V>& dB, Normals&& normal) const {
    const auto spread = [&](Eigen::Index, Eigen::Index) { return h / std::sqrt(12.0); };
    return detail::area_given_space_time(dB) +
           detail::antisymmetric_normals<AreaOf<V>>(dB.W.size(), normal, spread);
  }
};

}  // namespace stochflow
