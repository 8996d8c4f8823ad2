#pragma once

// Forward-mode dual numbers: a value and its derivative along one direction. They turn the text of
// a user's drift or diffusion into its exact directional derivative, which is what Milstein's
// method, implicit solvers and the structure probe need. Use them inside Eigen arrays
// (Eigen::Array<Dual, N, 1>) for vector states; for tensors use torch's own autograd.

#include <Eigen/Core>
#include <cmath>
#include <type_traits>

namespace stochflow {

struct Dual {
  double value = 0;
  double derivative = 0;

  constexpr Dual() = default;
  constexpr Dual(double v) : value(v) {}  // NOLINT: a constant is a dual with derivative zero
  constexpr Dual(double v, double d) : value(v), derivative(d) {}

  constexpr Dual operator-() const { return {-value, -derivative}; }
  constexpr Dual& operator+=(Dual b) {
    return *this = {value + b.value, derivative + b.derivative};
  }
  constexpr Dual& operator-=(Dual b) {
    return *this = {value - b.value, derivative - b.derivative};
  }
  constexpr Dual& operator*=(Dual b) {
    return *this = {value * b.value, derivative * b.value + value * b.derivative};
  }
  constexpr Dual& operator/=(Dual b) {
    const double q = value / b.value;
    return *this = {q, (derivative - q * b.derivative) / b.value};
  }
  friend constexpr Dual operator+(Dual a, Dual b) { return a += b; }
  friend constexpr Dual operator-(Dual a, Dual b) { return a -= b; }
  friend constexpr Dual operator*(Dual a, Dual b) { return a *= b; }
  friend constexpr Dual operator/(Dual a, Dual b) { return a /= b; }

  friend constexpr bool operator<(Dual a, Dual b) { return a.value < b.value; }
  friend constexpr bool operator>(Dual a, Dual b) { return a.value > b.value; }
  friend constexpr bool operator<=(Dual a, Dual b) { return a.value <= b.value; }
  friend constexpr bool operator>=(Dual a, Dual b) { return a.value >= b.value; }
  friend constexpr bool operator==(Dual a, Dual b) { return a.value == b.value; }
  friend constexpr bool operator!=(Dual a, Dual b) { return a.value != b.value; }
};

inline Dual sqrt(Dual a) {
  const double root = std::sqrt(a.value);
  // At zero the slope is infinite; a constant zero (derivative 0) must stay 0 and not become NaN.
  return {root, a.derivative == 0 ? 0 : a.derivative / (2 * root)};
}
inline Dual exp(Dual a) {
  const double e = std::exp(a.value);
  return {e, e * a.derivative};
}
inline Dual expm1(Dual a) { return {std::expm1(a.value), std::exp(a.value) * a.derivative}; }
inline Dual log(Dual a) { return {std::log(a.value), a.derivative / a.value}; }
inline Dual log1p(Dual a) { return {std::log1p(a.value), a.derivative / (1 + a.value)}; }
inline Dual sin(Dual a) { return {std::sin(a.value), std::cos(a.value) * a.derivative}; }
inline Dual cos(Dual a) { return {std::cos(a.value), -std::sin(a.value) * a.derivative}; }
inline Dual tan(Dual a) {
  const double t = std::tan(a.value);
  return {t, (1 + t * t) * a.derivative};
}
inline Dual tanh(Dual a) {
  const double t = std::tanh(a.value);
  return {t, (1 - t * t) * a.derivative};
}
inline Dual pow(Dual a, double p) {
  const double slope = p == 0 ? 0 : p * std::pow(a.value, p - 1);
  return {std::pow(a.value, p), slope * a.derivative};
}
inline Dual abs(Dual a) { return a.value < 0 ? -a : a; }
inline Dual abs2(Dual a) { return a * a; }
inline bool isfinite(Dual a) { return std::isfinite(a.value) && std::isfinite(a.derivative); }

}  // namespace stochflow

template <>
struct Eigen::NumTraits<stochflow::Dual> : Eigen::NumTraits<double> {
  using Real = stochflow::Dual;
  using NonInteger = stochflow::Dual;
  using Nested = stochflow::Dual;
  using Literal = stochflow::Dual;
  enum { RequireInitialization = 1, ReadCost = 2, AddCost = 2, MulCost = 4 };
};
template <class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<stochflow::Dual, double, BinaryOp> {
  using ReturnType = stochflow::Dual;
};
template <class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<double, stochflow::Dual, BinaryOp> {
  using ReturnType = stochflow::Dual;
};
