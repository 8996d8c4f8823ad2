// Boost.Odeint's own way to an SDE: the stepper of its tutorial "Stochastic systems" (a system of a
// deterministic and a stochastic part) with the standard library's generator and normals.

#include <boost/numeric/odeint/integrate/integrate_n_steps.hpp>
#include <boost/numeric/odeint/stepper/stepper_categories.hpp>
#include <cmath>
#include <random>
#include <utility>

#include "question.hpp"

namespace step_cost {
namespace {

struct StochasticEuler {
  using state_type = double;
  using deriv_type = double;
  using value_type = double;
  using time_type = double;
  using order_type = unsigned short;
  using stepper_category = boost::numeric::odeint::stepper_tag;
  static order_type order() { return 1; }

  template <class System>
  void do_step(System system, double& x, double, double dt) const {
    double drift = 0, noise = 0;
    system.first(x, drift);
    system.second(x, noise);
    x += dt * drift + std::sqrt(dt) * noise;
  }
};

struct Noise {
  std::mt19937_64& generator;
  std::normal_distribution<double>& normal;
  void operator()(double x, double& dxdt) const { dxdt = sigma * x * normal(generator); }
};

}  // namespace

double odeint_integrate(std::uint64_t seed, int paths) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  const auto drift = [](double x, double& dxdt) { dxdt = mu * x; };
  const auto system = std::make_pair(drift, Noise{generator, normal});
  double sum = 0;
  for (int k = 0; k < paths; ++k) {
    double x = 1;
    boost::numeric::odeint::integrate_n_steps(StochasticEuler(), system, x, 0.0, h, steps);
    sum += x;
  }
  return sum;
}

}  // namespace step_cost
