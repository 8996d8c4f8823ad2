#pragma once

// From Itô's calculus to Stratonovich's and back: to_stratonovich(problem), to_ito(problem). The
// same process, written for a method of the other calculus:
//
//   f_Stratonovich = f_Ito - 1/2 sum_j Dg^j g^j,   g^j the columns of the diffusion
//
// The derivative is exact, from the problem's diffusion_derivative where it has one and otherwise
// from dual numbers, for which the diffusion must be generic in its number type (const auto& x). A
// problem that is already of the calculus asked for comes back as it is; a problem that was
// converted comes back unwrapped. With additive noise the two calculi are one and nothing is added.
//
// The new drift contains a derivative and takes no dual numbers itself: for methods that
// differentiate the drift (the implicit ones) write the converted equation by hand.
// Source: Kloeden and Platen 1992, eqs. (4.9.11), (4.9.12).

#include <concepts>
#include <type_traits>

#include "stochflow/derivative.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {
namespace detail {

/// sum_j Dg^j g^j; for diagonal and scalar noise Dg g.
template <class P, class X>
X noise_drift(const P& problem, const X& x, double t) {
  if constexpr (requires { problem.diffusion_derivative(x, t); }) {
    return shaped_like(x, problem.diffusion_derivative(x, t)) *
           shaped_like(x, problem.diffusion(x, t));
  } else {
    static_assert(DualDiffusion<P, X>,
                  "Converting between Ito and Stratonovich needs the derivative of the diffusion: "
                  "give the problem a member diffusion_derivative(x, t), or write the diffusion "
                  "generic in its number type (const auto& x) so that dual numbers can pass "
                  "through it.");
    const auto g = plain(problem.diffusion(x, t));
    if constexpr (MatrixExpression<decltype(g)>) {
      X sum = X::Zero(x.size());
      for (Eigen::Index j = 0; j < g.cols(); ++j) {
        const X g_j = g.col(j).array();
        sum += diffusion_derivative_along(problem, x, t, g_j).col(j).array();
      }
      return sum;
    } else {
      return shaped_like(x, diffusion_derivative_along(problem, x, t, shaped_like(x, g)));
    }
  }
}

template <class X>
struct HoldsDuals : std::bool_constant<is_dual<X>> {};
template <class X>
requires requires { typename X::Scalar; }
struct HoldsDuals<X> : std::bool_constant<is_dual<typename X::Scalar>> {};

}  // namespace detail

/// `problem` written in calculus C; made by to_ito and to_stratonovich.
template <class P, Calculus C>
struct Converted {
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = P::noise;
  static constexpr bool drift_commutes = stochflow::drift_commutes<P>;

  P problem;

  template <class X>
  requires(!detail::HoldsDuals<X>::value) X drift(const X& x, double t)
  const {
    const X f = problem.drift(x, t);
    if constexpr (noise == Noise::additive) {
      return f;
    } else {
      constexpr double half = C == Calculus::ito ? 0.5 : -0.5;
      return f + half * detail::noise_drift(problem, x, t);
    }
  }
  template <class X>
  auto diffusion(const X& x, double t) const requires requires(const P& p) {
    p.diffusion(x, t);
  }
  { return problem.diffusion(x, t); }
  template <class X>
  auto diffusion_derivative(const X& x, double t) const requires requires(const P& p) {
    p.diffusion_derivative(x, t);
  }
  { return problem.diffusion_derivative(x, t); }
  template <class X, class W>
  X noise_term(const X& x, double t, const W& dW) const {
    return stochflow::noise_term(problem, x, t, dW);
  }
};

namespace detail {

template <Calculus C, class P>
auto in_calculus(const P& problem) {
  if constexpr (P::calculus == C) {
    return problem;
  } else if constexpr (requires {
                         requires std::same_as<P, Converted<decltype(P::problem), P::calculus>>;
                       }) {
    return problem.problem;
  } else {
    return Converted<P, C>{problem};
  }
}

}  // namespace detail

template <class P>
auto to_ito(const P& problem) {
  return detail::in_calculus<Calculus::ito>(problem);
}

template <class P>
auto to_stratonovich(const P& problem) {
  return detail::in_calculus<Calculus::stratonovich>(problem);
}

}  // namespace stochflow
