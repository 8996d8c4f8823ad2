#pragma once

// The problem: dX = f(X, t) dt + g(X, t) dW, in Itô's or Stratonovich's sense. A problem is any
// type with two members `drift(x, t)` and `diffusion(x, t)` and two compile-time facts, `calculus`
// and `noise`; the models in stochflow/models are such types. For an equation of your own, pass two
// callables to `ito<Noise::...>` or `stratonovich<Noise::...>`.
//
// Write the callables generic in the number type (`const auto& x`) and return either a number, a
// plain array, or an expression of `x`: the same text then runs as double, as an Eigen vector, as a
// dual number (derivatives for Milstein's method) and as a tensor. Take x by reference: an Eigen
// expression that refers to a by-value argument dangles.
//
// Shapes, for a state of N components:
//   additive, diagonal  g is a number or [N]       W is like x
//   scalar              g is like x                W is one number
//   commutative/general g is a matrix [N, M]       W is [M]
// Additive noise may also be given as a matrix.
//
// A third fact is for the few equations that have it: `drift_commutes`. The drift commutes with the
// noise where, for every Brownian motion j,
//
//   L^j f = L^0 g^j,   L^j = g^j . grad,   L^0 = d/dt + f . grad + 1/2 sum_k g^k g^k : grad grad
//
// (Itô; in Stratonovich's calculus L^0 = d/dt + f . grad). The time that a path spends on its way
// does not matter then, only where it arrives: X_t is a function of t and W_t if the columns of g
// commute too. Geometric Brownian motion is such, and whatever is a function of (t, W_t) by
// construction. Methods of order 1.5 that know of it draw half the normals.

#include <concepts>
#include <type_traits>
#include <utility>

#include "stochflow/facts.hpp"
#include "stochflow/state.hpp"

namespace stochflow {

template <Calculus C, Noise N, class Drift, class Diffusion>
struct Sde {
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = N;

  Drift drift_function;
  Diffusion diffusion_function;

  // Constrained, so that a method can ask whether a function takes dual numbers.
  template <class X>
  requires std::invocable<const Drift&, const X&, double>
  auto drift(const X& x, double t) const { return drift_function(x, t); }
  template <class X>
  requires std::invocable<const Diffusion&, const X&, double>
  auto diffusion(const X& x, double t) const { return diffusion_function(x, t); }
};

/// dX = drift(X, t) dt + diffusion(X, t) dW in Itô's sense.
template <Noise N, class Drift, class Diffusion>
auto ito(Drift drift, Diffusion diffusion) {
  return Sde<Calculus::ito, N, Drift, Diffusion>{std::move(drift), std::move(diffusion)};
}

/// dX = drift(X, t) dt + diffusion(X, t) o dW in Stratonovich's sense.
template <Noise N, class Drift, class Diffusion>
auto stratonovich(Drift drift, Diffusion diffusion) {
  return Sde<Calculus::stratonovich, N, Drift, Diffusion>{std::move(drift), std::move(diffusion)};
}

/// Whether P declares that its drift commutes with its noise.
template <class P>
inline constexpr bool drift_commutes = requires {
  requires P::drift_commutes;
};

template <class P>
struct WithCommutingDrift : P {
  static constexpr bool drift_commutes = true;
};

/// `problem` with that declaration; verify::check_structure looks whether it is true.
template <class P>
auto with_commuting_drift(P problem) {
  return WithCommutingDrift<P>{std::move(problem)};
}

template <class P, class X>
concept ProblemFor = requires(const P& problem, const X& x, double t) {
  { P::calculus } -> std::convertible_to<Calculus>;
  { P::noise } -> std::convertible_to<Noise>;
  X(problem.drift(x, t));
  problem.diffusion(x, t);
};

/// g(x, t) . dW: all that a method ever asks of the diffusion, so that no method knows whether the
/// noise is a number, a vector or a matrix. Also defined through a member `noise_term(x, t, W)` for
/// problems whose product is cheaper than their matrix.
template <class P, class X, class W>
X noise_term(const P& problem, const X& x, double t, const W& dW) {
  if constexpr (requires { problem.noise_term(x, t, dW); }) {
    return problem.noise_term(x, t, dW);
  } else {
    return X(product(problem.diffusion(x, t), dW));
  }
}

}  // namespace stochflow
