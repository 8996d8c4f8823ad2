#pragma once

// The price of a European call under Heston's model in closed form, up to one integral: the
// yardstick for estimators of option prices. Source: Lewis 2001 (the integral), Albrecher, Mayer,
// Schoutens and Tistaert 2007 (the branch of the characteristic function that stays continuous).

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>
#include <sstream>
#include <stdexcept>

#include "stochflow/models/heston.hpp"

namespace stochflow {

/// E[exp(i u ln(S_t/F))], F = S_0 exp(r t) the forward price; u may be complex.
inline std::complex<double> heston_characteristic(const Heston& model,
                                                  std::complex<double> u,
                                                  double v0,
                                                  double t) {
  using Complex = std::complex<double>;
  const Complex iu = Complex(0, 1) * u;
  const double xi2 = model.xi * model.xi;
  const Complex b = model.kappa - model.rho * model.xi * iu;
  const Complex d = std::sqrt(b * b + xi2 * (iu + u * u));
  const Complex g = (b - d) / (b + d), e = std::exp(-d * t);
  const Complex long_run =
      (model.kappa * model.theta / xi2) * ((b - d) * t - 2.0 * std::log((1.0 - g * e) / (1.0 - g)));
  return std::exp(long_run + (v0 / xi2) * (b - d) * (1.0 - e) / (1.0 - g * e));
}

/// The value today of max(S_t - strike, 0), S_0 = s0, v_0 = v0, discounted at r. Accurate to about
/// 1e-9 of s0. Throws std::invalid_argument for numbers that are not positive.
inline double heston_call(const Heston& model, double s0, double v0, double strike, double t) {
  if (!(s0 > 0 && v0 > 0 && strike > 0 && t > 0 && model.xi > 0)) {
    std::ostringstream text;
    text << "heston_call: expected positive price, variance, strike, time and xi, found " << s0
         << ", " << v0 << ", " << strike << ", " << t << " and " << model.xi;
    throw std::invalid_argument(text.str());
  }
  const double moneyness = std::log(s0 / strike) + model.r * t;
  const auto integrand = [&](double u) {
    const std::complex<double> phi =
        heston_characteristic(model, std::complex<double>(u, -0.5), v0, t);
    return (std::exp(std::complex<double>(0, u * moneyness)) * phi).real() / (u * u + 0.25);
  };
  const double integral = boost::math::quadrature::gauss_kronrod<double, 31>::integrate(
      integrand, 0.0, std::numeric_limits<double>::infinity(), 12, 1e-10);
  return s0 - std::sqrt(s0 * strike) * std::exp(-0.5 * model.r * t) / std::numbers::pi * integral;
}

}  // namespace stochflow
