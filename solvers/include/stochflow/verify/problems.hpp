#pragma once

// Equations whose solution is known on the very path that drives a discretisation: the yardsticks
// of strong and weak convergence. Each has an exact solution at the end time given the increments
// of a fine grid, and a functional whose expectation defines its weak error. The problems that
// carry a calculus as template argument are one equation in both calculi.
//
// A test problem P offers: name, calculus, noise, drift, diffusion; x0(), t1; exact(increments, h,
// normals) -> X_t1 from the (W, H) of the fine cells, where normals(n) is a further standard normal
// for cell n; functional(x) -> double; expected(t, x) = E[functional(X_t1) | X_t = x]. Where noise
// does not commute, the normals serve the Lévy areas of the cells (with_area), which are also what
// a method that asks for areas is given.

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"
#include "stochflow/verify/noise_nodes.hpp"

namespace stochflow::verify {

/// Cell n with its Lévy areas: of the right mean and variance given W and H (FosterArea), from the
/// normals n M(M-1)/2, ... That a cell's area is not of the right law altogether is invisible in
/// the sum over a few cells.
template <class V, class Normals>
AreaIncrement<V> with_area(const SpaceTimeIncrement<V>& dB,
                           double h,
                           std::size_t n,
                           const Normals& normals) {
  if constexpr (std::is_arithmetic_v<V>) {
    return {dB.W, V(0)};
  } else {
    const auto m = static_cast<std::size_t>(dB.W.size());
    std::size_t next = n * (m * (m - 1) / 2);
    return {dB.W, FosterArea{}(h, dB, [&] { return normals(next++); })};
  }
}

/// Additive noise; exact joint sampling of the process with its path.
struct OrnsteinUhlenbeckTest : OrnsteinUhlenbeck {
  static constexpr double t1 = 1;
  static double x0() { return 2.0; }

  OrnsteinUhlenbeckTest() : OrnsteinUhlenbeck{.theta = 1.0, .mu = 0.3, .sigma = 0.4} {}

  template <class Normals>
  double exact(std::span<const SpaceTimeIncrement<double>> dW,
               double h,
               const Normals& normals) const {
    double x = x0();
    for (std::size_t n = 0; n < dW.size(); ++n) {
      x = exact_step(x, h, noise_integral(h, dW[n].W, dW[n].H, normals(n)));
    }
    return x;
  }
  static double functional(double x) { return x * x; }
  double expected(double t, double x) const {
    const double m = mean(x, t1 - t);
    return m * m + variance(t1 - t);
  }
};

/// Additive noise that depends on time: dX = -theta X dt + s (1 + t) dW. A method that treats g as
/// constant over a step loses order here and nowhere else. The noise of a cell,
/// s int e^{-theta (t+h-u)} (1 + u) dW_u, is Gaussian and sampled jointly with W and H.
struct AdditiveTimeTest {
  static constexpr std::string_view name = "additive-time";
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;
  static constexpr double t1 = 1;
  static double x0() { return 2.0; }

  double theta = 1.0, s = 0.25;

  /// J_k = int_0^h r^k e^{-q r} dr
  struct Integrals {
    double J0, J1, J2;
    Integrals(double q, double h) {
      const double e = std::exp(-q * h);
      J0 = -std::expm1(-q * h) / q;
      J1 = (J0 - h * e) / q;
      J2 = (2 * J1 - h * h * e) / q;
    }
  };

  template <class X>
  auto drift(const X& x, double) const {
    return -theta * x;
  }
  template <class X>
  auto diffusion(const X&, double t) const {
    return s * (1 + t);
  }
  template <class Normals>
  double exact(std::span<const SpaceTimeIncrement<double>> dW,
               double h,
               const Normals& normals) const {
    // With r = h - u and a = 1 + t + h the weight is e^{-theta r} (a - r).
    const Integrals single(theta, h), twice(2 * theta, h);
    double x = x0();
    for (std::size_t n = 0; n < dW.size(); ++n) {
      const double a = 1 + static_cast<double>(n + 1) * h;
      const double with_W = a * single.J0 - single.J1;
      const double with_H = (a * single.J1 - single.J2) / h - 0.5 * with_W;
      const double variance = a * a * twice.J0 - 2 * a * twice.J1 + twice.J2;
      const double explained = (with_W * with_W + 12 * with_H * with_H) / h;
      const double integral = (with_W * dW[n].W + 12 * with_H * dW[n].H) / h +
                              std::sqrt(std::fmax(variance - explained, 0)) * normals(n);
      x = std::exp(-theta * h) * x + s * integral;
    }
    return x;
  }
  static double functional(double x) { return x * x; }
  double expected(double t, double x) const {
    const Integrals twice(2 * theta, t1 - t);
    const double a = 1 + t1, m = std::exp(-theta * (t1 - t)) * x;
    return m * m + s * s * (a * a * twice.J0 - 2 * a * twice.J1 + twice.J2);
  }
};

/// Geometric Brownian motion, one component, diagonal noise.
template <Calculus C>
struct GbmTest {
  static constexpr std::string_view name = "gbm";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr double t1 = 1;
  static double x0() { return 1.0; }

