#pragma once

// A double that counts the products it takes part in and gets one of them wrong. Every coefficient
// of a method that runs on it is a factor of some product, so that a proof of order can be asked
// whether it would notice a wrong one, without a change to the method.

#include <cmath>
#include <compare>

#include "stochflow/dual.hpp"
#include "stochflow/number.hpp"

namespace stochflow::verify {

/// Whether products are counted, how many there were, and which one is half as large again.
struct ProductCount {
  bool counting = false;
  int seen = 0;
  int wrong = -1;
};
inline thread_local ProductCount products;

struct CountedNumber {
  double value = 0;

  constexpr CountedNumber() = default;
  constexpr CountedNumber(double v) : value(v) {}  // NOLINT: a constant

  CountedNumber operator-() const { return -value; }
  CountedNumber& operator+=(CountedNumber b) { return *this = value + b.value; }
  CountedNumber& operator-=(CountedNumber b) { return *this = value - b.value; }
  CountedNumber& operator*=(CountedNumber b) { return *this = product(value * b.value); }
  CountedNumber& operator/=(CountedNumber b) { return *this = product(value / b.value); }
  friend CountedNumber operator+(CountedNumber a, CountedNumber b) { return a += b; }
  friend CountedNumber operator-(CountedNumber a, CountedNumber b) { return a -= b; }
  friend CountedNumber operator*(CountedNumber a, CountedNumber b) { return a *= b; }
  friend CountedNumber operator/(CountedNumber a, CountedNumber b) { return a /= b; }
  friend auto operator<=>(CountedNumber a, CountedNumber b) = default;

 private:
  static double product(double exact) {
    const bool hit = products.counting && products.seen++ == products.wrong;
    return hit ? 1.5 * exact : exact;
  }
};

inline CountedNumber sqrt(CountedNumber a) { return std::sqrt(a.value); }
inline CountedNumber pow(CountedNumber a, double p) { return std::pow(a.value, p); }
inline CountedNumber abs(CountedNumber a) { return std::abs(a.value); }
inline CountedNumber abs2(CountedNumber a) { return a.value * a.value; }
inline bool isfinite(CountedNumber a) { return std::isfinite(a.value); }

}  // namespace stochflow::verify

template <>
inline constexpr bool stochflow::is_number<stochflow::verify::CountedNumber> = true;
template <>
struct Eigen::NumTraits<stochflow::verify::CountedNumber> : Eigen::NumTraits<double> {
  using Real = stochflow::verify::CountedNumber;
  using NonInteger = stochflow::verify::CountedNumber;
  using Nested = stochflow::verify::CountedNumber;
  using Literal = stochflow::verify::CountedNumber;
  enum { RequireInitialization = 1, ReadCost = 1, AddCost = 1, MulCost = 4 };
};
template <class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<stochflow::verify::CountedNumber, double, BinaryOp> {
  using ReturnType = stochflow::verify::CountedNumber;
};
template <class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<double, stochflow::verify::CountedNumber, BinaryOp> {
  using ReturnType = stochflow::verify::CountedNumber;
};
