#pragma once

// Roessler's Runge-Kutta methods of weak order 2 for Itô equations with any noise (the RI, DRI and
// RDI families), as data and one stepper. With three-point variables I_k, I_kk = (I_k^2 - h)/2 and
// the mixed I_kl of columns.hpp, stages i = 1 ... s:
//
//   H0_i   = x + h sum_j A0_ij f(H0_j, t + c0_j h) + sum_j B0_ij sum_k g^k(H^k_j, t + c1_j h) I_k
//   H^k_i  = x + h sum_j A1_ij f(H0_j, t + c0_j h) + sqrt(h) sum_j B1_ij g^k(H^k_j, t + c1_j h)
//   M^k_i  = x + sum_j B2_ij sum_{l != k} g^l(H^l_j, t + c1_j h) I_kl / sqrt(h)
//   x'     = x + h sum_i alpha_i f(H0_i, t + c0_i h)
//              + sum_k sum_i (b1_i I_k + b2_i I_kk / sqrt(h)) g^k(H^k_i, t + c1_i h)
//              + sum_k sum_i (b3_i I_k + b4_i sqrt(h)) g^k(M^k_i, t)
//
// The last line, in the form of 2009, needs a number of column evaluations that grows like the
// number of Brownian motions; the form of 2007 with a stage for each pair grows like its square.
// Source: Roessler, SIAM J. Numer. Anal. 47 (2009), 1713-1738; Debrabant and Roessler, Appl. Numer.
// Math. 59 (2009), 582-594, and Math. Comput. Simul. 77 (2008), 408-420.

#include <Eigen/Core>
#include <array>
#include <cstddef>
#include <type_traits>

#include "stochflow/methods/srk/rows.hpp"
#include "stochflow/methods/weak/columns.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/unroll.hpp"

namespace stochflow {

namespace weak {

/// The square root of a positive constant, for coefficients that have one (Newton's iteration).
constexpr double root(double v) {
  double r = v > 1 ? v : 1;
  for (int k = 0; k < 64; ++k) r = 0.5 * (r + v / r);
  return r;
}

}  // namespace weak

/// Strictly lower triangular A0, A1, B0, B1, B2; c0, c1 are the row sums of A0, A1.
template <std::size_t s>
struct WeakItoTableau {
  std::array<std::array<double, s>, s> A0{}, B0{}, A1{}, B1{}, B2{};
  std::array<double, s> alpha{}, b1{}, b2{}, b3{}, b4{};

  constexpr std::array<double, s> c0() const { return srk::row_sums(A0); }
  constexpr std::array<double, s> c1() const { return srk::row_sums(A1); }

  constexpr bool uses_f(std::size_t i) const {
    return alpha[i] != 0 || srk::uses_column(A0, i) || srk::uses_column(A1, i);
  }
  constexpr bool uses_g(std::size_t i) const {
    return b1[i] != 0 || b2[i] != 0 || srk::uses_column(B0, i) || srk::uses_column(B1, i) ||
           srk::uses_column(B2, i) || (i == 0 && (b3[i] != 0 || b4[i] != 0));
  }

  /// The largest violation of the conditions for weak order 1.
  constexpr double residual_of_order_one() const {
    const auto B1e = srk::row_sums(B1), B2e = srk::row_sums(B2);
    return largest({srk::sum(alpha) - 1,
                    srk::sum(b1) * srk::sum(b1) - 1,
                    srk::sum(b2),
                    srk::sum(b3),
                    srk::sum(b4),
                    srk::dot(b1, B1e),
                    srk::dot(b3, B2e),
                    srk::dot(b4, srk::squares(B2e))});
  }

  /// The largest violation of conditions for weak order 2 (Roessler 2009) that are not already zero
  /// term by term for the tableaus here, where A2 = 0. The full order is proved in tests.
  constexpr double residual() const {
    const auto A0e = c0(), A1e = c1(), B0e = srk::row_sums(B0), B1e = srk::row_sums(B1),
               B2e = srk::row_sums(B2);
    const double sign = srk::sum(b1);  // -1: the method is driven by -W, which has the same law
    const auto along = [](const auto& a, const auto& b) {
      auto result = a;
      for (std::size_t i = 0; i < s; ++i) result[i] *= b[i];
      return result;
    };
    const auto B1e2 = srk::squares(B1e), B2e2 = srk::squares(B2e);
    return largest({residual_of_order_one(),
                    srk::dot(alpha, A0e) - 0.5,
                    srk::dot(alpha, srk::squares(B0e)) - 0.5,
                    srk::dot(alpha, B0e) - 0.5 * sign,
                    srk::dot(alpha, srk::times(B0, B1e)),
                    srk::dot(b1, A1e) - 0.5 * sign,
                    srk::dot(b1, B1e2) - 0.5 * sign,
                    srk::dot(b1, srk::times(B1, B1e)),
                    srk::dot(b1, srk::times(A1, B0e)),
                    srk::dot(b1, along(A1e, B1e)),
                    srk::dot(b1, along(B1e2, B1e)),
                    srk::dot(b2, B1e) - 1,
                    srk::dot(b2, A1e),
                    srk::dot(b2, B1e2),
                    srk::dot(b2, srk::times(B1, B1e)),
                    srk::dot(b2, srk::times(A1, B0e)),
                    srk::dot(b3, B2e2) - 0.5 * sign,
                    srk::dot(b3, srk::times(B2, B1e)),
                    srk::dot(b3, srk::times(B2, A1e)),
                    srk::dot(b4, B2e) - 1,
                    srk::dot(b4, srk::times(B2, B1e))});
  }

