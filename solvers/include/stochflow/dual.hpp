#pragma once

// Forward-mode dual numbers: a value and its derivative along one direction. They turn the text of
// a user's drift or diffusion into its exact directional derivative, which is what Milstein's
// method, implicit solvers and the structure probe need. Use them inside Eigen arrays
// (Eigen::Array<Dual, N, 1>) for vector states; for tensors use torch's own autograd.

#include <Eigen/Core>
#include <cmath>
#include <type_traits>

#include "stochflow/number.hpp"

namespace stochflow {

/// T: double, or a pack of them (pack.hpp).
template <class T>
struct DualOf {
  T value{};
  T derivative{};

  constexpr DualOf() = default;
  constexpr DualOf(T v) : value(v) {}  // NOLINT: a constant is a dual with derivative zero
  constexpr DualOf(T v, T d) : value(v), derivative(d) {}
  template <class A>
  requires(std::is_arithmetic_v<A> &&
           !std::is_same_v<A, T>) constexpr DualOf(A v)  // NOLINT: the same
      : value(static_cast<double>(v)) {}

  constexpr DualOf operator-() const { return {-value, -derivative}; }
  constexpr DualOf& operator+=(DualOf b) {
    return *this = {value + b.value, derivative + b.derivative};
  }
  constexpr DualOf& operator-=(DualOf b) {
    return *this = {value - b.value, derivative - b.derivative};
  }
  constexpr DualOf& operator*=(DualOf b) {
    return *this = {value * b.value, derivative * b.value + value * b.derivative};
  }
  constexpr DualOf& operator/=(DualOf b) {
    const T q = value / b.value;
    return *this = {q, (derivative - q * b.derivative) / b.value};
  }
  friend constexpr DualOf operator+(DualOf a, DualOf b) { return a += b; }
  friend constexpr DualOf operator-(DualOf a, DualOf b) { return a -= b; }
  friend constexpr DualOf operator*(DualOf a, DualOf b) { return a *= b; }
  friend constexpr DualOf operator/(DualOf a, DualOf b) { return a /= b; }

  // With constants: as a dual, a constant would have a derivative of zero, and a compiler must not
  // leave out the products with it.
  template <class A>
  requires std::is_arithmetic_v<A>
  friend constexpr DualOf operator+(DualOf a, A b) { return {a.value + constant(b), a.derivative}; }
  template <class A>
  requires std::is_arithmetic_v<A>
  friend constexpr DualOf operator+(A a, DualOf b) { return {constant(a) + b.value, b.derivative}; }
  template <class A>
  requires std::is_arithmetic_v<A>
  friend constexpr DualOf operator-(DualOf a, A b) { return {a.value - constant(b), a.derivative}; }
  template <class A>
  requires std::is_arithmetic_v<A>
  friend constexpr DualOf operator-(A a, DualOf b) {
    return {constant(a) - b.value, -b.derivative};
  }
  template <class A>
  requires std::is_arithmetic_v<A>
  friend constexpr DualOf operator*(DualOf a, A b) {
    return {a.value * constant(b), a.derivative * constant(b)};
  }
  template <class A>
  requires std::is_arithmetic_v<A>
  friend constexpr DualOf operator*(A a, DualOf b) {
    return {constant(a) * b.value, constant(a) * b.derivative};
  }
  template <class A>
  requires std::is_arithmetic_v<A>
  friend constexpr DualOf operator/(DualOf a, A b) {
    return {a.value / constant(b), a.derivative / constant(b)};
  }

  // Of the values: bool, or the mask of a pack.
  friend constexpr auto operator<(DualOf a, DualOf b) { return a.value < b.value; }
  friend constexpr auto operator>(DualOf a, DualOf b) { return a.value > b.value; }
  friend constexpr auto operator<=(DualOf a, DualOf b) { return a.value <= b.value; }
  friend constexpr auto operator>=(DualOf a, DualOf b) { return a.value >= b.value; }
  friend constexpr auto operator==(DualOf a, DualOf b) { return a.value == b.value; }
  friend constexpr auto operator!=(DualOf a, DualOf b) { return a.value != b.value; }