  GeometricBrownianMotion ito{.mu = 0.75, .sigma = 0.5};

  template <class X>
  auto drift(const X& x, double) const {
    const double correction = C == Calculus::ito ? 0 : 0.5 * ito.sigma * ito.sigma;
    return (ito.mu - correction) * x;
  }
  template <class X>
  auto diffusion(const X& x, double) const {
    return ito.sigma * x;
  }
  template <class Normals>
  double exact(std::span<const SpaceTimeIncrement<double>> dW, double, const Normals&) const {
    double W = 0;
    for (const auto& cell : dW) W += cell.W;
    return ito.exact(x0(), t1, W);
  }
  static double functional(double x) { return x; }
  double expected(double t, double x) const { return x * std::exp(ito.mu * (t1 - t)); }
};

/// A bounded nonlinear equation, diagonal noise: Itô drift -(a + b^2 x)(1 - x^2), diffusion
/// b (1 - x^2), X_t = tanh(artanh(x0) - a t + b W_t). Kloeden and Platen 1992, eq. (4.4.46).
template <Calculus C>
struct TanhTest {
  static constexpr std::string_view name = "tanh";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::diagonal;
  static constexpr bool drift_commutes = true;
  static constexpr double t1 = 1;
  static double x0() { return 0.3; }

  double a = 0.5, b = 0.5;

  template <class X>
  auto drift(const X& x, double) const {
    const double b2 = C == Calculus::ito ? b * b : 0;
    return -(a + b2 * x) * (1 - x * x);
  }
  template <class X>
  auto diffusion(const X& x, double) const {
    return b * (1 - x * x);
  }
  template <class Normals>
  double exact(std::span<const SpaceTimeIncrement<double>> dW, double, const Normals&) const {
    double W = 0;
    for (const auto& cell : dW) W += cell.W;
    return std::tanh(std::atanh(x0()) - a * t1 + b * W);
  }
  // Bounded: a coarse step can leave (-1, 1), where the equation explodes.
  static double functional(double x) { return std::sin(x); }
  double expected(double t, double x) const {
    static const std::vector<Node> nodes = gauss_hermite(24);  // leaves an error below 1e-9
    const double time_left = t1 - t, spread = b * std::sqrt(time_left);
    double sum = 0;
    for (const Node& node : nodes) {
      // tanh(artanh(x) + z), without the artanh that states outside (-1, 1) do not have.
      const double z = std::tanh(spread * node.value - a * time_left);
      sum += node.probability * functional((x + z) / (1 + x * z));
    }
    return sum;
  }
};

/// Two components driven by one Brownian motion.
template <Calculus C>
struct ScalarNoiseTest {
  static constexpr std::string_view name = "scalar-noise";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::scalar;
  static constexpr double t1 = 1;
  using X = Vector<double, 2>;
  static X x0() { return X(1.0, 0.5); }

  double mu1 = 0.75, mu2 = -0.5, sigma1 = 0.5, sigma2 = -0.4;

  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>& x, double) const {
    const double half = C == Calculus::ito ? 0 : 0.5;
    return Vector<T, 2>(T(mu1 - half * sigma1 * sigma1) * x[0],
                        T(mu2 - half * sigma2 * sigma2) * x[1]);
  }
  template <class T>
  Vector<T, 2> diffusion(const Vector<T, 2>& x, double) const {
    return Vector<T, 2>(T(sigma1) * x[0], T(sigma2) * x[1]);
  }
  template <class Normals>
  X exact(std::span<const SpaceTimeIncrement<double>> dW, double, const Normals&) const {
    double W = 0;
    for (const auto& cell : dW) W += cell.W;
    return X(x0()[0] * std::exp((mu1 - 0.5 * sigma1 * sigma1) * t1 + sigma1 * W),
             x0()[1] * std::exp((mu2 - 0.5 * sigma2 * sigma2) * t1 + sigma2 * W));
  }
  static double functional(const X& x) { return x[0]; }
  double expected(double t, const X& x) const { return x[0] * std::exp(mu1 * (t1 - t)); }
};

