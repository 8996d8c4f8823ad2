#pragma once

// Runge-Kutta methods for Stratonovich equations on the increment W and the space-time area H, as
// data and one stepper. Stages, for s of them:
//
//   z_i = x + sum_j (h A_ij f_j + (AW_ij W + AH_ij H) g_j)
//   x'  = x + sum_i (h b_i f_i + (bW_i W + bH_i H) g_i),   f_i = f(z_i, t + c_i h), g_i likewise
//
// For every noise structure; what a tableau is good for is stated with it.
// Source: Foster, Goncalo dos Reis and Strange, "High order splitting methods for SDEs satisfying a
// commutativity condition", arXiv 2210.17543; Foster and Jelincic, arXiv 2311.14201.

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "stochflow/control/error_estimate.hpp"
#include "stochflow/methods/srk/rows.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/unroll.hpp"

namespace stochflow {

/// Strictly lower triangular A, AW, AH.
template <std::size_t s>
struct StratonovichTableau {
  std::array<std::array<double, s>, s> A{}, AW{}, AH{};
  std::array<double, s> b{}, bW{}, bH{}, c{};
  /// Weights of the embedded error estimate; all zero: there is none.
  std::array<double, s> b_error{}, bW_error{}, bH_error{};

  constexpr bool uses_f(std::size_t i) const { return b[i] != 0 || srk::uses_column(A, i); }
  constexpr bool uses_g(std::size_t i) const {
    return bW[i] != 0 || bH[i] != 0 || srk::uses_column(AW, i) || srk::uses_column(AH, i);
  }

  /// The largest violation of what every method here must satisfy: consistency, order 2 without
  /// noise, the Stratonovich correction (1/2) g'g W^2, and for noise that depends on time alone
  /// int g dW = g W + g' h (W/2 - H).
  constexpr double residual() const {
    double worst = 0;
    const auto require = [&](double value, double target) {
      worst = std::max(worst, srk::magnitude(value - target));
    };
    const auto AWe = srk::row_sums(AW), AHe = srk::row_sums(AH);
    require(srk::sum(b), 1);
    require(srk::sum(bW), 1);
    require(srk::sum(bH), 0);
    require(srk::dot(b, c), 0.5);
    require(srk::dot(bW, c), 0.5);
    require(srk::dot(bH, c), -1);
    require(srk::dot(bW, AWe), 0.5);                    // W^2 g'g
    require(srk::dot(bW, AHe) + srk::dot(bH, AWe), 0);  // W H g'g
    require(srk::dot(b, AWe), 0.5);                     // h W f'g
    require(srk::dot(b, AHe), 1);                       // h H f'g
    return worst;
  }
};

/// x' and the error estimate for a tableau given as a constant: one text for every method of this
/// kind. The estimate costs nothing where it is not used.
template <const auto& T, class P, class X, class V>
StepWithError<X> stratonovich_step(
    const P& sde, const X& x, double t, double h, const SpaceTimeIncrement<V>& dB) {
  constexpr std::size_t s = T.b.size();
  using G = std::decay_t<decltype(detail::plain(sde.diffusion(x, t)))>;
  std::array<X, s> f;
  std::array<G, s> g;
  X next = x, error = x * 0.0;
  detail::unroll<s>([&](auto i) {
    X z = x;
    detail::unroll<i>([&](auto j) {
      if constexpr (T.A[i][j] != 0) z = z + (h * T.A[i][j]) * f[j];
      if constexpr (T.AW[i][j] != 0 || T.AH[i][j] != 0) {
        z = z + X(product(g[j], V(T.AW[i][j] * dB.W + T.AH[i][j] * dB.H)));
      }
    });
    if constexpr (T.uses_f(i)) f[i] = sde.drift(z, t + T.c[i] * h);
    if constexpr (T.uses_g(i)) g[i] = sde.diffusion(z, t + T.c[i] * h);
    if constexpr (T.b[i] != 0) next = next + (h * T.b[i]) * f[i];
    if constexpr (T.bW[i] != 0 || T.bH[i] != 0) {
      next = next + X(product(g[i], V(T.bW[i] * dB.W + T.bH[i] * dB.H)));
    }
    if constexpr (T.b_error[i] != 0) error = error + (h * T.b_error[i]) * f[i];
    if constexpr (T.bW_error[i] != 0 || T.bH_error[i] != 0) {
      error = error + X(product(g[i], V(T.bW_error[i] * dB.W + T.bH_error[i] * dB.H)));
    }
  });
  return {next, error};
}

}  // namespace stochflow
