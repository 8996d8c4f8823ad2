#pragma once

// Small constant arithmetic for Runge-Kutta tableaus.

#include <algorithm>
#include <array>
#include <cstddef>

#include "stochflow/unroll.hpp"

namespace stochflow::srk {

template <std::size_t s>
using Row = std::array<double, s>;
template <std::size_t s>
using Square = std::array<Row<s>, s>;

constexpr double magnitude(double v) { return v < 0 ? -v : v; }

template <std::size_t s>
constexpr double dot(const Row<s>& a, const Row<s>& b) {
  double total = 0;
  for (std::size_t i = 0; i < s; ++i) total += a[i] * b[i];
  return total;
}
template <std::size_t s>
constexpr double sum(const Row<s>& a) {
  double total = 0;
  for (const double v : a) total += v;
  return total;
}
template <std::size_t s>
constexpr Row<s> squares(Row<s> a) {
  for (double& v : a) v *= v;
  return a;
}
/// A a
template <std::size_t s>
constexpr Row<s> times(const Square<s>& A, const Row<s>& a) {
  Row<s> result{};
  for (std::size_t i = 0; i < s; ++i) result[i] = dot(A[i], a);
  return result;
}
/// A e with e = (1, ..., 1)
template <std::size_t s>
constexpr Row<s> row_sums(const Square<s>& A) {
  Row<s> result{};
  for (std::size_t i = 0; i < s; ++i) result[i] = sum(A[i]);
  return result;
}
/// Whether column j of A has an entry other than zero.
template <std::size_t s>
constexpr bool uses_column(const Square<s>& A, std::size_t j) {
  return std::any_of(A.begin(), A.end(), [&](const Row<s>& row) { return row[j] != 0; });
}

/// Whether row i of A has no entry: its stage is the state itself.
template <std::size_t s>
constexpr bool empty_row(const Square<s>& A, std::size_t i) {
  return std::all_of(A[i].begin(), A[i].end(), [](double entry) { return entry == 0; });
}

/// sum_k b_k v_k over the b_k that are not zero, with the row b = row() a constant.
template <class V, std::size_t n, class ConstantRow>
V combination(const std::array<V, n>& v, const ConstantRow& /* row */) {
  constexpr Row<n> b = ConstantRow{}();
  constexpr auto first = static_cast<std::size_t>(
      std::find_if(b.begin(), b.end() - 1, [](double entry) { return entry != 0; }) - b.begin());
  V total = b[first] * v[first];
  detail::unroll<n>([&](auto k) {
    if constexpr (k > first && b[k] != 0) total = total + b[k] * v[k];
  });
  return total;
}

}  // namespace stochflow::srk
