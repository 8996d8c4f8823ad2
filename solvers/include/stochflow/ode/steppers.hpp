#pragma once

// Boost.Odeint's Runge-Kutta steppers, named as values with their options. Pass one to solve_ode.
//
//   Dopri5                 5(4) Dormand-Prince: the default
//   CashKarp54             5(4) Cash-Karp
//   Fehlberg78             8(7): for tolerances below about 1e-8
//   Rk4                    classical, n fixed steps
//   ExplicitEuler          order 1, n fixed steps
//   ModifiedMidpoint       order 2, n fixed steps of so many parts
// and in headers of their own:
//   AdamsBashforth<k>, AdamsBashforthMoulton<k>, AdaptiveAdams  multistep.hpp
//   Extrapolation<k>, BulirschStoer                             extrapolation.hpp
//   Rosenbrock4, ImplicitEuler                                  rosenbrock.hpp, implicit_euler.hpp
//   VelocityVerlet, SymplecticEuler, McLachlan, McLachlanM4     second_order.hpp
// A tag with fixed steps has a member `n`, one with adaptive steps `rtol` and `atol`: tolerances
// bound the estimated local error of every component by atol + rtol |x|.

#include <array>
#include <boost/numeric/odeint/stepper/controlled_runge_kutta.hpp>
#include <boost/numeric/odeint/stepper/euler.hpp>
#include <boost/numeric/odeint/stepper/generation/make_controlled.hpp>
#include <boost/numeric/odeint/stepper/modified_midpoint.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta4.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_cash_karp54.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>
#include <cstdint>
#include <string_view>

#include "stochflow/ode/algebra.hpp"
#include "stochflow/ode/explicit_pairs.hpp"

namespace stochflow {

namespace detail {

template <class X, template <class, class, class, class, class, class, class> class Stepper>
using OdeintStepper = Stepper<X,
                              double,
                              X,
                              double,
                              OdeintAlgebra<X>,
                              boost::numeric::odeint::default_operations,
                              boost::numeric::odeint::initially_resizer>;

template <class Stepper>
auto controlled(double atol, double rtol) {
  using Checker = boost::numeric::odeint::default_error_checker<double,
                                                                typename Stepper::algebra_type,
                                                                typename Stepper::operations_type>;
  return boost::numeric::odeint::controlled_runge_kutta<Stepper, Checker>(Checker(atol, rtol));
}

}  // namespace detail

/// Through solve_ode by odeint; through solve_ode_lanes by the coefficients of explicit_pairs.hpp.
struct Dopri5 {
  static constexpr std::string_view name = "dopri5";
  static constexpr const auto& pair = dormand_prince_54;
  static constexpr bool interpolates = true;
  static constexpr std::array<double, 7> weights(double theta) {
    return dormand_prince_weights(theta);
  }
  double rtol = 1e-6;
  double atol = 1e-6;

  template <class X>
  using stepper = detail::OdeintStepper<X, boost::numeric::odeint::runge_kutta_dopri5>;
  template <class X>
  auto make() const {
    return detail::controlled<stepper<X>>(atol, rtol);
  }
};

struct CashKarp54 {
  static constexpr std::string_view name = "cash-karp54";
  double rtol = 1e-6;
  double atol = 1e-6;

  template <class X>
  using stepper = detail::OdeintStepper<X, boost::numeric::odeint::runge_kutta_cash_karp54>;
  template <class X>
  auto make() const {
    return detail::controlled<stepper<X>>(atol, rtol);
  }
};

struct Fehlberg78 {
  static constexpr std::string_view name = "fehlberg78";
  double rtol = 1e-6;
  double atol = 1e-6;

  template <class X>
  using stepper = detail::OdeintStepper<X, boost::numeric::odeint::runge_kutta_fehlberg78>;
  template <class X>
  auto make() const {
    return detail::controlled<stepper<X>>(atol, rtol);
  }
};

struct Rk4 {
  static constexpr std::string_view name = "rk4";
  std::int64_t n = 100;  // equal steps

  template <class X>
  using stepper = detail::OdeintStepper<X, boost::numeric::odeint::runge_kutta4>;
  template <class X>
  auto make() const {
    return stepper<X>();
  }
};

struct ExplicitEuler {
  static constexpr std::string_view name = "euler";
  std::int64_t n = 1000;

  template <class X>
  auto make() const {
    return detail::OdeintStepper<X, boost::numeric::odeint::euler>();
  }
};

/// Gragg's: each of the n steps is `parts` leaps of the midpoint rule, parts >= 2.
struct ModifiedMidpoint {
  static constexpr std::string_view name = "modified-midpoint";
  std::int64_t n = 100;
  unsigned short parts = 2;

  template <class X>
  auto make() const {
    return detail::OdeintStepper<X, boost::numeric::odeint::modified_midpoint>(parts);
  }
};

}  // namespace stochflow
