#pragma once

// Quantities of the whole path, accumulated while a trajectory runs: `follow(problem, method, x0,
// t0, functionals...)` gives a problem, a method and a start whose state is the old one with one
// number for each functional behind it. Whatever runs trajectories runs these: solve, simulate,
// simulate_lanes, multilevel, quasi-Monte Carlo; payoffs and observers then read the functional as
// one more component. functionals.hpp has maxima, averages, discount factors, first passages and
// survival probabilities; one of your own is a type with
//
//   static constexpr int noises        Brownian motions that it needs for itself, 0 or 2
//   start(x, t) -> number              its value at the start, x the state
//   next(value, step) -> number        its value after a step, `step` a PathStep
//
// written once for doubles and packs (`select` in place of branches). Functionals of functionals:
// follow what follow returned. The steps themselves are those of the method, and as long as no
// functional asks for noise, the state has the bits that it has unfollowed. Fixed steps, explicit
// methods without memory.

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include "stochflow/ensemble/wider.hpp"
#include "stochflow/method_memory.hpp"
#include "stochflow/require.hpp"

namespace stochflow {

/// A step as a functional sees it: from x at t to `next` at t + h.
template <class P, class X>
struct PathStep {
  using Number = NumberOf<X>;

  const P& problem;
  const X& x;
  const X& next;
  double t;
  double h;
  /// Two increments N(0, h) that nobody else sees; zero where the functional asked for none.
  std::array<Number, 2> noise;

  /// d<x_k>/dt at the start of the step: what a Brownian bridge from x_k to next_k runs with.
  Number variance_rate(int k) const {
    const auto g = detail::plain(problem.diffusion(x, t));
    using G = std::decay_t<decltype(g)>;
    if constexpr (MatrixExpression<G>) {
      Number sum = g(k, 0) * g(k, 0);
      for (Eigen::Index j = 1; j < g.cols(); ++j) sum += g(k, j) * g(k, j);
      return sum;
    } else if constexpr (EigenExpression<G>) {
      return g[k] * g[k];
    } else {
      return Number(g) * Number(g);
    }
  }
};

/// Component k of a state; of a state that is a number, the number.
template <class X>
auto component_of(const X& x, [[maybe_unused]] int k) {
  if constexpr (is_number<X>) {
    return x;
  } else {
    return x[k];
  }
}

namespace detail {

/// The step of `method`, then that of each functional.
template <class M, class Shape, Noise noise, class... F>
struct FollowingMethod {
  static constexpr MethodFacts facts = widened(M::facts, noise);
  static constexpr int own_noises = (0 + ... + F::noises);
  static_assert(
      own_noises == 0 ||
          (facts.needs != NoiseInput::two_point && facts.needs != NoiseInput::three_point),
      "This functional draws normals of its own, and the method takes two- or three-point "
      "variables in place of normals: take a method that needs W.");

  M method;
  std::tuple<F...> functionals;

  template <class Wider, class S, class Increments>
  S step(const Wider& wider, const S& s, double t, double h, const Increments& dB) const {
    using T = typename S::Scalar;
    using P = std::decay_t<decltype(wider.inner)>;
    using X = typename Shape::template With<T>;
    using V = NoiseOf<P, Shape, T>;
    require_compatible<P, M>();
    static_assert(
        std::is_same_v<MemoryOf<M, P, X>, NoMemory> &&
            !requires { method.attempt(wider.inner, X{}, t, h, narrowed<V>(dB)).status; },
        "follow takes explicit methods without a memory from step to step.");
    const X x = part_of<Shape>(s);
    const X next = method.step(wider.inner, x, t, h, narrowed<V>(dB));
    S result = s;
    put_part(result, 0, next);
    int place = Shape::size;
    [[maybe_unused]] int noise_place = 0;
    if constexpr (own_noises > 0) {
      noise_place = static_cast<int>(dB.W.size()) - own_noises;
    }
    const auto update = [&](const auto& functional) {
      using One = std::decay_t<decltype(functional)>;
      static_assert(One::noises == 0 || One::noises == 2, "A functional takes 0 or 2 noises.");
      std::array<T, 2> noises{T(0), T(0)};
      if constexpr (own_noises > 0) {  // only then is dB.W an array, whatever One is
        if constexpr (One::noises == 2) {
          noises = {dB.W[noise_place], dB.W[noise_place + 1]};
          noise_place += 2;
        }
      }
      const PathStep<P, X> seen{wider.inner, x, next, t, h, noises};
      result[place] = functional.next(T(s[place]), seen);
      ++place;
    };
    std::apply([&](const auto&... each) { (update(each), ...); }, functionals);
    return result;
  }
};

}  // namespace detail

/// What to run: `problem`, `method` and `start` take the place of one's own.
template <class Problem, class Method, class State>
struct Followed {
  Problem problem;
  Method method;
  State start;
};

/// The state with the value of each functional behind it, from x0 at t0.
template <class P, class M, class X, class... F>
auto follow(const P& problem, const M& method, const X& x0, double t0, const F&... functionals) {
  static_assert(sizeof...(F) > 0, "follow: name at least one functional.");
  using Shape = detail::ShapeOf<X>;
  constexpr int width = Shape::size + static_cast<int>(sizeof...(F));
  using Method = detail::FollowingMethod<M, Shape, P::noise, F...>;
  using Problem = detail::WiderProblem<P, Shape, 1, width, Method::own_noises>;
  using State = Vector<NumberOf<X>, width>;
  State start;
  detail::put_part(start, 0, x0);
  int place = Shape::size;
  ((start[place++] = static_cast<NumberOf<X>>(functionals.start(x0, t0))), ...);
  return Followed<Problem, Method, State>{
      Problem{problem}, Method{method, std::tuple<F...>(functionals...)}, start};
}

}  // namespace stochflow
