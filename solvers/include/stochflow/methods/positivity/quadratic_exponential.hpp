#pragma once

// Andersen's quadratic-exponential scheme (QE): a step of a Cox-Ingersoll-Ross process, or of
// Heston's model, that cannot become negative and has the exact mean and variance.
//
//   psi = Var/mean^2 of X_{t+h} given X_t,   Z = W/sqrt(h)
//   psi <= 3/2:  x' = a (b + Z)^2                                            (quadratic)
//   psi >  3/2:  x' = 0 where Phi(Z) <= p, else ln((1 - p)/(1 - Phi(Z)))/beta  (exponential)
//
// The method of choice for sigma^2 > 2 kappa theta, where the process touches zero, with steps as
// long as the answer allows; where the Brownian path itself matters and 4 kappa theta > sigma^2
// take CirImplicit, for no error at all cir_exact_step. In Heston's model log S follows by the
// central rule for int v ds, with Andersen's correction (where it exists) that makes e^{-rt} S a
// martingale exactly, also for coarse steps. For CoxIngersollRoss and Heston, or types with their
// members. Weak order 1: the claim covers expectations only. Source: Andersen, J. Comput. Finance
// 11 (2008), sections 3.2 and 4, propositions 5, 6 and 9.

#include <cmath>
#include <sstream>
#include <stdexcept>
#include <type_traits>

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

/// The law that QE puts in place of that of X_{t+h}: one of its two families.
struct QuadraticExponentialLaw {
  bool quadratic = true;
  double a = 0, b = 0;     // x' = a (b + Z)^2
  double p = 0, beta = 0;  // P(x' = 0) = p, else exponential with rate beta

  /// For a given mean > 0 and variance; the families meet at psi = 3/2.
  QuadraticExponentialLaw(double mean, double variance) {
    const double psi = variance / (mean * mean);
    quadratic = psi <= 1.5;
    if (quadratic) {
      const double u = 2 / psi;
      const double b2 = u - 1 + std::sqrt(u) * std::sqrt(u - 1);
      b = std::sqrt(b2);
      a = mean / (1 + b2);
    } else {
      p = (psi - 1) / (psi + 1);
      beta = (1 - p) / mean;
    }
  }

  /// x' for a standard normal Z.
  double at(double Z) const {
    if (quadratic) return a * (b + Z) * (b + Z);
    const double above = 0.5 * std::erfc(Z / std::sqrt(2.0));  // 1 - Phi(Z)
    return above >= 1 - p ? 0 : std::log((1 - p) / above) / beta;
  }

  /// ln E[e^{A x'}]; not a number where the expectation is infinite.
  double log_moment(double A) const {
    if (quadratic) {
      const double room = 1 - 2 * A * a;
      return room > 0 ? A * b * b * a / room - 0.5 * std::log(room) : std::nan("");
    }
    return A < beta ? std::log(p + beta * (1 - p) / (beta - A)) : std::nan("");
  }
};

struct QuadraticExponential {
  bool martingale_correction = true;  // Heston only

  static constexpr MethodFacts facts{.name = "QuadraticExponential",
                                     .reference = "Andersen 2008, sections 3.2 and 4",
                                     .solves_ito = true,
                                     .strong = {},
                                     .weak = {.diagonal = 1, .general = 1},
                                     .drift_evaluations = 0,
                                     .diffusion_evaluations = 0};

  /// Cox-Ingersoll-Ross; arrays are independent copies.
  template <class P, class X>
  requires requires(const P& p) { p.kappa, p.theta, p.sigma; }
  X step(const P& cir, const X& x, double, double h, const Increment<X>& dB) const {
    const double root_h = std::sqrt(h);
    if constexpr (std::is_arithmetic_v<X>) {
      return law(cir.kappa, cir.theta, cir.sigma, x, h).at(dB.W / root_h);
    } else {
      X next = x;
      for (Eigen::Index i = 0; i < x.size(); ++i) {
        next[i] = law(cir.kappa, cir.theta, cir.sigma, x[i], h).at(dB.W[i] / root_h);
      }
      return next;
    }
  }

  /// Heston: x = (log S, v).
  template <class P>
  requires requires(const P& p) { p.r, p.kappa, p.theta, p.xi, p.rho; }
  Vector<double, 2> step(const P& heston,
                         const Vector<double, 2>& x,
                         double,
                         double h,
                         const Increment<Vector<double, 2>>& dB) const {
    const double kappa = heston.kappa, theta = heston.theta, xi = heston.xi, rho = heston.rho;
    const double root_h = std::sqrt(h), rho_perp = std::sqrt((1 - rho) * (1 + rho));
    const double v = positive_part(x[1]);
    const auto variance = law(kappa, theta, xi, v, h);
    // The variance is driven by rho W1 + rho_perp W2, the rest of log S by what is orthogonal to
    // it.
    const double v_next = variance.at((rho * dB.W[0] + rho_perp * dB.W[1]) / root_h);
    const double Z = (rho_perp * dB.W[0] - rho * dB.W[1]) / root_h;
    const double drift = 0.5 * h * (kappa * rho / xi - 0.5);
    const double K1 = drift - rho / xi, K2 = drift + rho / xi;
    const double K3 = 0.5 * h * rho_perp * rho_perp;  // = K4
    double K0 = -rho * kappa * theta * h / xi;
    if (martingale_correction) {
      const double corrected = -variance.log_moment(K2 + 0.5 * K3) - (K1 + 0.5 * K3) * v;
      if (std::isfinite(corrected)) K0 = corrected;
    }
    const double log_s =
        x[0] + heston.r * h + K0 + K1 * v + K2 * v_next + std::sqrt(K3 * (v + v_next)) * Z;
    return {log_s, v_next};
  }

  /// The law of the next value from x >= 0 (a negative x counts as 0).
  static QuadraticExponentialLaw law(double kappa, double theta, double sigma, double x, double h) {
    if (!(kappa > 0 && theta > 0 && sigma > 0)) {
      std::ostringstream text;
      text << "QuadraticExponential: kappa, theta and the volatility of the variance must be "
              "positive, found "
           << kappa << ", " << theta << ", " << sigma;
      throw std::invalid_argument(text.str());
    }
    const double e = std::exp(-kappa * h), left = -std::expm1(-kappa * h), v = positive_part(x);
    const double s2 = sigma * sigma / kappa;
    return {theta * left + v * e, v * s2 * e * left + 0.5 * theta * s2 * left * left};
  }
};

}  // namespace stochflow
