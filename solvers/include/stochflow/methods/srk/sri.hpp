#pragma once

// Roessler's stochastic Runge-Kutta methods for Itô equations with diagonal or scalar noise (SRI),
// as data and one stepper. A method is a tableau; its 25 order conditions are checked when it
// compiles. Stages, for s of them, with
//   chi1 = (W^2 - h)/(2 sqrt(h)),  chi2 = W/2 + H = I10/h,  chi3 = (W^3 - 3 h W)/(6 h):
//
//   H0_i = x + h sum_j A0_ij f(H0_j, t + c0_j h) + chi2    sum_j B0_ij g(H1_j, t + c1_j h)
//   H1_i = x + h sum_j A1_ij f(H0_j, t + c0_j h) + sqrt(h) sum_j B1_ij g(H1_j, t + c1_j h)
//   x'   = x + h sum_i alpha_i f(H0_i, t + c0_i h)
//            + sum_i (b1_i W + b2_i chi1 + b3_i chi2 + b4_i chi3) g(H1_i, t + c1_i h)
//
// Strong order 1.5, weak order 1.5.
// Source: Roessler, SIAM J. Numer. Anal. 48 (2010), 922-952, section 5.

#include <array>
#include <cstddef>
#include <type_traits>

#include "stochflow/control/error_estimate.hpp"
#include "stochflow/methods/srk/rows.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/unroll.hpp"

namespace stochflow {

/// Strictly lower triangular A0, A1, B0, B1; c0, c1 are the row sums of A0, A1.
template <std::size_t s>
struct SriTableau {
  std::array<std::array<double, s>, s> A0{}, A1{}, B0{}, B1{};
  std::array<double, s> alpha{}, b1{}, b2{}, b3{}, b4{};

  constexpr std::array<double, s> c0() const { return srk::row_sums(A0); }
  constexpr std::array<double, s> c1() const { return srk::row_sums(A1); }