 private:
  /// A constant as T takes it: a float as a float, not to have the product as a double.
  template <class A>
  static constexpr auto constant(A a) {
    if constexpr (std::is_arithmetic_v<T>) {
      return static_cast<T>(a);
    } else {
      return static_cast<double>(a);
    }
  }
};

using Dual = DualOf<double>;

/// a where the mask of a pack holds, otherwise b, with its derivative.
template <class Mask, class T>
requires(!std::is_same_v<Mask, bool>) DualOf<T> select(const Mask& mask,
                                                       const DualOf<T>& a,
                                                       const std::type_identity_t<DualOf<T>>& b) {
  return {select(mask, a.value, b.value), select(mask, a.derivative, b.derivative)};
}

template <class T>
DualOf<T> sqrt(DualOf<T> a) {
  using std::sqrt;
  const T root = sqrt(a.value);
  // At zero the slope is infinite; a constant zero (derivative 0) must stay 0 and not become NaN.
  return {root, select(a.derivative == T(0), T(0), a.derivative / (T(2) * root))};
}
template <class T>
DualOf<T> exp(DualOf<T> a) {
  using std::exp;
  const T e = exp(a.value);
  return {e, e * a.derivative};
}
template <class T>
DualOf<T> expm1(DualOf<T> a) {
  using std::exp, std::expm1;
  return {expm1(a.value), exp(a.value) * a.derivative};
}
template <class T>
DualOf<T> log(DualOf<T> a) {
  using std::log;
  return {log(a.value), a.derivative / a.value};
}
template <class T>
DualOf<T> log1p(DualOf<T> a) {
  using std::log1p;
  return {log1p(a.value), a.derivative / (T(1) + a.value)};
}
template <class T>
DualOf<T> sin(DualOf<T> a) {
  using std::cos, std::sin;
  return {sin(a.value), cos(a.value) * a.derivative};
}
template <class T>
DualOf<T> cos(DualOf<T> a) {
  using std::cos, std::sin;
  return {cos(a.value), -sin(a.value) * a.derivative};
}
template <class T>
DualOf<T> tan(DualOf<T> a) {
  using std::tan;
  const T t = tan(a.value);
  return {t, (T(1) + t * t) * a.derivative};
}
template <class T>
DualOf<T> tanh(DualOf<T> a) {
  using std::tanh;
  const T t = tanh(a.value);
  return {t, (T(1) - t * t) * a.derivative};
}
template <class T>
DualOf<T> pow(DualOf<T> a, double p) {
  using std::pow;
  const T slope = p == 0 ? T(0) : p * pow(a.value, p - 1);
  return {pow(a.value, p), slope * a.derivative};
}
template <class T>
DualOf<T> abs(DualOf<T> a) {
  return select(a.value < T(0), -a, a);
}
template <class T>
DualOf<T> abs2(DualOf<T> a) {
  return a * a;
}
template <class T>
auto isfinite(DualOf<T> a) {
  using std::isfinite;
  return isfinite(a.value) && isfinite(a.derivative);
}

}  // namespace stochflow

template <class T>
struct Eigen::NumTraits<stochflow::DualOf<T>> : Eigen::NumTraits<double> {
  using Real = stochflow::DualOf<T>;
  using NonInteger = stochflow::DualOf<T>;
  using Nested = stochflow::DualOf<T>;
  using Literal = stochflow::DualOf<T>;
  enum { RequireInitialization = 1, ReadCost = 2, AddCost = 2, MulCost = 4 };
};
template <class T, class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<stochflow::DualOf<T>, double, BinaryOp> {
  using ReturnType = stochflow::DualOf<T>;
};
template <class T, class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<double, stochflow::DualOf<T>, BinaryOp> {
  using ReturnType = stochflow::DualOf<T>;
};
