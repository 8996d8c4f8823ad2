#pragma once

// A point of phase space, positions x and velocities v of one shape: the state of underdamped
// Langevin dynamics. It has + - and multiplication by a number, so every method for additive noise
// runs on it as on any other state; the methods of this folder are made for it.

#include <cmath>
#include <utility>
#include <vector>

#include "stochflow/control/error_norm.hpp"
#include "stochflow/state.hpp"

namespace stochflow {

/// X is a number (one degree of freedom), an Eigen array or a tensor.
template <class X>
struct PhaseSpace {
  using value_type = X;

  X x;  // positions
  X v;  // velocities, shaped like x

  friend PhaseSpace operator+(const PhaseSpace& a, const PhaseSpace& b) {
    return {X(a.x + b.x), X(a.v + b.v)};
  }
  friend PhaseSpace operator-(const PhaseSpace& a, const PhaseSpace& b) {
    return {X(a.x - b.x), X(a.v - b.v)};
  }
  friend PhaseSpace operator*(double k, const PhaseSpace& a) { return {X(k * a.x), X(k * a.v)}; }
  friend PhaseSpace operator*(const PhaseSpace& a, double k) { return k * a; }

  /// All numbers of the state, the positions first: what an ensemble keeps statistics of.
  std::vector<double> components() const {
    if constexpr (std::is_arithmetic_v<X>) {
      return {static_cast<double>(x), static_cast<double>(v)};
    } else {
      std::vector<double> all(x.data(), x.data() + x.size());
      all.insert(all.end(), v.data(), v.data() + v.size());
      return all;
    }
  }
};

template <class X>
PhaseSpace(X, X) -> PhaseSpace<X>;

/// The root mean square over positions and velocities, each in units of its own size.
template <class X>
double scaled_error(const PhaseSpace<X>& error,
                    const PhaseSpace<X>& s,
                    const PhaseSpace<X>& next,
                    double atol,
                    double rtol) requires MeasurableState<X> {
  const double x = scaled_error(error.x, s.x, next.x, atol, rtol);
  const double v = scaled_error(error.v, s.v, next.v, atol, rtol);
  return std::sqrt(0.5 * (x * x + v * v));
}

template <class X>
struct StateTraits<PhaseSpace<X>> {
  static constexpr bool check_each_step = StateTraits<X>::check_each_step;
  static bool all_finite(const PhaseSpace<X>& s) {
    return StateTraits<X>::all_finite(s.x) && StateTraits<X>::all_finite(s.v);
  }
};

}  // namespace stochflow
