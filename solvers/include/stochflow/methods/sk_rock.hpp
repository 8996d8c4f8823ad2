#pragma once

// SK-ROCK: a stabilised explicit method. s stages, chosen from the stiffness, damp like the
// Chebyshev polynomial T_s: the step may grow like s^2 where Euler-Maruyama's grows like s.
//
//   K1 = x + mu1 h f(x + nu1 N, t) + kappa1 N,                  N = g(x, t) W
//   Ki = mu_i h f(K_{i-1}, t + c_{i-1} h) + nu_i K_{i-1} + kappa_i K_{i-2},   x' = K_s
//
// For large stiff systems with real spectrum (diffusion on a grid), where a Jacobian would not fit
// or its factorisation would cost too much; small systems: ThetaEuler. The stage times c_i follow
// the same recursion as the states, so that dt/dt = 1 is integrated exactly and equations that
// depend on time keep their order (with c_i = mu_i, as one published code has them, they do not).
// What is not resolved is held, not removed: it loses 5 % a step. And the stages are chosen for the
// stiffness at x: a drift that grows faster than linearly wants an implicit or tamed method.
//
// The number of stages comes from h rho, rho a bound of the spectral radius of Df
// (stiff/spectral_radius.hpp: the problem's own, or by dual numbers). Or fix `stages` by hand.
// Source: Abdulle, Almuslimani and Vilmart, SIAM/ASA J. Uncertain. Quantif. 6 (2018),
// with damping eta = 0.05.

#include <algorithm>
#include <cmath>

#include "stochflow/facts.hpp"
#include "stochflow/methods/stiff/spectral_radius.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SkRock {
  int stages = 0;  // 0: from the spectral radius of the drift's Jacobian

  static constexpr double eta = 0.05;
  static constexpr int max_stages = 100000;

  static constexpr MethodFacts facts{
      .name = "SkRock",
      .reference = "Abdulle, Almuslimani and Vilmart 2018",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 3,
      .diffusion_evaluations = 1,
      .stages_by_state = true};

  /// The stages that keep a step stable for h rho; more than max_stages: there are none.
  static int stages_for(double h_rho) {
    const double wanted = std::sqrt((h_rho + 1.5) / (2 - 4 * eta / 3)) + 1;
    return wanted < max_stages ? std::max(3, static_cast<int>(wanted)) : max_stages + 1;
  }

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const int s =
        stages > 0 ? stages : stages_for(h * detail::spectral_radius(facts.name, sde, x, t));
    if (s > max_stages) return detail::not_a_number(x);  // the solver reports not_finite
    const double w0 = 1 + eta / (static_cast<double>(s) * s);
    const double w1 = chebyshev_over_slope(s, w0);
    const X N = noise_term(sde, x, t, dB.W);
    const X start = x + (0.5 * s * w1) * N;
    X before = x, K = x + (h * w1 / w0) * X(sde.drift(start, t)) + (s * w1 / w0) * N;
    double c_before = 0, c = w1 / w0;
    double T_before = 1, T = w0;
    for (int i = 2; i <= s; ++i) {
      const double T_next = 2 * w0 * T - T_before;
      const double mu = 2 * w1 * T / T_next, nu = 2 * w0 * T / T_next, kappa = -T_before / T_next;
      const X next = (mu * h) * X(sde.drift(K, t + c * h)) + nu * K + kappa * before;
      const double c_next = mu + nu * c + kappa * c_before;
      before = K, K = next;
      c_before = c, c = c_next;
      T_before = T, T = T_next;
    }
    return K;
  }

 private:
  /// T_s(w) / T_s'(w)
  static double chebyshev_over_slope(int s, double w) {
    double T_before = 1, T = w, D_before = 0, D = 1;
    for (int i = 2; i <= s; ++i) {
      const double T_next = 2 * w * T - T_before, D_next = 2 * T + 2 * w * D - D_before;
      T_before = T, T = T_next;
      D_before = D, D = D_next;
    }
    return T / D;
  }
};

}  // namespace stochflow
