#pragma once

// Stiff systems on Eigen arrays, one at a time: the method of Boost.Odeint's rosenbrock4 (L-stable,
// order 4 with an embedded order 3) on Eigen's LU. Odeint's own stepper is tied to uBLAS, which
// does not compile as C++20 before Boost 1.80; it asks for a Jacobian, which here comes from dual
// numbers; and (checked up to Boost 1.74) one of its coefficients has the wrong sign, which leaves
// order 1 for fields that depend on time. The field must be generic in its number type:
// field(const auto& x, double t). Not for tensors; for many small systems take Rodas4 in lanes.

#include <Eigen/LU>
#include <algorithm>
#include <array>
#include <boost/numeric/odeint/stepper/controlled_step_result.hpp>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "stochflow/dual.hpp"
#include "stochflow/ode/rodas_pair.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow {

namespace detail {
template <class Field, class X>
class RosenbrockStepper;
}  // namespace detail

/// In the solution, `evaluations` counts the field in double, not the Jacobian's dual passes.
struct Rosenbrock4 {
  static constexpr std::string_view name = "rosenbrock4";
  double rtol = 1e-6;
  double atol = 1e-6;

  template <class X, class Field>
  auto make(const Field& field, double t0, double t1) const {
    return detail::RosenbrockStepper<Field, X>(field, *this, t0, t1);
  }
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
    const auto [J, f_t] = derivatives(x, t);
    const Jacobian shifted = Jacobian::Identity(x.size(), x.size()) / (rodas_pair.gamma * h) - J;
    const Eigen::PartialPivLU<Jacobian> lu(shifted);
    std::array<X, RosenbrockPair::stages> u;
    X at = x;
    for (std::size_t i = 0; i < u.size(); ++i) {
      at = x;
      X right = h * rodas_pair.d[i] * f_t;
      for (std::size_t j = 0; j < i; ++j) {
        at += rodas_pair.a[i][j] * u[j];
        right += rodas_pair.k[i][j] / h * u[j];
      }
      right += f(at, t + rodas_pair.c[i] * h);
      u[i] = lu.solve(right.matrix()).array();
    }
    const X& error = u.back();
    const X x_new = at + error;

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
};

}  // namespace detail

}  // namespace stochflow
