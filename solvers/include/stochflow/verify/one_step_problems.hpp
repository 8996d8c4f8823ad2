#pragma once

// One problem for each noise structure on which orders are proved (one_step.hpp): nonlinear,
// time-dependent, with coefficients that have nothing in common, so that no error term of a method
// cancels by accident. Each is the same text in both calculi, which are two different equations.
// Nothing is known about their solutions, and nothing needs to be: for equations that can be
// solved see problems.hpp.
//
// A problem offers name, calculus, noise, x0(), t0, drift and diffusion; the coefficients take the
// time in any number type as well.

#include <string_view>
#include <tuple>

#include "stochflow/sde.hpp"

namespace stochflow::verify {

namespace detail {

/// The drift of every problem with two components.
template <class T, class Time>
Vector<T, 2> planar_drift(const Vector<T, 2>& x, const Time& t) {
  return Vector<T, 2>(
      T(0.3) - T(0.7) * x[0] + T(0.4) * x[1] + T(0.5) * T(t) * x[0] - T(0.2) * x[0] * x[1],
      T(0.2) + T(0.3) * x[0] - T(0.6) * x[1] + T(0.25) * x[0] * x[0] - T(0.4) * T(t) * T(t) * x[1]);
}

}  // namespace detail

/// One component, one Brownian motion.
template <Calculus C>
struct ProveOne {
  static constexpr std::string_view name = "one";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr double t0 = 0.3;
  static double x0() { return 0.8; }

  template <class T, class Time>
  T drift(const T& x, const Time& t) const {
    return T(0.3) - T(0.6) * x + T(0.5) * T(t) * x * x - T(0.2) * x * x * x;
  }
  template <class T, class Time>
  T diffusion(const T& x, const Time& t) const {
    return T(0.4) + T(0.5) * x - T(0.3) * T(t) * x * x + T(0.2) * T(t) * T(t);
  }
};

/// Three components and three Brownian motions, each component driven by its own.
template <Calculus C>
struct ProveDiagonal {
  static constexpr std::string_view name = "diagonal";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr double t0 = 0.3;
  static Vector<double, 3> x0() { return {0.8, -0.6, 0.5}; }

  template <class T, class Time>
  Vector<T, 3> drift(const Vector<T, 3>& x, const Time& t) const {
    return Vector<T, 3>(
        T(0.3) - T(0.7) * x[0] * x[0] + T(0.9) * x[1] * x[2],
        T(0.3) * x[0] - T(0.6) * x[1] * x[2] + T(0.8) * T(t) * x[2] * x[2],
        T(0.5) - T(0.4) * x[2] * x[2] + T(0.7) * x[0] * x[1] - T(0.6) * T(t) * x[0]);
  }
  template <class T, class Time>
  Vector<T, 3> diffusion(const Vector<T, 3>& x, const Time& t) const {
    return Vector<T, 3>(T(0.4) + T(0.5) * x[0] - T(0.3) * T(t) * x[0] * x[0],
                        T(0.6) + T(0.3) * T(t) * x[1] + T(0.2) * x[1] * x[1],
                        T(-0.3) + T(0.6) * x[2] + T(0.4) * T(t) * x[2] * x[2]);
  }
};

/// Two components driven by one Brownian motion.
template <Calculus C>
struct ProveScalar {
  static constexpr std::string_view name = "scalar";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::scalar;
  static constexpr double t0 = 0.3;
  static Vector<double, 2> x0() { return {0.8, -0.6}; }

  template <class T, class Time>
  Vector<T, 2> drift(const Vector<T, 2>& x, const Time& t) const {
    return detail::planar_drift(x, t);
  }
  template <class T, class Time>
  Vector<T, 2> diffusion(const Vector<T, 2>& x, const Time& t) const {
    return Vector<T, 2>(T(0.4) + T(0.5) * x[0] - T(0.3) * T(t) * x[1] * x[1],
                        T(0.3) - T(0.4) * x[0] * x[1] + T(0.3) * T(t) * x[1]);
  }
};

/// M Brownian motions that each drive both components, with columns that commute at every time: in
/// the coordinates (x1, x2 - c x1^2 / 2) they are linear with diagonal matrices.
template <Calculus C, int M>
struct ProveCommutative {
  static constexpr std::string_view name = M == 2 ? "commutative, 2" : "commutative, 3";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::commutative;
  static constexpr double t0 = 0.3;
  static Vector<double, 2> x0() { return {0.8, -0.6}; }