/// Two components, two Brownian motions that each drive both: the columns of the diffusion are
/// linear with diagonal matrices, so they commute.
template <Calculus C>
struct CommutativeNoiseTest {
  static constexpr std::string_view name = "commutative-noise";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::commutative;
  static constexpr double t1 = 1;
  using X = Vector<double, 2>;
  static X x0() { return X(1.0, 0.5); }

  double mu1 = 0.75, mu2 = -0.5;
  double a1 = 0.4, b1 = 0.3;   // first component: a1 x1 dW1 + b1 x1 dW2
  double a2 = -0.3, b2 = 0.5;  // second component

  template <class T>
  Vector<T, 2> drift(const Vector<T, 2>& x, double) const {
    const double half = C == Calculus::ito ? 0 : 0.5;
    return Vector<T, 2>(T(mu1 - half * (a1 * a1 + b1 * b1)) * x[0],
                        T(mu2 - half * (a2 * a2 + b2 * b2)) * x[1]);
  }
  template <class T>
  Matrix<T, 2> diffusion(const Vector<T, 2>& x, double) const {
    Matrix<T, 2> g;
    g << T(a1) * x[0], T(b1) * x[0], T(a2) * x[1], T(b2) * x[1];
    return g;
  }
  template <class Normals>
  X exact(std::span<const SpaceTimeIncrement<X>> dW, double, const Normals&) const {
    X W = X::Zero();
    for (const auto& cell : dW) W += cell.W;
    return X(x0()[0] * std::exp((mu1 - 0.5 * (a1 * a1 + b1 * b1)) * t1 + a1 * W[0] + b1 * W[1]),
             x0()[1] * std::exp((mu2 - 0.5 * (a2 * a2 + b2 * b2)) * t1 + a2 * W[0] + b2 * W[1]));
  }
  static double functional(const X& x) { return x[0]; }
  double expected(double t, const X& x) const { return x[0] * std::exp(mu1 * (t1 - t)); }
};

/// The iterated integral dX1 = a dW1, dX2 = X1 dW2, the simplest noise that does not commute, and a
/// nonlinear function of it, X3 = sin(X2): without that, methods which use Lévy areas would have no
/// error at all.
template <Calculus C>
struct GeneralNoiseTest {
  static constexpr std::string_view name = "general-noise";
  static constexpr Calculus calculus = C;
  static constexpr Noise noise = Noise::general;
  static constexpr double t1 = 1;
  using X = Vector<double, 3>;
  using W = Vector<double, 2>;
  static X x0() { return X(0.5, 0.0, 0.0); }

  double a = 0.5;

  template <class T>
  Vector<T, 3> drift(const Vector<T, 3>& x, double) const {
    using std::sin;
    const T ito_term = T(-0.5) * sin(x[1]) * x[0] * x[0];
    return Vector<T, 3>(T(0), T(0), C == Calculus::ito ? ito_term : T(0));
  }
  template <class T>
  Matrix<T, 3, 2> diffusion(const Vector<T, 3>& x, double) const {
    using std::cos;
    Matrix<T, 3, 2> g;
    g << T(a), T(0), T(0), x[0], T(0), cos(x[1]) * x[0];
    return g;
  }
  template <class Normals>
  X exact(std::span<const SpaceTimeIncrement<W>> dW, double h, const Normals& normals) const {
    X x = x0();
    for (std::size_t n = 0; n < dW.size(); ++n) {
      const auto dB = with_area(dW[n], h, n, normals);
      x[1] += x[0] * dB.W[1] + a * (0.5 * dB.W[0] * dB.W[1] + dB.A(0, 1));
      x[0] += a * dB.W[0];
    }
    x[2] = std::sin(x[1]);
    return x;
  }
  static double functional(const X& x) { return x[2] * x[2]; }
  // Given W1, the X2 still to come is Gaussian with the variance of int X1^2 dt, and the Laplace
  // transform of that is known (Cameron and Martin 1945).
  double expected(double t, const X& x) const {
    const auto damping = [&](double k) {  // E e^{i k (X2(t1) - X2(t))}
      const double z = k * a * (t1 - t);
      return std::exp(-k * x[0] * x[0] / (2 * a) * std::tanh(z)) / std::sqrt(std::cosh(z));
    };
    const double c = x[2] - std::sin(x[1]), sine = std::sin(x[1]) * damping(1);
    return c * c + 2 * c * sine + 0.5 * (1 - std::cos(2 * x[1]) * damping(2));
  }
};

}  // namespace stochflow::verify
