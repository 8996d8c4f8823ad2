#pragma once

// A problem with numbers of one's own behind its state: what path functionals (follow.hpp) and
// antithetic pairs (antithetic.hpp) have in common. The wider state is again an Eigen array of
// fixed size and the wider problem again a problem, so everything that runs trajectories (solve,
// simulate, simulate_lanes, multilevel, quasi-Monte Carlo) runs it without knowing.

#include <algorithm>
#include <type_traits>
#include <utility>

#include "stochflow/facts.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/state.hpp"

namespace stochflow::detail {

/// A kind of state, whatever its number type: a number, or an array of fixed size.
template <class X>
struct ShapeOf {
  static_assert(is_number<X>,
                "The state must be a number or an Eigen array of fixed size: Vector<double, N>.");
  static constexpr int size = 1;
  template <class T>
  using With = T;
};
template <class T, int N>
struct ShapeOf<Eigen::Array<T, N, 1>> {
  static_assert(N > 0, "The size of the state must be known when compiling: Vector<double, N>.");
  static constexpr int size = N;
  template <class U>
  using With = Vector<U, N>;
};

/// The components `first`, first + 1, ... of a wider state as a state of shape Shape.
template <class Shape, class S>
auto part_of(const S& s, int first = 0) {
  using Part = typename Shape::template With<typename S::Scalar>;
  if constexpr (is_number<Part>) {
    return Part(s[first]);
  } else {
    return Part(s.template segment<Shape::size>(first));
  }
}
/// Puts x where part_of finds it.
template <class S, class X>
void put_part(S& s, int first, const X& x) {
  if constexpr (is_number<X>) {
    s[first] = x;
  } else {
    s.template segment<X::RowsAtCompileTime>(first) = x;
  }
}

/// The noise of P in number type T.
template <class P, class Shape, class T>
using NoiseOf = decltype(noise_like(
    std::declval<const P&>(), std::declval<const typename Shape::template With<T>&>(), 0.0));

/// The first components of a wider noise as V.
template <class V, class W>
V first_noises(const W& wide) {
  if constexpr (std::is_same_v<V, W>) {
    return wide;
  } else if constexpr (is_number<V>) {
    return wide[0];
  } else {
    return wide.template head<V::RowsAtCompileTime>();
  }
}

// The increments of the first Brownian motions alone.
template <class V, class W>
Increment<V> narrowed(const Increment<W>& dB) {
  return {first_noises<V>(dB.W)};
}
template <class V, class W>
SpaceTimeIncrement<V> narrowed(const SpaceTimeIncrement<W>& dB) {
  return {first_noises<V>(dB.W), first_noises<V>(dB.H)};
}
template <class V, class W>
SpaceTimeTimeIncrement<V> narrowed(const SpaceTimeTimeIncrement<W>& dB) {
  return {first_noises<V>(dB.W), first_noises<V>(dB.H), first_noises<V>(dB.K)};
}
template <class V, class W>
TwoPointIncrement<V> narrowed(const TwoPointIncrement<W>& dB) {
  return {first_noises<V>(dB.W)};
}
template <class V, class W>
ThreePointIncrement<V> narrowed(const ThreePointIncrement<W>& dB) {
  return {first_noises<V>(dB.W), first_noises<V>(dB.e)};
}
template <class V, class W>
AreaIncrement<V> narrowed(const AreaIncrement<W>& dB) {
  if constexpr (std::is_same_v<V, W>) {
    return dB;
  } else if constexpr (is_number<V>) {
    return {first_noises<V>(dB.W), V(0)};
  } else {
    constexpr int M = V::RowsAtCompileTime;
    return {first_noises<V>(dB.W), dB.A.template topLeftCorner<M, M>()};
  }
}

/// What a method claims, for a wider problem whose narrow one has noise `noise`: the same order
/// whatever kind of noise the wider one counts as.
constexpr MethodFacts widened(MethodFacts facts, Noise noise) {
  const double strong = facts.strong[noise], weak = facts.weak[noise];
  const bool ito = facts.solves(Calculus::ito, noise);
  const bool stratonovich = facts.solves(Calculus::stratonovich, noise);
  facts.strong = {strong, strong, strong, strong, strong};
  facts.weak = {weak, weak, weak, weak, weak};
  facts.solves_ito = ito;
  facts.solves_stratonovich = stratonovich;
  return facts;
}

/// `copies` times the state of P (on the same noise), then numbers without drift and diffusion, up
/// to `width` in all; `more_noises` Brownian motions behind those of P.
template <class P, class Shape, int copies, int width, int more_noises>
struct WiderProblem {
  static constexpr bool one_number = is_number<NoiseOf<P, Shape, double>> && more_noises == 0;
  static constexpr Calculus calculus = P::calculus;
  // Noise of one number keeps being drawn as one.
  static constexpr Noise noise = one_number ? Noise::scalar : Noise::general;

  P inner;

  template <class T>
  Vector<T, width> drift(const Vector<T, width>& s, double t) const {
    using X = typename Shape::template With<T>;
    Vector<T, width> result = Vector<T, width>::Constant(T(0));
    for (int c = 0; c < copies; ++c) {
      put_part(result, c * Shape::size, X(inner.drift(part_of<Shape>(s, c * Shape::size), t)));
    }
    return result;
  }

  template <class T>
  auto diffusion(const Vector<T, width>& s, double t) const {
    using X = typename Shape::template With<T>;
    using V = NoiseOf<P, Shape, T>;
    constexpr int noises = [] {
      if constexpr (is_number<V>) {
        return 1;
      } else {
        return static_cast<int>(V::RowsAtCompileTime);
      }
    }();
    // Column by column, as what a unit of each noise does.
    Matrix<T, width, noises + more_noises> g =
        Matrix<T, width, noises + more_noises>::Constant(T(0));
    for (int j = 0; j < noises; ++j) {
      V unit;
      if constexpr (is_number<V>) {
        unit = V(1);
      } else {
        unit = V::Constant(T(0));
        unit[j] = T(1);
      }
      for (int c = 0; c < copies; ++c) {
        Vector<T, width> column = Vector<T, width>::Constant(T(0));
        const X x = part_of<Shape>(s, c * Shape::size);
        put_part(column, c * Shape::size, noise_term(inner, x, t, unit));
        g.col(j) += column.matrix();
      }
    }
    if constexpr (one_number) {
      return Vector<T, width>(g.col(0).array());
    } else {
      return g;
    }
  }
};

}  // namespace stochflow::detail