  template <class T, class Time>
  Vector<T, 2> drift(const Vector<T, 2>& x, const Time& t) const {
    return detail::planar_drift(x, t);
  }
  template <class T, class Time>
  Matrix<T, 2, M> diffusion(const Vector<T, 2>& x, const Time& t) const {
    constexpr double a[] = {0.5, -0.3, 0.2}, b[] = {0.3, 0.4, -0.5}, c = 0.6;
    const T u = x[0], v = x[1] - T(c / 2) * x[0] * x[0];
    Matrix<T, 2, M> g;
    for (int k = 0; k < M; ++k) {
      const T p = T(a[k]) + T(b[k]) * T(t), q = T(b[k]) - T(a[k]) * T(t);
      g(0, k) = p * u;
      g(1, k) = p * T(c) * u * u + q * v;
    }
    return g;
  }
};

/// M Brownian motions whose columns have nothing to do with one another.
template <Calculus C, int M>
struct ProveGeneral {
  static constexpr std::string_view name = M == 2 ? "general, 2" : "general, 3";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::general;
  static constexpr double t0 = 0.3;
  static Vector<double, 2> x0() { return {0.8, -0.6}; }

  template <class T, class Time>
  Vector<T, 2> drift(const Vector<T, 2>& x, const Time& t) const {
    return detail::planar_drift(x, t);
  }
  template <class T, class Time>
  Matrix<T, 2, M> diffusion(const Vector<T, 2>& x, const Time& t) const {
    Matrix<T, 2, M> g;
    g(0, 0) = T(0.4) + T(0.5) * x[1] - T(0.3) * T(t) * x[0] * x[0];
    g(1, 0) = T(-0.2) + T(0.6) * x[0] * x[1];
    g(0, 1) = T(0.3) * x[0] + T(0.4) * T(t) * x[1];
    g(1, 1) = T(0.5) - T(0.3) * x[0] + T(0.2) * x[1] * x[1];
    if constexpr (M == 3) {
      g(0, 2) = T(-0.3) + T(0.4) * x[0] * x[1] + T(0.3) * T(t);
      g(1, 2) = T(0.2) + T(0.5) * x[0] - T(0.4) * T(t) * x[1];
    }
    return g;
  }
};

/// Noise that depends on time alone; one Brownian motion a component.
struct ProveAdditive {
  static constexpr std::string_view name = "additive";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;
  static constexpr double t0 = 0.3;
  static Vector<double, 2> x0() { return {0.8, -0.6}; }

  template <class T, class Time>
  Vector<T, 2> drift(const Vector<T, 2>& x, const Time& t) const {
    return detail::planar_drift(x, t);
  }
  template <class T, class Time>
  Vector<T, 2> diffusion(const Vector<T, 2>&, const Time& t) const {
    return Vector<T, 2>(T(0.4) + T(0.5) * T(t), T(0.6) - T(0.4) * T(t) * T(t));
  }
};

/// Noise that depends on time alone; three Brownian motions drive two components.
struct ProveAdditiveMatrix {
  static constexpr std::string_view name = "additive, 3";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;
  static constexpr double t0 = 0.3;
  static Vector<double, 2> x0() { return {0.8, -0.6}; }

  template <class T, class Time>
  Vector<T, 2> drift(const Vector<T, 2>& x, const Time& t) const {
    return detail::planar_drift(x, t);
  }
  template <class T, class Time>
  Matrix<T, 2, 3> diffusion(const Vector<T, 2>&, const Time& t) const {
    Matrix<T, 2, 3> g;
    g << T(0.4) + T(0.5) * T(t), T(-0.3), T(0.2) * T(t), T(0.1), T(0.6) - T(0.4) * T(t) * T(t),
        T(0.3) + T(0.2) * T(t);
    return g;
  }
};

template <Noise N>
struct ProofProblemsOf;
template <>
struct ProofProblemsOf<Noise::additive> {
  using type = std::tuple<ProveAdditive, ProveAdditiveMatrix>;
};
template <>
struct ProofProblemsOf<Noise::scalar> {
  using type = std::tuple<ProveScalar<Calculus::ito>, ProveScalar<Calculus::stratonovich>>;
};
template <>
struct ProofProblemsOf<Noise::diagonal> {
  using type = std::tuple<ProveOne<Calculus::ito>,
                          ProveOne<Calculus::stratonovich>,
                          ProveDiagonal<Calculus::ito>,
                          ProveDiagonal<Calculus::stratonovich>>;
};
template <>
struct ProofProblemsOf<Noise::commutative> {
  using type = std::tuple<ProveCommutative<Calculus::ito, 2>,
                          ProveCommutative<Calculus::stratonovich, 2>,
                          ProveCommutative<Calculus::ito, 3>,
                          ProveCommutative<Calculus::stratonovich, 3>>;
};
template <>
struct ProofProblemsOf<Noise::general> {
  using type = std::tuple<ProveGeneral<Calculus::ito, 2>,
                          ProveGeneral<Calculus::stratonovich, 2>,
                          ProveGeneral<Calculus::ito, 3>,
                          ProveGeneral<Calculus::stratonovich, 3>>;
};

/// The problems on which orders for noise N are proved.
template <Noise N>
using ProofProblems = typename ProofProblemsOf<N>::type;

}  // namespace stochflow::verify
