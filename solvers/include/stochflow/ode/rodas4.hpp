#pragma once

// Stiff systems in lanes: solve_ode_lanes(field, Rodas4{}, starts, t0, t1). Hairer and Wanner's
// RODAS, L-stable and stiffly accurate, order 4 with an embedded order 3; the Jacobian and the
// derivative by time come from dual numbers, the linear equations are solved in registers. For
// systems of a few equations (the work grows with N^3 and all is unrolled: up to about 8) in large
// numbers; for one system Rosenbrock4. Steps end at save times.
//
// The field is also called with duals over packs as x and t; parameters stay packs. So write it
// generic in both: [](const auto& x, const auto& t, const auto& q). Source: Hairer and Wanner 1996,
// section IV.7.

#include <array>
#include <cstddef>
#include <string_view>

#include "stochflow/dual.hpp"
#include "stochflow/ode/lane_lu.hpp"
#include "stochflow/ode/lanes.hpp"
#include "stochflow/ode/rodas_pair.hpp"

namespace stochflow {

struct Rodas4 {
  static constexpr std::string_view name = "rodas4";
  static constexpr const auto& pair = rodas_pair;
  double rtol = 1e-6;
  double atol = 1e-6;
};

namespace detail {

template <class Field, int N, int P, std::size_t packs>
class RosenbrockLanes {
  static constexpr const auto& pair = Rodas4::pair;
  static constexpr std::size_t s = RosenbrockPair::stages;

 public:
  using D = Pack<double>;
  using X = LaneState<N>;
  using Q = LaneState<P>;
  static constexpr int order = pair.order;
  static constexpr int evaluations = static_cast<int>(s);  // a try, beside the derivatives
  static constexpr bool interpolates = false;

  RosenbrockLanes(const Field& field, const Rodas4& method)
      : field_(field), tolerance_{method.rtol, method.atol} {}

  const LaneTolerance& tolerance() const { return tolerance_; }

  // Nothing is kept from one step to the next.
  void begin(std::size_t, const PackMask<double>&, const X&) {}
  void accept(std::size_t, const PackMask<double>&) {}

  void attempt(const std::array<X, packs>& x,
               const std::array<D, packs>& t,
               const std::array<Q, packs>& q,
               const std::array<D, packs>& h,
               std::array<X, packs>& next,
               std::array<D, packs>& square) const {
    std::array<D, packs> gh;
    std::array<X, packs> f_t, at;
    std::array<LaneLu<N>, packs> lu;
    std::array<std::array<X, s>, packs> u;
    for (std::size_t p = 0; p < packs; ++p) {
      gh[p] = D(pair.gamma) * h[p];
      lu[p] = LaneLu<N>(shifted(x[p], t[p], q[p], gh[p], f_t[p]));
    }
    for_each_index<s>([&](auto stage) {
      constexpr std::size_t i = stage;
      for (std::size_t p = 0; p < packs; ++p) {
        // gamma h times the equations of rodas_pair.hpp, which leaves no division by h; what is
        // known first comes first in the sums, so that little is left when stage i - 1 is.
        X right;
        const D of_time = D(pair.d[i]) * (gh[p] * h[p]);
        for (int n = 0; n < N; ++n) right[n] = pair.d[i] == 0 ? D(0.0) : of_time * f_t[p][n];
        at[p] = x[p];
        for_each_index<i>([&](auto j) {
          constexpr double a = pair.a[i][j], k = pair.gamma * pair.k[i][j];
          for (int n = 0; n < N; ++n) {
            if constexpr (a != 0) at[p][n] = fma(D(a), u[p][j][n], at[p][n]);
            if constexpr (k != 0) right[n] = fma(D(k), u[p][j][n], right[n]);
          }
        });
        const X f = evaluate(field_, at[p], fma(D(pair.c[i]), h[p], t[p]), q[p]);
        u[p][i] = lu[p].solve(moved<N>(right, gh[p], f));
      }
    });
    for (std::size_t p = 0; p < packs; ++p) {
      for (int n = 0; n < N; ++n) next[p][n] = at[p][n] + u[p][s - 1][n];
      square[p] = mean_square<N>(u[p][s - 1], tolerance_.scale<N>(x[p], next[p]));
    }
  }

 private:
  /// 1 - gamma h J, and the derivative of the field by time.
  typename LaneLu<N>::Square shifted(
      const X& x, const D& t, const Q& q, const D& gh, X& f_t) const {
    using Number = DualOf<D>;
    using State = Eigen::Array<Number, N, 1>;
    State at;
    for (int i = 0; i < N; ++i) at[i] = Number(x[i]);
    typename LaneLu<N>::Square rows;
    for_each_index<N>([&](auto direction) {
      constexpr std::size_t j = direction;
      at[j].derivative = D(1.0);
      const State column = evaluate(field_, at, Number(t), q);
      at[j].derivative = D(0.0);
      for (std::size_t i = 0; i < N; ++i) {
        const D unit(i == j ? 1.0 : 0.0);
        rows[i][j] = fma(-gh, column[static_cast<int>(i)].derivative, unit);
      }
    });
    const State column = evaluate(field_, at, Number(t, D(1.0)), q);
    for (int i = 0; i < N; ++i) f_t[i] = column[i].derivative;
    return rows;
  }

  const Field& field_;
  LaneTolerance tolerance_;
};

template <>
struct LaneScheme<Rodas4> {
  template <class Field, int N, int P, std::size_t packs>
  using type = RosenbrockLanes<Field, N, P, packs>;
};

}  // namespace detail
}  // namespace stochflow
