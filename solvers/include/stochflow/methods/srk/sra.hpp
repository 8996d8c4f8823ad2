#pragma once

// Roessler's stochastic Runge-Kutta methods for additive noise (SRA), as data and one stepper.
// A method is a tableau; its order conditions are checked when it compiles. Stages, for s of them:
//
//   H_i = x + h sum_j A0_ij f(H_j, t + c0_j h) + chi sum_j B0_ij g(t + c1_j h)
//   x'  = x + h sum_i alpha_i f(H_i, t + c0_i h) + sum_i (b1_i W + b2_i chi) g(t + c1_i h)
//
// with chi = W/2 + H = I10/h. Strong order 1.5, weak order 2, for noise of any number of columns.
// Source: Roessler, SIAM J. Numer. Anal. 48 (2010), 922-952, section 6.

#include <array>
#include <cmath>
#include <cstddef>

#include "stochflow/control/error_estimate.hpp"
#include "stochflow/methods/srk/rows.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/unroll.hpp"

namespace stochflow {

/// Strictly lower triangular A0, B0; c0 is the row sums of A0.
template <std::size_t s>
struct SraTableau {
  std::array<std::array<double, s>, s> A0{}, B0{};
  std::array<double, s> alpha{}, b1{}, b2{}, c1{};

  constexpr std::array<double, s> c0() const { return srk::row_sums(A0); }

  /// The largest violation of the eight conditions for strong order 1.5.
  constexpr double residual() const {
    const auto c = c0(), B0e = srk::row_sums(B0);
    double worst = 0;
    const auto require = [&](double value, double target) {
      worst = std::max(worst, srk::magnitude(value - target));
    };
    require(srk::sum(alpha), 1);
    require(srk::sum(b1), 1);
    require(srk::sum(b2), 0);
    require(srk::dot(alpha, B0e), 1);
    require(srk::dot(alpha, c), 0.5);
    require(srk::dot(alpha, srk::squares(B0e)), 1.5);
    require(srk::dot(b1, c1), 1);
    require(srk::dot(b2, c1), -1);
    return worst;
  }
};

/// x' for a tableau given as a constant: one text for every SRA method.
/// `error`, if not null, becomes the difference to the embedded method of order 1,
///   x + h f_1 + sum_i b1_i W g(t + c1_i h),
/// of size h^(3/2).
template <const auto& T, class P, class X, class V>
X sra_step(const P& sde,
           const X& x,
           double t,
           double h,
           const SpaceTimeIncrement<V>& dB,
           X* error = nullptr) {
  static_assert(P::noise == Noise::additive,
                "SRA methods are for additive noise: take an SRI method for diagonal or scalar "
                "noise.");
  constexpr std::size_t s = T.alpha.size();
  constexpr auto c0 = T.c0();
  const V chi = 0.5 * dB.W + dB.H;
  const auto noise = [&](double at, const V& variable) {
    return noise_term(sde, x, t + at * h, variable);
  };
  std::array<X, s> f;
  X next = x;
  detail::unroll<s>([&](auto i) {
    X stage = x;
    detail::unroll<i>([&](auto j) {
      if constexpr (T.A0[i][j] != 0) stage = stage + (h * T.A0[i][j]) * f[j];
      if constexpr (T.B0[i][j] != 0) stage = stage + T.B0[i][j] * noise(T.c1[j], chi);
    });
    f[i] = sde.drift(stage, t + c0[i] * h);
    if constexpr (T.alpha[i] != 0) next = next + (h * T.alpha[i]) * f[i];
    if constexpr (T.b1[i] != 0 || T.b2[i] != 0) {
      next = next + noise(T.c1[i], V(T.b1[i] * dB.W + T.b2[i] * chi));
    }
    if (error == nullptr) return;
    constexpr double drift = T.alpha[i] - (i == 0 ? 1 : 0);
    const X before = i == 0 ? X(x * 0.0) : *error;
    *error = before + (h * drift) * f[i];
    if constexpr (T.b2[i] != 0) *error = *error + noise(T.c1[i], V(T.b2[i] * chi));
  });
  return next;
}

/// The steps of a method that is an SRA tableau, Method::tableau.
template <class Method>
struct SraSteps {
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    return sra_step<Method::tableau>(sde, x, t, h, dB);
  }

  /// The estimate is the difference to an embedded method of order 1.
  static constexpr double error_order = 1.5;
  template <class P, class X, class V>
  StepWithError<X> step_with_error(
      const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    X error = x;
    const X next = sra_step<Method::tableau>(sde, x, t, h, dB, &error);
    return {next, error};
  }
};

}  // namespace stochflow
