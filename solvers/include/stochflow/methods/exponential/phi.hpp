#pragma once

// The phi functions of exponential integrators,
//
//   phi1(z) = (e^z - 1)/z = int_0^1 e^{(1-u) z} du,   phi2(z) = (e^z - 1 - z)/z^2,
//
// and what noise needs of them, for z a number, an array (element by element: the diagonal of a
// matrix) or a matrix. Numbers by expm1 and, where that cancels, by series, to a few units in the
// last place; matrices by one exponential of [z 1 0; 0 0 1; 0 0 0], whose first row is
// (e^z, phi1(z), phi2(z)) (Sidje, ACM Trans. Math. Softw. 24 (1998), theorem 1), scaled and squared
// by Eigen.

#include <Eigen/Core>
#include <cmath>
#include <type_traits>
#include <unsupported/Eigen/MatrixFunctions>

#include "stochflow/state.hpp"

namespace stochflow {

inline double phi1(double z) { return z == 0 ? 1 : std::expm1(z) / z; }

inline double phi2(double z) {
  if (std::abs(z) > 1) return (phi1(z) - 1) / z;
  double sum = 0;
  for (int k = 18; k >= 2; --k) sum = (sum * z + 1) / k;  // 1/2 (1 + z/3 (1 + z/4 (...)))
  return sum;
}

/// sqrt(phi1(2 z)): the standard deviation of int_0^h e^{a (h-s)} dW_s is this, with z = a h, times
/// sqrt(h).
inline double phi_of_noise(double z) { return std::sqrt(phi1(2 * z)); }

/// b(z) with phi1(z)^2 + b(z)^2/12 = phi1(2 z) and the sign of z: phi1(z) W + b(z) H has the exact
/// law of int_0^h e^{a (h-s)} dW_s, and differs from its best approximation by W and H at order
/// z^3.
inline double phi_of_area(double z) {
  // phi1(2z) - phi1(z)^2 = phi1(z) ((e^z + 1)/2 - phi1(z)), and the bracket is a series from
  // z^2/12.
  double bracket;
  if (std::abs(z) > 1) {
    bracket = 0.5 * (std::exp(z) + 1) - phi1(z);
  } else {
    double sum = 0, factorial = 6;  // (k + 1)! at k = 2
    double power = z * z;
    for (int k = 2; k <= 20; ++k) {
      sum += power * (k - 1) / (2 * factorial);
      power *= z;
      factorial *= k + 2;
    }
    bracket = sum;
  }
  return std::copysign(std::sqrt(12 * phi1(z) * bracket), z);
}

namespace detail {

/// e^z and the functions above, for every kind of linear part.
template <class Z>
struct Exponentials {
  Z exp, phi1, phi2;
  Z noise;  // multiplies g W when W is all that is known of the path
  Z area;   // multiplies g H, next to phi1 g W

  // For a matrix larger than the step of an ensemble that would inline it, and far slower than a
  // call.
  [[gnu::noinline]] explicit Exponentials(const Z& z) {
    if constexpr (std::is_arithmetic_v<Z>) {
      exp = std::exp(z);
      phi1 = stochflow::phi1(z);
      phi2 = stochflow::phi2(z);
      noise = phi_of_noise(z);
      area = phi_of_area(z);
    } else if constexpr (MatrixExpression<Z>) {
      constexpr int N = Z::RowsAtCompileTime, N3 = N == Eigen::Dynamic ? N : 3 * N;
      const Eigen::Index n = z.rows();
      using Wide = Eigen::Matrix<double, N3, N3>;
      Wide wide = Wide::Zero(3 * n, 3 * n);
      wide.template block<N, N>(0, 0, n, n) = z;
      wide.template block<N, N>(0, n, n, n).setIdentity();
      wide.template block<N, N>(n, 2 * n, n, n).setIdentity();
      const Wide e = wide.exp();
      exp = e.template block<N, N>(0, 0, n, n);
      phi1 = e.template block<N, N>(0, n, n, n);
      phi2 = e.template block<N, N>(0, 2 * n, n, n);
      // The expectation of the noise given W, or W and H: no function of the matrix alone has the
      // exact covariance.
      noise = phi1;
      area = 6 * phi1 - 12 * phi2;
    } else {
      exp = z.exp();
      phi1 = z.unaryExpr([](double v) { return stochflow::phi1(v); });
      phi2 = z.unaryExpr([](double v) { return stochflow::phi2(v); });
      noise = z.unaryExpr([](double v) { return phi_of_noise(v); });
      area = z.unaryExpr([](double v) { return phi_of_area(v); });
    }
  }
};

/// A number, the diagonal of a matrix, or a matrix, times a state.
template <class Z, class X>
X apply(const Z& z, const X& x) {
  if constexpr (MatrixExpression<Z>) {
    return X(product(z, x));
  } else {
    return X(z * x);
  }
}

/// h A for a problem that states its linear part A.
template <class P>
auto scaled_linear_part(const P& sde, double h) {
  static_assert(
      requires { sde.linear_part(); },
      "An exponential integrator needs the drift as A x + n(x, t): give the problem a member "
      "linear_part() that returns A (a number, an array for a diagonal matrix, or a matrix) and a "
      "member remainder(x, t) that returns n, or take ThetaEuler, which splits nothing.");
  return plain(h * sde.linear_part());
}

}  // namespace detail
}  // namespace stochflow
