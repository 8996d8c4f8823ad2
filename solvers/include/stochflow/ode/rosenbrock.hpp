#pragma once

// Stiff systems on Eigen arrays: Boost.Odeint's rosenbrock4 (L-stable, order 4 with an embedded
// order 3), with odeint's coefficients, one of them corrected, on Eigen's LU. Odeint's own stepper
// is tied to uBLAS, which does not compile as C++20 before Boost 1.80; and it asks for a Jacobian,
// which here comes from dual numbers. The field must therefore be generic in its number type:
// field(const auto& x, double t). Not for tensors. Source: Hairer and Wanner, Solving ODEs II,
// section IV.7 (RODAS), in transformed variables.

#include <Eigen/LU>
#include <algorithm>
#include <boost/numeric/odeint/stepper/controlled_step_result.hpp>
#include <boost/numeric/odeint/stepper/rosenbrock4.hpp>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "stochflow/dual.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow {

struct Rosenbrock4 {
  static constexpr std::string_view name = "rosenbrock4";
  double rtol = 1e-6;
  double atol = 1e-6;
};

namespace detail {

template <class Field, class X>
class RosenbrockStepper {
  static constexpr int N = X::RowsAtCompileTime;
  using Jacobian = Eigen::Matrix<double, N, N>;

 public:
  RosenbrockStepper(const Field& field, const Rosenbrock4& tag, double t0, double t1)
      : field_(field), tag_(tag), t0_(t0), t1_(t1) {}

  template <class System>
  auto try_step(const System& system, X& x, double& t, double& h) {
    const auto f = [&](const X& at, double s) {
      X dxdt(at.size());
      system(at, dxdt, s);
      return dxdt;
    };
    const X f0 = f(x, t);
    const auto [J, f_t] = derivatives(x, t);
    const Jacobian shifted = Jacobian::Identity(x.size(), x.size()) / (c_.gamma * h) - J;
    const Eigen::PartialPivLU<Jacobian> lu(shifted);
    const auto solved = [&](const X& b) { return X(lu.solve(b.matrix()).array()); };

    const X g1 = solved(f0 + h * c_.d1 * f_t);
    const X f2 = f(x + c_.a21 * g1, t + c_.c2 * h);
    const X g2 = solved(f2 + h * c_.d2 * f_t + (c_.c21 * g1) / h);
    const X f3 = f(x + c_.a31 * g1 + c_.a32 * g2, t + c_.c3 * h);
    const X g3 = solved(f3 + h * c_.d3 * f_t + (c_.c31 * g1 + c_.c32 * g2) / h);
    const X f4 = f(x + c_.a41 * g1 + c_.a42 * g2 + c_.a43 * g3, t + c_.c4 * h);
    const X g4 = solved(f4 + h * d4 * f_t + (c_.c41 * g1 + c_.c42 * g2 + c_.c43 * g3) / h);
    const X x5 = x + c_.a51 * g1 + c_.a52 * g2 + c_.a53 * g3 + c_.a54 * g4;
    const X g5 = solved(f(x5, t + h) + (c_.c51 * g1 + c_.c52 * g2 + c_.c53 * g3 + c_.c54 * g4) / h);
    const X x6 = x5 + g5;
    const X error = solved(
        f(x6, t + h) + (c_.c61 * g1 + c_.c62 * g2 + c_.c63 * g3 + c_.c64 * g4 + c_.c65 * g5) / h);
    const X x_new = x6 + error;

    const X scale = tag_.atol + tag_.rtol * x.abs().max(x_new.abs());
    const double e = std::sqrt((error / scale).square().mean());
    const double divisor =
        std::isfinite(e) ? std::clamp(std::pow(e, 0.25) / 0.9, 1.0 / 6, 5.0) : 5.0;
    if (!(e <= 1)) {
      h /= divisor;
      return boost::numeric::odeint::fail;
    }
    t += h;
    x = x_new;
    h /= divisor;
    return boost::numeric::odeint::success;
  }

 private:
  /// d field/dx by dual numbers and d field/dt by a difference that stays inside the interval.
  std::pair<Jacobian, X> derivatives(const X& x, double t) const {
    Jacobian J(x.size(), x.size());
    Vector<Dual, N> seeded = x.template cast<Dual>();
    for (Eigen::Index j = 0; j < x.size(); ++j) {
      seeded[j].derivative = 1;
      const Vector<Dual, N> column = field_(seeded, t);
      for (Eigen::Index i = 0; i < x.size(); ++i) J(i, j) = column[i].derivative;
      seeded[j].derivative = 0;
    }
    const double eps = std::sqrt(std::numeric_limits<double>::epsilon()) * (t1_ - t0_);
    const double other = std::abs(t1_ - t) > std::abs(eps) ? t + eps : t - eps;
    const X then = field_(x, other), now = field_(x, t);
    return {J, X((then - now) / (other - t))};
  }

  const Field& field_;
  Rosenbrock4 tag_;
  double t0_, t1_;
  boost::numeric::odeint::default_rosenbrock_coefficients<double> c_;
  // Hairer and Wanner's RODAS has this sign; odeint (checked up to Boost 1.74) has the other, which
  // leaves order 1 for fields that depend on time.
  static constexpr double d4 = -0.03620000000000023;
};

}  // namespace detail

/// Stiff integration; `evaluations` counts the field in double, not the Jacobian's dual passes.
template <class Field, class X, class Observer = NoObserver>
OdeSolution<X> solve_ode(const Field& field,
                         const Rosenbrock4& tag,
                         const X& x0,
                         double t0,
                         double t1,
                         const OdeOptions& options = {},
                         Observer&& observer = {}) {
  return integrate_controlled(field,
                              detail::RosenbrockStepper<Field, X>(field, tag, t0, t1),
                              x0,
                              t0,
                              t1,
                              options,
                              std::forward<Observer>(observer));
}

}  // namespace stochflow
