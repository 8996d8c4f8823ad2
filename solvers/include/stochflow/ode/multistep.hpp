#pragma once

// Boost.Odeint's multistep methods: one or two evaluations of the field a step, whatever the order.
// They start with a one-step method of the same order (odeint's own choice for
// Adams-Bashforth-Moulton, rk4, would hold it at order 5).

#include <algorithm>
#include <boost/numeric/odeint/stepper/adams_bashforth.hpp>
#include <boost/numeric/odeint/stepper/adams_bashforth_moulton.hpp>
#include <boost/numeric/odeint/stepper/adaptive_adams_bashforth_moulton.hpp>
#include <boost/numeric/odeint/stepper/controlled_adams_bashforth_moulton.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stochflow/ode/extrapolation.hpp"

namespace stochflow {

namespace detail {

/// Starting with the lowest even order from 4 on that is not below `Order`.
template <template <std::size_t, class, class, class, class, class, class, class, class> class S,
          class X,
          std::size_t Order>
using Multistep = S<Order,
                    X,
                    double,
                    X,
                    double,
                    OdeintAlgebra<X>,
                    boost::numeric::odeint::default_operations,
                    boost::numeric::odeint::initially_resizer,
                    OdeintExtrapolation<X, Order <= 4 ? 4 : Order + Order % 2>>;

// Odeint's own adjuster takes powers of the error component by component, which neither Eigen
// arrays nor tensors do, and knows no steps backwards.
template <class X>
struct AdamsStepAdjuster {
  double atol = 0, rtol = 0;

  static double threshold() { return 0.9; }  // a smaller ratio of steps is a rejection
  double adjust_stepsize(std::size_t order, double h, X& error, const X& x, const X& dxdt) {
    OdeintAlgebra<X> algebra;
    algebra.for_each3(
        error,
        x,
        dxdt,
        boost::numeric::odeint::default_operations::rel_error<double>(atol, rtol, 1.0, 0.0));
    const double e = algebra.norm_inf(error);
    return h * std::clamp(0.9 * std::pow(e, -1.0 / static_cast<double>(order + 1)), 0.2, 2.0);
  }
};

}  // namespace detail

/// Explicit, order `Order` from 1 to 8.
template <std::size_t Order>
struct AdamsBashforth {
  static constexpr std::string_view name = "adams-bashforth";
  std::int64_t n = 100;

  template <class X>
  auto make() const {
    return detail::Multistep<boost::numeric::odeint::adams_bashforth, X, Order>();
  }
};

/// Predicts by Adams-Bashforth and corrects once by Adams-Moulton; order `Order` from 1 to 8.
template <std::size_t Order>
struct AdamsBashforthMoulton {
  static constexpr std::string_view name = "adams-bashforth-moulton";
  std::int64_t n = 100;

  template <class X>
  auto make() const {
    return detail::Multistep<boost::numeric::odeint::adams_bashforth_moulton, X, Order>();
  }
};

/// Adams' methods with variable steps and orders up to 5.
struct AdaptiveAdams {
  static constexpr std::string_view name = "adaptive-adams";
  double rtol = 1e-6;
  double atol = 1e-6;

  template <class X>
  auto make() const {
    namespace odeint = boost::numeric::odeint;
    constexpr std::size_t order = 5;
    using Stepper = odeint::adaptive_adams_bashforth_moulton<order,
                                                             X,
                                                             double,
                                                             X,
                                                             double,
                                                             OdeintAlgebra<X>,
                                                             odeint::default_operations>;
    using Adjuster = detail::AdamsStepAdjuster<X>;
    using Orders = odeint::default_order_adjuster<order, X, double, OdeintAlgebra<X>>;
    return odeint::controlled_adams_bashforth_moulton<Stepper, Adjuster, Orders>(
        Adjuster{atol, rtol});
  }
};

}  // namespace stochflow
