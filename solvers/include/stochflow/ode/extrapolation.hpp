#pragma once

// Boost.Odeint's extrapolation of the midpoint rule (Gragg; Bulirsch and Stoer): any order, for
// smooth fields and tight tolerances.

#include <boost/numeric/odeint/stepper/bulirsch_stoer.hpp>
#include <boost/numeric/odeint/stepper/extrapolation_stepper.hpp>
#include <cstdint>
#include <string_view>

#include "stochflow/ode/algebra.hpp"

namespace stochflow {

namespace detail {

template <class X, unsigned short Order>
using OdeintExtrapolation =
    boost::numeric::odeint::extrapolation_stepper<Order,
                                                  X,
                                                  double,
                                                  X,
                                                  double,
                                                  OdeintAlgebra<X>,
                                                  boost::numeric::odeint::default_operations,
                                                  boost::numeric::odeint::initially_resizer>;

// Odeint compares works per step that are negative when time runs backwards, and then takes
// thousands of small steps (Boost 1.74). Here the equation is turned round instead.
template <class X>
class BulirschStoerStepper {
 public:
  BulirschStoerStepper(double atol, double rtol) : stepper_(atol, rtol, 1.0, 0.0) {}

  template <class System>
  auto try_step(const System& system, X& x, double& t, double& h) {
    if (h > 0) return stepper_.try_step(system, x, t, h);
    const auto turned = [&](const X& at, X& dxdt, double s) {
      system(at, dxdt, -s);
      dxdt = -1.0 * dxdt;
    };
    double s = -t, step = -h;
    const auto result = stepper_.try_step(turned, x, s, step);
    t = -s;
    h = -step;
    return result;
  }

 private:
  boost::numeric::odeint::bulirsch_stoer<X,
                                         double,
                                         X,
                                         double,
                                         OdeintAlgebra<X>,
                                         boost::numeric::odeint::default_operations>
      stepper_;
};

}  // namespace detail

/// Of an even order from 4 on, with n fixed steps.
template <unsigned short Order>
struct Extrapolation {
  static constexpr std::string_view name = "extrapolation";
  std::int64_t n = 100;

  template <class X>
  auto make() const {
    return detail::OdeintExtrapolation<X, Order>();
  }
};

/// Adaptive in step and order.
struct BulirschStoer {
  static constexpr std::string_view name = "bulirsch-stoer";
  double rtol = 1e-6;
  double atol = 1e-6;

  template <class X>
  auto make() const {
    return detail::BulirschStoerStepper<X>(atol, rtol);
  }
};

}  // namespace stochflow
