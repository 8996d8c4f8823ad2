#pragma once

// A function of a state (x1 ... x4) and the time near a point, as its Taylor series up to total
// degree 6 in the distances from that point. Series run through the text of a problem's drift and
// diffusion like any other number, and what comes out is exact: no step size, no truncation error.
// That is what makes the reference of a proof of order (one_step.hpp) independent of every method.
// For first derivatives along one direction take Dual (dual.hpp), which is far cheaper.

#include <Eigen/Core>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <stdexcept>

namespace stochflow::verify {

class Series {
 public:
  static constexpr int states = 4;
  static constexpr int degree = 6;
  static constexpr int time = states;  // the index of the time among the variables
  using Exponents = std::array<std::uint8_t, states + 1>;

  Series() = default;
  Series(double constant) {  // NOLINT: a number is a constant series
    if (constant != 0) terms_[Exponents{}] = constant;
  }

  /// `at` plus the distance of variable i from `at`.
  static Series variable(int i, double at) {
    Exponents exponents{};
    exponents.at(static_cast<std::size_t>(i)) = 1;
    Series result(at);
    result.terms_[exponents] = 1;
    return result;
  }
  /// The product of distances with these exponents.
  static Series monomial(const Exponents& exponents) {
    Series result;
    if (total(exponents) <= degree) result.terms_[exponents] = 1;
    return result;
  }

  /// The value at the point itself.
  double constant() const {
    const auto found = terms_.find(Exponents{});
    return found == terms_.end() ? 0 : found->second;
  }

  /// The partial derivative by variable i. Its terms of degree 6 are lost, so that n derivatives
  /// leave a series that is right up to degree 6 - n.
  Series derivative(int i) const {
    const auto at = static_cast<std::size_t>(i);
    Series result;
    for (const auto& [exponents, coefficient] : terms_) {
      if (exponents[at] == 0) continue;
      Exponents lower = exponents;
      --lower[at];
      result.terms_[lower] = coefficient * exponents[at];
    }
    return result;
  }

  Series& operator+=(const Series& b) {
    for (const auto& [exponents, coefficient] : b.terms_) terms_[exponents] += coefficient;
    return *this;
  }
  Series& operator-=(const Series& b) { return *this += b * Series(-1); }
  Series& operator*=(const Series& b) { return *this = *this * b; }
  Series& operator/=(const Series& b) { return *this = *this / b; }
  Series operator-() const { return *this * Series(-1); }

  friend Series operator+(Series a, const Series& b) { return a += b; }
  friend Series operator-(Series a, const Series& b) { return a -= b; }
  friend Series operator*(const Series& a, const Series& b) {
    Series product;
    for (const auto& [p, u] : a.terms_) {
      for (const auto& [q, v] : b.terms_) {
        if (total(p) + total(q) > degree) continue;
        Exponents sum = p;
        for (std::size_t i = 0; i < sum.size(); ++i) {
          sum[i] = static_cast<std::uint8_t>(sum[i] + q[i]);
        }
        product.terms_[sum] += u * v;
      }
    }
    return product;
  }
  friend Series operator/(const Series& a, const Series& b) {
    return a * b.composed(
                   [](int n, double at) { return (n % 2 == 0 ? 1 : -1) * std::pow(at, -1 - n); });
  }

  friend Series exp(const Series& a) {
    return a.composed([](int n, double at) { return std::exp(at) / std::tgamma(n + 1.0); });
  }
  friend Series sin(const Series& a) {
    return a.composed(
        [](int n, double at) { return std::sin(at + n * std::acos(0.0)) / std::tgamma(n + 1.0); });
  }
  friend Series cos(const Series& a) {
    return a.composed(
        [](int n, double at) { return std::cos(at + n * std::acos(0.0)) / std::tgamma(n + 1.0); });
  }
  friend Series log(const Series& a) {
    return a.composed([](int n, double at) {
      return n == 0 ? std::log(at) : (n % 2 == 0 ? -1 : 1) * std::pow(at, -n) / n;
    });
  }
  /// Everywhere but at zero, where the root has no series.
  friend Series sqrt(const Series& a) {
    return a.composed([](int n, double at) {
      double binomial = 1;
      for (int k = 0; k < n; ++k) binomial *= (0.5 - k) / (k + 1);
      return binomial * std::pow(at, 0.5 - n);
    });
  }

 private:
  static int total(const Exponents& exponents) {
    return std::accumulate(exponents.begin(), exponents.end(), 0);
  }

  /// sum_n c(n, a0) (a - a0)^n with a0 the constant term: the series of a function of this one
  /// whose own Taylor coefficients are c.
  template <class Coefficients>
  Series composed(const Coefficients& c) const {
    const double at = constant();
    const Series distance = *this - Series(at);
    Series result(c(degree, at));
    for (int n = degree - 1; n >= 0; --n) result = result * distance + Series(c(n, at));
    return result;
  }

  std::map<Exponents, double> terms_;
};

}  // namespace stochflow::verify

template <>
struct Eigen::NumTraits<stochflow::verify::Series> : Eigen::NumTraits<double> {
  using Real = stochflow::verify::Series;
  using NonInteger = stochflow::verify::Series;
  using Nested = stochflow::verify::Series;
  using Literal = stochflow::verify::Series;
  enum { RequireInitialization = 1, ReadCost = 50, AddCost = 50, MulCost = 500 };
};
template <class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<stochflow::verify::Series, double, BinaryOp> {
  using ReturnType = stochflow::verify::Series;
};
template <class BinaryOp>
struct Eigen::ScalarBinaryOpTraits<double, stochflow::verify::Series, BinaryOp> {
  using ReturnType = stochflow::verify::Series;
};
