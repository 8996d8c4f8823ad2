#pragma once

// Underdamped Langevin dynamics in a potential U,
//
//   dx = v dt,   dv = -gamma v dt - u grad U(x) dt + sqrt(2 gamma u) dW,
//
// with stationary density proportional to exp(-U(x) - |v|^2 / (2 u)). U is in units of k_B T, and u
// is k_B T / m, so that u grad U is force / mass. The state is PhaseSpace{x, v}.
//
// For sampling take a splitting (splitting.hpp: BAOAB has the smallest error in x), for paths ALIGN
// or UBU (order 2), ShOULD or QUICSORT (order 3); they work through `solve` and `simulate` like any
// method. Any method for additive noise applies too. When the friction is so high that velocities
// do not matter, take OverdampedLangevin.

#include <cmath>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "stochflow/facts.hpp"
#include "stochflow/langevin/phase_space.hpp"

namespace stochflow {

/// `gradient(x)` returns grad U, shaped like x.
template <class Gradient>
class UnderdampedLangevin {
 public:
  static constexpr Calculus calculus = Calculus::ito;
  static constexpr Noise noise = Noise::additive;

  /// gamma >= 0 is the friction in 1/time; u > 0 in velocity^2.
  explicit UnderdampedLangevin(Gradient gradient, double gamma = 1, double u = 1)
      : gradient_(std::move(gradient)), gamma_(gamma), u_(u) {
    if (!(gamma >= 0) || !(u > 0) || !std::isfinite(gamma) || !std::isfinite(u)) {
      std::ostringstream text;
      text << "UnderdampedLangevin: expected a friction gamma >= 0 and u = k_B T / m > 0, found "
           << "gamma = " << gamma << ", u = " << u;
      throw std::invalid_argument(text.str());
    }
  }

  double gamma() const { return gamma_; }
  double u() const { return u_; }
  double rho() const { return std::sqrt(2 * gamma_ * u_); }

  template <class X>
  X gradient(const X& x) const {
    return X(gradient_(x));
  }

  template <class X>
  PhaseSpace<X> drift(const PhaseSpace<X>& s, double) const {
    return {s.v, X((-gamma_) * s.v - u_ * gradient(s.x))};
  }
  /// The intensity of the noise, which enters v alone.
  template <class X>
  double diffusion(const PhaseSpace<X>&, double) const {
    return rho();
  }
  /// How fast the state changes, |drift| + 3 |diffusion|: what automatic_first_step asks for.
  template <class X>
  PhaseSpace<X> speed(const PhaseSpace<X>& s, double t) const {
    using std::abs;
    const PhaseSpace<X> f = drift(s, t);
    return {X(abs(f.x)), X(abs(f.v) + 3 * rho())};
  }
  template <class X>
  PhaseSpace<X> noise_term(const PhaseSpace<X>&, double, const X& dW) const {
    return {X(dW * 0.0), X(rho() * dW)};
  }

 private:
  Gradient gradient_;
  double gamma_, u_;
};

/// One Brownian motion for each degree of freedom.
template <class Gradient, class X>
X noise_like(const UnderdampedLangevin<Gradient>&, const PhaseSpace<X>& s, double) {
  return X(s.x * 0.0);
}

namespace detail {

template <class S>
struct IsPhaseSpace : std::false_type {};
template <class X>
struct IsPhaseSpace<PhaseSpace<X>> : std::true_type {};

template <class X>
X positions(const PhaseSpace<X>&);

template <class P, class S>
inline constexpr bool is_langevin = IsPhaseSpace<S>::value&& requires(const P& p) {
  p.gamma();
  p.u();
  p.rho();
};

/// The positions' type of a Langevin state S of problem P; a sentence where they are something
/// else.
template <class P, class S>
struct LangevinPositions {
  static_assert(is_langevin<P, S>,
                "This method is for underdamped Langevin dynamics: give it an UnderdampedLangevin "
                "problem and a PhaseSpace{x, v} state, or take a method for additive noise such as "
                "ShARK.");
  using type = decltype(positions(std::declval<S>()));
};
template <class P, class S>
using PositionsOf = typename LangevinPositions<P, S>::type;

}  // namespace detail
}  // namespace stochflow
