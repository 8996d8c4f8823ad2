#pragma once

// Alfonsi's drift-implicit square-root scheme for Cox-Ingersoll-Ross processes: backward Euler for
// y = sqrt(x), whose noise is additive,
//
//   (1 + kappa h/2) y'^2 - (y + sigma W/2) y' - (kappa theta/2 - sigma^2/8) h = 0,   x' = y'^2
//
// of which the positive root is taken. Positive for 4 kappa theta > sigma^2, which it needs, and it
// follows the Brownian path: strong order 1 for 2 kappa theta > 3 sigma^2, falling to 1/2 and less
// towards sigma^2 = 2 kappa theta and beyond. Expectations, or other parameters:
// QuadraticExponential.
// Source: Alfonsi, Monte Carlo Methods Appl. 11 (2005), section 3; orders: Alfonsi, Statist.
// Probab. Lett. 83 (2013), and Dereich, Neuenkirch and Szpruch, Proc. R. Soc. A 468 (2012).

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {

struct CirImplicit {
  static constexpr MethodFacts facts{.name = "CirImplicit",
                                     .reference = "Alfonsi 2005, section 3",
                                     .solves_ito = true,
                                     .strong = {.diagonal = 1},
                                     .weak = {.diagonal = 1},
                                     .drift_evaluations = 0,
                                     .diffusion_evaluations = 0};

  /// For CoxIngersollRoss, or a type with its members; arrays are independent copies.
  template <class P, class X>
  requires requires(const P& p) { p.kappa, p.theta, p.sigma; }
  X step(const P& cir, const X& x, double, double h, const Increment<X>& dB) const {
    using std::sqrt;
    const double constant = 0.5 * cir.kappa * cir.theta - 0.125 * cir.sigma * cir.sigma;
    if (!(constant > 0) || !(cir.kappa > 0)) {
      std::ostringstream text;
      text << "CirImplicit: expected kappa > 0 and 4 kappa theta > sigma^2, found kappa = "
           << cir.kappa << ", theta = " << cir.theta << ", sigma = " << cir.sigma
           << ": take QuadraticExponential";
      throw std::invalid_argument(text.str());
    }
    const double quadratic = 1 + 0.5 * cir.kappa * h;
    const X linear = sqrt(positive_part(x)) + 0.5 * cir.sigma * dB.W;
    const X root = sqrt(X(linear * linear + 4 * quadratic * constant * h));
    const X y = (linear + root) * (0.5 / quadratic);
    return y * y;
  }
};

}  // namespace stochflow