  /// The largest violation of the conditions for strong order 1.5 (Roessler 2010, theorem 5.1).
  constexpr double residual() const {
    const auto A0e = c0(), A1e = c1(), B0e = srk::row_sums(B0), B1e = srk::row_sums(B1);
    const auto B1B1e = srk::times(B1, B1e), A1B0e = srk::times(A1, B0e);
    double worst = 0;
    const auto require = [&](double value, double target) {
      worst = std::max(worst, srk::magnitude(value - target));
    };
    require(srk::sum(alpha), 1);
    require(srk::dot(alpha, A0e), 0.5);
    require(srk::dot(alpha, B0e), 1);
    require(srk::dot(alpha, srk::squares(B0e)), 1.5);
    // What each row of weights does to 1, A1 e, B1 e, (B1 e)^2 and B1 B1 e.
    const auto weights = [&](const std::array<double, s>& b,
                             double one,
                             double a1,
                             double b1e,
                             double b1e_squared,
                             double b1b1e) {
      require(srk::sum(b), one);
      require(srk::dot(b, A1e), a1);
      require(srk::dot(b, B1e), b1e);
      require(srk::dot(b, srk::squares(B1e)), b1e_squared);
      require(srk::dot(b, B1B1e), b1b1e);
    };
    weights(b1, 1, 1, 0, 1, 0);
    weights(b2, 0, 0, 1, 0, 0);
    weights(b3, 0, -1, 0, -1, 0);
    weights(b4, 0, 0, 0, 2, 1);
    require(0.5 * srk::dot(b1, A1B0e) + srk::dot(b3, A1B0e) / 3, 0);
    return worst;
  }
};

/// x' for a tableau given as a constant: one text for every SRI method.
/// `error`, if not null, becomes the difference to the embedded method of order 1,
///   x + h f_1 + sum_i (b1_i W + b2_i (W^2 - h)/(2 sqrt h)) g_i,
/// of size h^(3/2): what the weights b3 and b4 add, and what the drift's stages do.
template <const auto& T, class P, class X, class V>
X sri_step(const P& sde,
           const X& x,
           double t,
           double h,
           const SpaceTimeIncrement<V>& dB,
           X* error = nullptr) {
  constexpr std::size_t s = T.alpha.size();
  constexpr auto c0 = T.c0(), c1 = T.c1();
  const double root_h = detail::root(h);
  const V W_squared = dB.W * dB.W;
  const V chi1 = (W_squared - h) * (0.5 / root_h);
  const V chi2 = 0.5 * dB.W + dB.H;
  const V chi3 = dB.W * (W_squared - 3 * h) * (1 / (6 * h));
  const std::array<V, 4> integrals{dB.W, chi1, chi2, chi3};
  std::array<X, s> f;
  std::array<std::decay_t<decltype(detail::plain(sde.diffusion(x, t)))>, s> g;
  X next = x;
  detail::unroll<s>([&](auto i) {
    constexpr bool needs_f =
        T.alpha[i] != 0 || srk::uses_column(T.A0, i) || srk::uses_column(T.A1, i);
    // A later stage that is the state itself has what the first one has.
    constexpr bool same_f = i > 0 && srk::empty_row(T.A0, i) && srk::empty_row(T.B0, i);
    constexpr bool same_g = i > 0 && srk::empty_row(T.A1, i) && srk::empty_row(T.B1, i);
    X drift_stage = x, noise_stage = x;
    detail::unroll<i>([&](auto j) {
      if constexpr (T.A0[i][j] != 0) drift_stage = drift_stage + (h * T.A0[i][j]) * f[j];
      if constexpr (T.B0[i][j] != 0) drift_stage = drift_stage + (T.B0[i][j] * chi2) * g[j];
      if constexpr (T.A1[i][j] != 0) noise_stage = noise_stage + (h * T.A1[i][j]) * f[j];
      if constexpr (T.B1[i][j] != 0) noise_stage = noise_stage + (root_h * T.B1[i][j]) * g[j];
    });
    if constexpr (same_f) {
      f[i] = f[0];
    } else if constexpr (needs_f) {
      f[i] = sde.drift(drift_stage, t + c0[i] * h);
    }
    if constexpr (same_g) {
      g[i] = g[0];
    } else {
      g[i] = detail::plain(sde.diffusion(noise_stage, t + c1[i] * h));
    }
    if constexpr (T.alpha[i] != 0) next = next + (h * T.alpha[i]) * f[i];
    using I = std::decay_t<decltype(i)>;
    constexpr auto row = [] {
      return srk::Row<4>{T.b1[I::value], T.b2[I::value], T.b3[I::value], T.b4[I::value]};
    };
    next = next + srk::combination(integrals, row) * g[i];
    if (error == nullptr) return;
    constexpr auto last_two = [] { return srk::Row<4>{0, 0, T.b3[I::value], T.b4[I::value]}; };
    const V extra = srk::combination(integrals, last_two);
    if constexpr (i == 0) {
      *error = X((h * (T.alpha[0] - 1)) * f[0] + extra * g[0]);
    } else if constexpr (T.alpha[i] != 0) {
      *error = X(*error + (h * T.alpha[i]) * f[i] + extra * g[i]);
    } else {
      *error = X(*error + extra * g[i]);
    }
  });
  return next;
}

/// The steps of a method that is an SRI tableau, Method::tableau.
template <class Method>
struct SriSteps {
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    return sri_step<Method::tableau>(sde, x, t, h, dB);
  }

  /// The estimate is the difference to an embedded method of order 1.
  static constexpr double error_order = 1.5;
  template <class P, class X, class V>
  StepWithError<X> step_with_error(
      const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) const {
    X error = x;
    const X next = sri_step<Method::tableau>(sde, x, t, h, dB, &error);
    return {next, error};
  }
};

}  // namespace stochflow
