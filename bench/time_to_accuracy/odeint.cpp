// Boost.Odeint as its tutorial "Stochastic systems" has it, with the standard library's normals or
// with Boost's (ziggurat).

#include <array>
#include <boost/numeric/odeint/integrate/integrate_n_steps.hpp>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <random>
#include <utility>

#include "question.hpp"
#include "support/stochastic_euler.hpp"

namespace time_to_accuracy {
namespace {

using State = std::array<double, 2>;

template <class Generator, class Normal>
Answer price(double rmse, std::uint64_t seed) {
  Generator generator(seed);
  Normal normal;
  const double rho_bar = std::sqrt(1 - rho * rho);
  const auto drift = [](const State& x, State& f) {
    const double v = x[1] > 0 ? x[1] : 0;
    f = {r - 0.5 * v, kappa * (v_mean - v)};
  };
  const auto noise = [&](const State& x, State& g) {
    const double root = std::sqrt(x[1] > 0 ? x[1] : 0);
    const double a = normal(generator), b = normal(generator);
    g = {root * a, xi * root * (rho * a + rho_bar * b)};
  };
  const std::int64_t steps = steps_for(rmse), paths = paths_for(rmse);
  double sum = 0;
  for (std::int64_t k = 0; k < paths; ++k) {
    State x{0.0, v_mean};
    boost::numeric::odeint::integrate_n_steps(bench::StochasticEuler<2>(),
                                              std::make_pair(drift, noise),
                                              x,
                                              0.0,
                                              1.0 / static_cast<double>(steps),
                                              static_cast<std::size_t>(steps));
    sum += x[0] > 0 ? std::exp(x[0]) - 1 : 0;
  }
  return {std::exp(-r) * sum / static_cast<double>(paths), static_cast<double>(steps * paths)};
}

}  // namespace

Answer odeint_std(double rmse, std::uint64_t seed) {
  return price<std::mt19937_64, std::normal_distribution<double>>(rmse, seed);
}
Answer odeint_ziggurat(double rmse, std::uint64_t seed) {
  return price<boost::random::mt19937_64, boost::random::normal_distribution<double>>(rmse, seed);
}

}  // namespace time_to_accuracy
