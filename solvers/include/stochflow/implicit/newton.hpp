#pragma once

// Newton's method for one implicit stage: x = a + c f(x), where a and c are known. Jacobians come
// from dual numbers, one pass of the field a component, or from the field's own member
// `jacobian(x)`; a state of one number needs no matrix. For a few hundred components at most: the
// factorisation is dense. Stabilised explicit methods (SkRock) take larger systems.
//
// Convergence: the last correction is at most 1e-9 of |x| in the maximum norm (it is still applied,
// and Newton squares it), or the residual is within rounding of zero. A correction that does not
// make the residual smaller is halved up to ten times; where no fraction helps, a correction of at
// most 1e-6 of |x| is taken for the rounding of a very stiff field, and the stage ends there. After
// a hundred iterations, or when a Jacobian is singular or a residual not finite, the stage ends as
// newton_failed and x is not a number.
//
// With a one-sided Lipschitz field, <f(x) - f(y), x - y> <= L |x - y|^2, the solution exists and is
// unique for c L < 1; above that bound Newton may find another root than the one meant.

#include <Eigen/LU>
#include <cmath>
#include <limits>
#include <type_traits>

#include "stochflow/derivative.hpp"
#include "stochflow/state.hpp"
#include "stochflow/status.hpp"

namespace stochflow {

/// What an implicit step arrives at: the state, and ok or newton_failed (then x is not a number).
template <class X>
struct Attempt {
  X x;
  Status status = Status::ok;
};

namespace detail {

template <class X>
double max_norm(const X& x) {
  if constexpr (std::is_arithmetic_v<X>) {
    return std::abs(x);
  } else {
    return x.size() == 0 ? 0 : x.abs().maxCoeff();
  }
}

/// Df(x): a number, or a matrix [N, N].
template <class F, class X>
auto jacobian(const F& f, const X& x) {
  if constexpr (requires { f.jacobian(x); }) {
    return plain(f.jacobian(x));
  } else if constexpr (std::is_arithmetic_v<X>) {
    return double(derivative_part(plain(f(Dual(x, 1)))));
  } else {
    constexpr int N = X::RowsAtCompileTime;
    Matrix<double, N> J(x.size(), x.size());
    Vector<Dual, N> seeded = x.template cast<Dual>();
    for (Eigen::Index j = 0; j < x.size(); ++j) {
      seeded[j].derivative = 1;
      const Vector<Dual, N> column(f(seeded));
      for (Eigen::Index i = 0; i < x.size(); ++i) J(i, j) = column[i].derivative;
      seeded[j].derivative = 0;
    }
    return J;
  }
}

/// (I - c J)^-1 b
template <class J, class X>
X solve_shifted(const J& jacobian, double c, const X& b) {
  if constexpr (std::is_arithmetic_v<X>) {
    return b / (1 - c * jacobian);
  } else {
    const J shifted = J::Identity(b.size(), b.size()) - c * jacobian;
    return X(Eigen::PartialPivLU<J>(shifted).solve(b.matrix()).array());
  }
}

template <class X>
X not_a_number(const X& like) {
  return X(like * std::numeric_limits<double>::quiet_NaN());
}

/// A problem's drift, or a part of it, at a fixed time: the field of an implicit stage.
template <class P>
struct DriftAt {
  const P& sde;
  double t;

  template <class Y>
  auto operator()(const Y& x) const {
    return sde.drift(x, t);
  }
  template <class X>
  requires requires(const P& p, const X& x) { p.drift_jacobian(x, 0.0); }
  auto jacobian(const X& x) const { return sde.drift_jacobian(x, t); }
};

/// Whether implicit methods can differentiate the drift of P at a state X.
template <class P, class X>
concept DifferentiableDrift = requires(const P& p, const X& x) {
  p.drift_jacobian(x, 0.0);
}
|| ((std::is_arithmetic_v<X> || EigenExpression<X>)&&requires(const P& p, const DualState<X>& x) {
  p.drift(x, 0.0);
});

template <class P, class X>
DriftAt<P> implicit_drift_at(const P& sde, double t) {
  static_assert(DifferentiableDrift<P, X>,
                "An implicit method needs the Jacobian of the drift: write the drift generic in "
                "its number type (const auto& x) so that dual numbers can pass through it, or give "
                "the problem a member drift_jacobian(x, t), or take an explicit method such as "
                "TamedEuler.");
  return {sde, t};
}

}  // namespace detail

/// Solves x = a + c f(x) from `guess`. f takes and returns a state, and, without a member
/// `jacobian(x)`, the same over dual numbers.
template <class F, class X>
Attempt<X> solve_implicit(const F& f, const X& a, double c, const X& guess) {
  constexpr double tolerance = 1e-9, attainable = 1e-6;
  constexpr double rounding = 4 * std::numeric_limits<double>::epsilon();
  constexpr int max_iterations = 100, max_halvings = 10;
  const auto residual = [&](const X& x) -> X { return a + c * X(f(x)) - x; };
  const auto size_of = [](const X& r) {
    return StateTraits<X>::all_finite(r) ? detail::max_norm(r)
                                         : std::numeric_limits<double>::infinity();
  };
  const Attempt<X> failed{detail::not_a_number(a), Status::newton_failed};

  X x = guess;
  X r = residual(x);
  double size = size_of(r);
  for (int iteration = 0; iteration < max_iterations && std::isfinite(size); ++iteration) {
    const double length = detail::max_norm(x);
    if (size <= rounding * (length + detail::max_norm(a))) return {x};
    const X dx = detail::solve_shifted(detail::jacobian(f, x), c, r);
    if (!StateTraits<X>::all_finite(dx)) return failed;
    const double correction = detail::max_norm(dx);
    if (correction <= tolerance * length) return {X(x + dx)};
    double fraction = 1;
    for (int halvings = 0;; ++halvings, fraction /= 2) {
      if (halvings > max_halvings) {
        return correction <= attainable * length ? Attempt<X>{x} : failed;
      }
      const X next = x + fraction * dx;
      const X r_next = residual(next);
      const double size_next = size_of(r_next);
      if (size_next < size) {
        x = next;
        r = r_next;
        size = size_next;
        break;
      }
    }
  }
  return failed;
}

}  // namespace stochflow
