#pragma once

// Antithetic pairs: two copies of a trajectory, one on the path W and one on -W, as one wider
// trajectory. `antithetic(problem, method, x0)` gives the problem, method and start to run, and
// `pair_average(payoff)` the payoff of the pair; whatever runs trajectories runs pairs, at less
// than twice the cost, for the normals are drawn once. The average of a pair varies less than that
// of two independent trajectories wherever the payoff is monotone in the path (calls, means), and
// hardly at all where it is nearly linear; for payoffs that are even in the path it is a loss:
// compare the variances. Combine it with control variates (control_variates.hpp), which take the
// linear part out as well, rather than instead of them. Source: Hammersley and Morton 1956.

#include <type_traits>
#include <utility>

#include "stochflow/ensemble/wider.hpp"
#include "stochflow/method_memory.hpp"
#include "stochflow/require.hpp"

namespace stochflow {
namespace detail {

// The increments of -W: areas H and K change their signs with W, Levy areas do not.
template <class V>
Increment<V> reflected(const Increment<V>& dB) {
  return {V(-dB.W)};
}
template <class V>
SpaceTimeIncrement<V> reflected(const SpaceTimeIncrement<V>& dB) {
  return {V(-dB.W), V(-dB.H)};
}
template <class V>
SpaceTimeTimeIncrement<V> reflected(const SpaceTimeTimeIncrement<V>& dB) {
  return {V(-dB.W), V(-dB.H), V(-dB.K)};
}
template <class V>
AreaIncrement<V> reflected(const AreaIncrement<V>& dB) {
  return {V(-dB.W), dB.A};
}
template <class V>
TwoPointIncrement<V> reflected(const TwoPointIncrement<V>& dB) {
  return {V(-dB.W)};
}
template <class V>
ThreePointIncrement<V> reflected(const ThreePointIncrement<V>& dB) {
  return {V(-dB.W), dB.e};
}

template <class M, class Shape, Noise noise>
struct PairMethod {
  static constexpr MethodFacts facts = widened(M::facts, noise);
  M method;

  template <class Wider, class S, class Increments>
  S step(const Wider& wider, const S& s, double t, double h, const Increments& dB) const {
    using P = std::decay_t<decltype(wider.inner)>;
    using X = typename Shape::template With<typename S::Scalar>;
    require_compatible<P, M>();
    static_assert(
        std::is_same_v<MemoryOf<M, P, X>, NoMemory> &&
            !requires { method.attempt(wider.inner, X{}, t, h, dB).status; },
        "antithetic takes explicit methods without a memory from step to step.");
    S result;
    put_part(result, 0, X(method.step(wider.inner, part_of<Shape>(s), t, h, dB)));
    const X other = part_of<Shape>(s, Shape::size);
    put_part(result, Shape::size, X(method.step(wider.inner, other, t, h, reflected(dB))));
    return result;
  }
};

}  // namespace detail

/// What to run: `problem`, `method` and `start` take the place of one's own.
template <class Problem, class Method, class State, class Shape>
struct AntitheticPair {
  Problem problem;
  Method method;
  State start;

  /// (payoff(x) + payoff(y)) / 2 of a pair (x, y).
  template <class Payoff>
  static auto pair_average(Payoff payoff) {
    return [payoff = std::move(payoff)](const auto& pair) {
      using T = typename std::decay_t<decltype(pair)>::Scalar;
      const T first = payoff(detail::part_of<Shape>(pair));
      const T second = payoff(detail::part_of<Shape>(pair, Shape::size));
      return T(T(0.5) * (first + second));
    };
  }
};

/// The pair of trajectories from x0.
template <class P, class M, class X>
auto antithetic(const P& problem, const M& method, const X& x0) {
  using Shape = detail::ShapeOf<X>;
  using Problem = detail::WiderProblem<P, Shape, 2, 2 * Shape::size, 0>;
  using Method = detail::PairMethod<M, Shape, P::noise>;
  using State = Vector<NumberOf<X>, 2 * Shape::size>;
  State start;
  detail::put_part(start, 0, x0);
  detail::put_part(start, Shape::size, x0);
  return AntitheticPair<Problem, Method, State, Shape>{Problem{problem}, Method{method}, start};
}

}  // namespace stochflow
