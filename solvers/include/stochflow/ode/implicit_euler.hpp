#pragma once

// The implicit Euler method, x' = x + h f(x', t + h): order 1, damps whatever is stiff. Odeint's
// own is tied to uBLAS matrices, which do not compile as C++20 before Boost 1.80, and iterates with
// the first Jacobian, without end where that diverges; here Newton's method of implicit/newton.hpp
// solves the equation or says that it cannot. The field must be generic in its number type:
// field(const auto& x, double t). Not for tensors.

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include "stochflow/implicit/newton.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow {

namespace detail {

template <class Field>
struct ImplicitEulerStepper {
  const Field& field;

  template <class System, class X>
  Status do_step(const System& system, const X& x, double t, X& out, double h) const {
    const FieldAt<System, X> f{system, field, t + h};
    Attempt<X> attempt = solve_implicit(f, x, h, x);
    out = std::move(attempt.x);
    return attempt.status;
  }

 private:
  /// The counted system for values, the field itself for dual numbers.
  template <class System, class X>
  struct FieldAt {
    const System& system;
    const Field& field;
    double t;

    template <class Y>
    Y operator()(const Y& x) const {
      if constexpr (std::is_same_v<Y, X>) {
        Y dxdt = x;
        system(x, dxdt, t);
        return dxdt;
      } else {
        return field(x, t);
      }
    }
  };
};

}  // namespace detail

/// In the solution, `evaluations` counts the field in double, not the Jacobian's dual passes. A
/// step that Newton's method cannot solve ends the integration as newton_failed.
struct ImplicitEuler {
  static constexpr std::string_view name = "implicit-euler";
  std::int64_t n = 100;  // equal steps

  template <class X, class Field>
  auto make(const Field& field, double /*t0*/, double /*t1*/) const {
    return detail::ImplicitEulerStepper<Field>{field};
  }
};

}  // namespace stochflow
