#pragma once

// The stepper of Boost.Odeint's tutorial "Stochastic systems": Euler's for a pair of a
// deterministic and a stochastic part, for the competitors that stand for Boost.Odeint.

#include <array>
#include <boost/numeric/odeint/stepper/stepper_categories.hpp>
#include <cmath>
#include <cstddef>

namespace bench {

template <std::size_t n>
struct StochasticEuler {
  using state_type = std::array<double, n>;
  using deriv_type = state_type;
  using value_type = double;
  using time_type = double;
  using order_type = unsigned short;
  using stepper_category = boost::numeric::odeint::stepper_tag;
  static order_type order() { return 1; }

  template <class System>
  void do_step(System system, state_type& x, double, double dt) const {
    state_type drift, noise;
    system.first(x, drift);
    system.second(x, noise);
    for (std::size_t k = 0; k < n; ++k) x[k] += dt * drift[k] + std::sqrt(dt) * noise[k];
  }
};

}  // namespace bench
