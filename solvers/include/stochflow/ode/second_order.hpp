#pragma once

// d2x/dt2 = acceleration(x) by Boost.Odeint's methods for phase space. They suit long runs, because
// they are symplectic: the energy of a conservative force wobbles and does not drift.
//
//   SymplecticEuler  order 1
//   VelocityVerlet   order 2, one evaluation a step: the default of molecular dynamics
//   McLachlan        order 4, six evaluations, small error
//   McLachlanM4      order 4, five evaluations
// With friction and noise: stochflow/langevin.

#include <boost/numeric/odeint/stepper/symplectic_euler.hpp>
#include <boost/numeric/odeint/stepper/symplectic_rkn_sb3a_m4_mclachlan.hpp>
#include <boost/numeric/odeint/stepper/symplectic_rkn_sb3a_mclachlan.hpp>
#include <boost/numeric/odeint/stepper/velocity_verlet.hpp>
#include <cstdint>
#include <string_view>
#include <utility>

#include "stochflow/langevin/phase_space.hpp"
#include "stochflow/ode/solve_ode.hpp"

namespace stochflow {

namespace detail {

/// One of odeint's steppers, whose states are pairs, on phase space. `Force` makes the system that
/// the stepper asks for from accelerate(q, a).
template <class X, class Stepper, class Force>
class PairStepper {
 public:
  template <class System>
  void do_step(
      const System& system, const PhaseSpace<X>& in, double t, PhaseSpace<X>& out, double h) {
    boost::numeric::odeint::copy(in.x, state_.first);
    boost::numeric::odeint::copy(in.v, state_.second);
    const auto accelerate = [&](const X& q, X& a) { system(q, a, t); };
    stepper_.do_step(Force::from(accelerate), state_, t, h);
    boost::numeric::odeint::copy(state_.first, out.x);
    boost::numeric::odeint::copy(state_.second, out.v);
  }

 private:
  Stepper stepper_;
  std::pair<X, X> state_;
};

struct PlainForce {
  template <class Accelerate>
  static auto from(const Accelerate& accelerate) {
    return [&accelerate](const auto& q, auto& a) { accelerate(q, a); };
  }
};

struct ForceOfVelocityAndTime {
  template <class Accelerate>
  static auto from(const Accelerate& accelerate) {
    return [&accelerate](const auto& q, const auto&, auto& a, double) { accelerate(q, a); };
  }
};

template <class X, template <class, class, class, class, class, class, class, class, class> class S>
using SymplecticStepper = PairStepper<X,
                                      S<X,
                                        X,
                                        double,
                                        X,
                                        X,
                                        double,
                                        OdeintAlgebra<X>,
                                        boost::numeric::odeint::default_operations,
                                        boost::numeric::odeint::initially_resizer>,
                                      PlainForce>;
template <class X, template <class, class, class, class, class, class, class, class, class> class S>
using VerletStepper = PairStepper<X,
                                  S<X,
                                    X,
                                    double,
                                    X,
                                    double,
                                    double,
                                    OdeintAlgebra<X>,
                                    boost::numeric::odeint::default_operations,
                                    boost::numeric::odeint::initially_resizer>,
                                  ForceOfVelocityAndTime>;

}  // namespace detail

struct SymplecticEuler {
  static constexpr std::string_view name = "symplectic-euler";
  std::int64_t n = 100;  // equal steps

  template <class X>
  auto make() const {
    return detail::SymplecticStepper<X, boost::numeric::odeint::symplectic_euler>();
  }
};

struct VelocityVerlet {
  static constexpr std::string_view name = "velocity-verlet";
  std::int64_t n = 100;

  template <class X>
  auto make() const {
    return detail::VerletStepper<X, boost::numeric::odeint::velocity_verlet>();
  }
};

struct McLachlan {
  static constexpr std::string_view name = "mclachlan";
  std::int64_t n = 100;

  template <class X>
  auto make() const {
    return detail::SymplecticStepper<X, boost::numeric::odeint::symplectic_rkn_sb3a_mclachlan>();
  }
};

struct McLachlanM4 {
  static constexpr std::string_view name = "mclachlan-m4";
  std::int64_t n = 100;

  template <class X>
  auto make() const {
    return detail::SymplecticStepper<X, boost::numeric::odeint::symplectic_rkn_sb3a_m4_mclachlan>();
  }
};

/// From positions and velocities at t0 to t1; save times are multiples of the step, and
/// observer(state, t) is called at t0 and after every step. `evaluations` counts accelerations.
template <class Acceleration, class Tag, class X, class Observer = NoObserver>
OdeSolution<PhaseSpace<X>> solve_second_order(const Acceleration& acceleration,
                                              const Tag& tag,
                                              const PhaseSpace<X>& start,
                                              double t0,
                                              double t1,
                                              const OdeOptions& options = {},
                                              Observer&& observer = {}) {
  const auto field = [&](const X& x, double) -> X { return acceleration(x); };
  return integrate_in_steps(
      tag, field, tag.template make<X>(), start, t0, t1, options, std::forward<Observer>(observer));
}

}  // namespace stochflow