 private:
  template <std::size_t n>
  static constexpr double largest(const double (&violations)[n]) {
    double worst = 0;
    for (const double v : violations) worst = std::max(worst, srk::magnitude(v));
    return worst;
  }
};

/// x' for a tableau given as a constant: one text for every method of this kind.
template <const auto& T, class P, class X, class V>
X weak_ito_step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) {
  constexpr std::size_t s = T.alpha.size();
  constexpr auto c0 = T.c0(), c1 = T.c1();
  constexpr bool columns = weak::has_columns<P, X>();
  const double root_h = detail::root(h);
  const V& I = dB.W;
  const V Ikk_over_root = (I * I - h) * (0.5 / root_h);
  std::array<X, s> f;
  std::array<weak::DiffusionOf<P, X>, s> g;  // column k is g^k(H^k_i)
  X next = x;
  detail::unroll<s>([&](auto i) {
    if constexpr (T.uses_f(i)) {
      X stage = x;
      detail::unroll<i>([&](auto j) {
        if constexpr (T.A0[i][j] != 0) stage = stage + (h * T.A0[i][j]) * f[j];
        if constexpr (T.B0[i][j] != 0) stage = stage + T.B0[i][j] * X(product(g[j], I));
      });
      f[i] = sde.drift(stage, t + c0[i] * h);
      if constexpr (T.alpha[i] != 0) next = next + (h * T.alpha[i]) * f[i];
    }
    if constexpr (T.uses_g(i)) {
      X common = x;
      detail::unroll<i>([&](auto j) {
        if constexpr (T.A1[i][j] != 0) common = common + (h * T.A1[i][j]) * f[j];
      });
      const double at = t + c1[i] * h;
      if constexpr (i == 0 || P::noise == Noise::additive) {
        g[i] = sde.diffusion(common, at);
      } else if constexpr (!columns) {
        detail::unroll<i>([&](auto j) {
          if constexpr (T.B1[i][j] != 0) common = common + (root_h * T.B1[i][j]) * g[j];
        });
        g[i] = sde.diffusion(common, at);
      } else {
        g[i] = g[0];  // the right shape
        for (Eigen::Index k = 0; k < I.size(); ++k) {
          X stage = common;
          detail::unroll<i>([&](auto j) {
            if constexpr (T.B1[i][j] != 0) {
              stage = stage + (root_h * T.B1[i][j]) * X(g[j].col(k).array());
            }
          });
          g[i].col(k) = weak::diffusion_column(sde, stage, at, k).matrix();
        }
      }
      if constexpr (T.b1[i] != 0 || T.b2[i] != 0) {
        next = next + X(product(g[i], V(T.b1[i] * I + T.b2[i] * Ikk_over_root)));
      }
    }
  });
  if constexpr (columns) {
    detail::unroll<s>([&](auto i) {
      if constexpr (T.b3[i] == 0 && T.b4[i] == 0) {
        return;
      } else if constexpr (i == 0) {
        next = next + X(product(g[0], V(T.b3[i] * I + T.b4[i] * root_h)));
      } else {
        for (Eigen::Index k = 0; k < I.size(); ++k) {
          const V I_k = weak::mixed_integrals(I, dB.e, h, k) * (1 / root_h);
          X stage = x;
          detail::unroll<s>([&](auto j) {
            if constexpr (T.B2[i][j] != 0) stage = stage + T.B2[i][j] * X(product(g[j], I_k));
          });
          next =
              next + (T.b3[i] * I[k] + T.b4[i] * root_h) * weak::diffusion_column(sde, stage, t, k);
        }
      }
    });
  }
  return next;
}

/// The steps of a method that is a tableau of this kind, Method::tableau.
template <class Method>
struct WeakItoSteps {
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) const {
    return weak_ito_step<Method::tableau>(sde, x, t, h, dB);
  }
};

}  // namespace stochflow
