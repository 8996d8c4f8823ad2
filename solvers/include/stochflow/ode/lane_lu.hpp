#pragma once

// Linear equations of a small system in every lane: LU with partial pivoting, where each lane picks
// its own rows. A singular matrix gives numbers that are not finite, in its lane.

#include <array>
#include <cstddef>

#include "stochflow/ode/lane_state.hpp"

namespace stochflow::detail {

template <int N>
class LaneLu {
 public:
  using D = Pack<double>;
  using Square = std::array<std::array<D, N>, N>;  // rows

  LaneLu() = default;  // not initialised
  explicit LaneLu(const Square& a) : a_(a) {
    for_each_index<N>([&](auto column) {
      constexpr std::size_t k = column;
      for (std::size_t i = k + 1; i < N; ++i) {
        exchange_[k][i] = abs(a_[i][k]) > abs(a_[k][k]);
        for (std::size_t j = k; j < N; ++j) exchange_if(exchange_[k][i], a_[k][j], a_[i][j]);
      }
      inverse_[k] = D(1.0) / a_[k][k];
      for (std::size_t i = k + 1; i < N; ++i) {
        a_[i][k] = a_[i][k] * inverse_[k];
        for (std::size_t j = k + 1; j < N; ++j) a_[i][j] = fma(-a_[i][k], a_[k][j], a_[i][j]);
      }
    });
  }

  LaneState<N> solve(LaneState<N> b) const {
    for_each_index<N>([&](auto column) {
      constexpr std::size_t k = column;
      for (std::size_t i = k + 1; i < N; ++i) exchange_if(exchange_[k][i], b[k], b[i]);
      for (std::size_t i = k + 1; i < N; ++i) b[i] = fma(-a_[i][k], b[k], b[i]);
    });
    for_each_index<N>([&](auto from_below) {
      constexpr std::size_t k = N - 1 - from_below;
      for (std::size_t j = k + 1; j < N; ++j) b[k] = fma(-a_[k][j], b[j], b[k]);
      b[k] = b[k] * inverse_[k];
    });
    return b;
  }

 private:
  static void exchange_if(const PackMask<double>& mask, D& a, D& b) {
    const D upper = select(mask, b, a);
    b = select(mask, a, b);
    a = upper;
  }

  Square a_;  // both factors
  std::array<D, N> inverse_;
  std::array<std::array<PackMask<double>, N>, N> exchange_;  // [k][i]: rows k and i, i > k
};

}  // namespace stochflow::detail
