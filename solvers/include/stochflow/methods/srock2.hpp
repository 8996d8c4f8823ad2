#pragma once

// S-ROCK2: weak order 2 for any Ito noise by a stabilised explicit method. s + 1 evaluations of the
// drift bear steps up to 0.52 s^2 over the spectral radius of its Jacobian.
//
//   K_0, ..., K_s  by the recurrence of second_order_stages.hpp, c_{s-1} = 1/2;   g = g(K_s)
//   K* = K_{s-2} + 2 tau h f(K_{s-2}) + sum_r g^r I_r
//   x' = K_{s-2} + (2 sigma - 1/2) h f(K_{s-2}) + h/2 f(K*)
//      + 1/2 sum_r [g^r(K_{s-1} + D) + g^r(K_{s-1} - D)] I_r,      D = sqrt(h/2) sum_q g^q e_q
//      + 1/2 sum_r [g^r(K_s + E^r) - g^r(K_s - E^r)],              E^r = sum_q g^q I_rq
//
// with three-point variables I, signs e and I_rq made of them (weak/columns.hpp). Every stage is
// evaluated at its own time.
//
// For expectations of large stiff systems with real spectrum; for paths or order 1: SkRock; where
// nothing is stiff: W2Ito2, with four evaluations. Noise on the drift's own modes, such as one
// noise for a whole field, is damped in mean square up to mu^2 = 1.9 |lambda| (of 2 |lambda|, where
// the equation itself stops being stable). Noise that is rough where the drift smooths, such as one
// for each point of a grid, leaves h/2 Df g I behind in every step, up to h rho/2 times its own
// size, which does not grow from step to step: take SkRock. The stages come from the stiffness at
// x, as SkRock's do, or fix `stages` by hand (4 to 1000); where more are needed the solver reports
// not_finite.
// Source: Abdulle, Vilmart and Zygalakis, SIAM J. Sci. Comput. 35 (2013), A1792-A1814, with
// polynomials of our own.

#include <stdexcept>
#include <string>

#include "stochflow/facts.hpp"
#include "stochflow/methods/stiff/second_order_stages.hpp"
#include "stochflow/methods/stiff/spectral_radius.hpp"
#include "stochflow/methods/weak/columns.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/root.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct SRock2 {
  int stages = 0;  // 0: from the spectral radius of the drift's Jacobian

  static constexpr MethodFacts facts{
      .name = "SRock2",
      .reference = "Abdulle, Vilmart and Zygalakis 2013",
      .solves_ito = true,
      .strong = {},
      .weak = {.additive = 2, .scalar = 2, .diagonal = 2, .commutative = 2, .general = 2},
      .drift_evaluations = 5,
      .diffusion_evaluations = 5,
      .needs = NoiseInput::three_point,
      .stages_by_state = true};

  /// The recurrence of the last step, which is that of the next one unless the stages change.
  struct Memory {
    detail::SecondOrderStages recurrence;
    template <class Visit>
    void each(const Visit&) {}  // follows from the stages: nothing to write down
  };

  template <class P, class X>
  Memory start(const P&, const X&, double) const {
    return {};
  }

  template <class P, class X, class V>
  X step(const P& sde,
         const X& x,
         double t,
         double h,
         const ThreePointIncrement<V>& dB,
         Memory& memory) const {
    const int s = count(sde, x, t, h);
    if (s > detail::SecondOrderStages::most) return detail::not_a_number(x);
    if (s != memory.recurrence.count()) memory.recurrence = detail::SecondOrderStages(s);
    return along(memory.recurrence, sde, x, t, h, dB);
  }
  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const ThreePointIncrement<V>& dB) const {
    Memory memory;
    return step(sde, x, t, h, dB, memory);
  }

 private:
  template <class P, class X>
  int count(const P& sde, const X& x, double t, double h) const {
    using Stages = detail::SecondOrderStages;
    if (stages == 0) {
      return Stages::stages_for(h * detail::spectral_radius(facts.name, sde, x, t));
    }
    if (stages < Stages::fewest || stages > Stages::most) {
      throw std::invalid_argument("SRock2: stages = " + std::to_string(stages) +
                                  ", but must be 4 to 1000, or 0 to choose them by the stiffness");
    }
    return stages;
  }

  template <class P, class X, class V>
  static X along(const detail::SecondOrderStages& recurrence,
                 const P& sde,
                 const X& x,
                 double t,
                 double h,
                 const ThreePointIncrement<V>& dB) {
    const auto s = static_cast<std::size_t>(recurrence.count());
    X before = x, K = x;       // K_{j-1}, K_j
    X early = x, f_early = x;  // K_{s-2} and its drift
    for (std::size_t j = 0; j < s; ++j) {
      const auto& [mu, nu, kappa, c] = recurrence[j];
      const X f = sde.drift(K, t + c * h);
      if (j == s - 2) early = K, f_early = f;
      const X next = (mu * h) * f + nu * K + kappa * before;
      before = K, K = next;
    }
    const X &middle = before, &late = K;  // K_{s-1}, K_s
    const double t_late = t + recurrence.end() * h;

    const auto g = detail::plain(sde.diffusion(late, t_late));
    const double tau = recurrence.tau(), two_sigma = recurrence.two_sigma();
    const X star = early + (2 * tau * h) * f_early + X(product(g, dB.W));
    const X f_star = sde.drift(star, t + (1 - two_sigma + 2 * tau) * h);
    return early + ((two_sigma - 0.5) * h) * f_early + (0.5 * h) * f_star +
           linear_noise(sde, middle, t + 0.5 * h, g, h, dB) +
           double_integrals(sde, late, t_late, g, h, dB);
  }

  template <class P, class X, class G, class V>
  static X linear_noise(
      const P& sde, const X& K, double t, const G& g, double h, const ThreePointIncrement<V>& dB) {
    const auto at = [&](const X& y) {
      return X(product(detail::plain(sde.diffusion(y, t)), dB.W));
    };
    if constexpr (P::noise == Noise::additive) {
      return at(K);
    } else {
      const X D = product(g, V(detail::root(0.5 * h) * dB.e));
      return 0.5 * (at(X(K + D)) + at(X(K - D)));
    }
  }

  template <class P, class X, class G, class V>
  static X double_integrals(
      const P& sde, const X& K, double t, const G& g, double h, const ThreePointIncrement<V>& dB) {
    const V& I = dB.W;
    const V own = 0.5 * (I * I - h);  // I_rr
    if constexpr (P::noise == Noise::additive) {
      return 0.0 * K;
    } else if constexpr (weak::has_columns<P, X>()) {
      X sum = 0.0 * K;
      for (Eigen::Index r = 0; r < I.size(); ++r) {
        V weights = weak::mixed_integrals(I, dB.e, h, r);
        weights[r] = own[r];
        const X E = product(g, weights);
        sum = sum + 0.5 * (weak::diffusion_column(sde, X(K + E), t, r) -
                           weak::diffusion_column(sde, X(K - E), t, r));
      }
      return sum;
    } else {
      const X E = product(g, own);
      const V one = 0.0 * I + 1.0;
      const auto at = [&](const X& y) {
        return X(product(detail::plain(sde.diffusion(y, t)), one));
      };
      return 0.5 * (at(X(K + E)) - at(X(K - E)));
    }
  }
};

}  // namespace stochflow
