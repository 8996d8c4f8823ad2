#pragma once

// The exact transition of a Cox-Ingersoll-Ross process: X_{t+h} given X_t = x is c times a
// non-central chi-square variable with d = 4 kappa theta / sigma^2 degrees of freedom and
// non-centrality x e^{-kappa h} / c, c = sigma^2 (1 - e^{-kappa h}) / (4 kappa). No error at any h:
// the reference for every scheme, and the method of choice when only a few times are needed. It
// does not follow a given Brownian path; QuadraticExponential does. Source: Cox, Ingersoll and Ross
// 1985, eq. (18).

#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>

#include "stochflow/models/cir.hpp"
#include "stochflow/models/noncentral_chi_square.hpp"

namespace stochflow {

/// The scaled law of X_{t+h}: X_{t+h} / scale is non-central chi-square (degrees, noncentrality).
struct CirTransition {
  double scale, degrees, noncentrality;

  CirTransition(const CoxIngersollRoss& cir, double x, double h) {
    if (!(cir.kappa > 0 && cir.theta > 0 && cir.sigma > 0 && h > 0 && x >= 0)) {
      std::ostringstream text;
      text << "CirTransition: expected kappa, theta, sigma, h > 0 and x >= 0, found kappa = "
           << cir.kappa << ", theta = " << cir.theta << ", sigma = " << cir.sigma << ", h = " << h
           << ", x = " << x;
      throw std::invalid_argument(text.str());
    }
    const double s2 = cir.sigma * cir.sigma;
    scale = -s2 * std::expm1(-cir.kappa * h) / (4 * cir.kappa);
    degrees = 4 * cir.kappa * cir.theta / s2;
    noncentrality = x * std::exp(-cir.kappa * h) / scale;
  }
};

/// X_{t+h} from X_t = x, exactly in law; draw `index` of `trajectory` of the stream
/// RandomStream(seed, Purpose::exact_integral) or another that nothing else reads.
inline double cir_exact_step(const CoxIngersollRoss& cir,
                             double x,
                             double h,
                             const RandomStream& stream,
                             std::uint64_t trajectory,
                             std::uint64_t index) {
  const CirTransition law(cir, x, h);
  DrawBits bits(stream, trajectory, index);
  return law.scale * noncentral_chi_square(law.degrees, law.noncentrality, bits);
}

}  // namespace stochflow
