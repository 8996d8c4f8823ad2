#pragma once

// A try of a step by any explicit pair of explicit_pairs.hpp, for several packs of trajectories at
// once: the packs go stage by stage side by side, so that while one waits for its arithmetic the
// other computes. Called by solve_ode_lanes.

#include <array>
#include <cstddef>

#include "stochflow/ode/explicit_pairs.hpp"
#include "stochflow/ode/lane_state.hpp"

namespace stochflow::detail {

template <class Method, class Field, int N, int P, std::size_t packs>
class ExplicitLanes {
  static constexpr const auto& pair = Method::pair;
  static constexpr std::size_t s = std::decay_t<decltype(pair)>::stages;

 public:
  using D = Pack<double>;
  using X = LaneState<N>;
  using Q = LaneState<P>;
  static constexpr int order = pair.order;
  static constexpr int evaluations = static_cast<int>(s) - 1;  // a try
  static constexpr bool interpolates = Method::interpolates;

  ExplicitLanes(const Field& field, const Method& method)
      : field_(field), tolerance_{method.rtol, method.atol} {
    // Lanes without a trajectory compute too, from these.
    for (auto& stages : k_) stages.fill(X::Constant(D(0.0)));
  }

  const LaneTolerance& tolerance() const { return tolerance_; }

  /// Takes note of new states in some lanes of pack p, where the field is f.
  void begin(std::size_t p, const PackMask<double>& fresh, const X& f) {
    k_[p][0] = blend<N>(fresh, f, k_[p][0]);
  }

  /// A step h from (x, t): the state after it, and the square of its error over the tolerance.
  void attempt(const std::array<X, packs>& x,
               const std::array<D, packs>& t,
               const std::array<Q, packs>& q,
               const std::array<D, packs>& h,
               std::array<X, packs>& next,
               std::array<D, packs>& square) {
    for_each_index<s - 1>([&](auto before) {
      constexpr std::size_t i = before + 1;
      for (std::size_t p = 0; p < packs; ++p) {
        next[p] = moved<N>(x[p], h[p], weighed<i>(pair.a[i], k_[p]));
        k_[p][i] = evaluate(field_, next[p], fma(D(pair.c[i]), h[p], t[p]), q[p]);
      }
    });
    for (std::size_t p = 0; p < packs; ++p) {
      const X scale = tolerance_.scale<N>(x[p], next[p]);
      const D hh = h[p] * h[p];
      const D e = hh * mean_square<N>(weighed<s>(pair.e, k_[p]), scale);
      if constexpr (pair.has_low()) {
        const D low = hh * mean_square<N>(weighed<s>(pair.e_low, k_[p]), scale);
        square[p] = select(e > D(0.0), e * e / fma(D(0.01), low, e), e);
      } else {
        square[p] = e;
      }
    }
  }

  /// The last try of these lanes of pack p is a step.
  void accept(std::size_t p, const PackMask<double>& lanes) {
    k_[p][0] = blend<N>(lanes, k_[p][s - 1], k_[p][0]);
  }

  /// The state at t + theta h within the last try of a lane, before `accept`.
  Eigen::Array<double, N, 1> inside(
      std::size_t p, int lane, const X& x, double h, double theta) const {
    const auto w = Method::weights(theta);
    Eigen::Array<double, N, 1> at;
    for (int i = 0; i < N; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < s; ++j) sum = std::fma(w[j], k_[p][j][i][lane], sum);
      at[i] = std::fma(h, sum, x[i][lane]);
    }
    return at;
  }

 private:
  /// sum_{j < count} w_j k_j; w is one of the arrays of the pair, so its zeros cost nothing.
  template <std::size_t count>
  static X weighed(const std::array<double, s>& w, const std::array<X, s>& k) {
    X sum;
    for (int i = 0; i < N; ++i) {
      sum[i] = D(w[0]) * k[0][i];
#pragma GCC unroll 16
      for (std::size_t j = 1; j < count; ++j) {
        if (w[j] != 0) sum[i] = fma(D(w[j]), k[j][i], sum[i]);
      }
    }
    return sum;
  }

  const Field& field_;
  LaneTolerance tolerance_;
  std::array<std::array<X, s>, packs> k_;  // k_[p][0] is the field at the state
};

}  // namespace stochflow::detail
