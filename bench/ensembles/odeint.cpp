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

namespace ensembles {
namespace {

template <std::size_t n, class Drift, class Noise>
double mean_of(std::int64_t paths,
               const std::array<double, n>& x0,
               const Drift& drift,
               const Noise& noise) {
  double sum = 0;
  for (std::int64_t k = 0; k < paths; ++k) {
    auto x = x0;
    boost::numeric::odeint::integrate_n_steps(
        bench::StochasticEuler<n>(), std::make_pair(drift, noise), x, 0.0, h, steps);
    sum += x[0];
  }
  return sum / static_cast<double>(paths);
}

template <class Normal>
double run(Equation equation, std::int64_t paths, Normal& z) {
  using One = std::array<double, 1>;
  using Two = std::array<double, 2>;
  using Three = std::array<double, 3>;
  switch (equation) {
    case Equation::gbm:
      return mean_of<1>(
          paths,
          {1.0},
          [](const One& x, One& f) { f[0] = mu * x[0]; },
          [&z](const One& x, One& g) { g[0] = sigma * x[0] * z(); });
    case Equation::ou:
      return mean_of<1>(
          paths,
          {1.0},
          [](const One& x, One& f) { f[0] = theta * (level - x[0]); },
          [&z](const One&, One& g) { g[0] = volatility * z(); });
    case Equation::heston:
      return mean_of<2>(
          paths,
          {0.0, v_mean},
          [](const Two& x, Two& f) {
            const double v = x[1] > 0 ? x[1] : 0;
            f = {r - 0.5 * v, kappa * (v_mean - v)};
          },
          [&z](const Two& x, Two& g) {
            const double root = std::sqrt(x[1] > 0 ? x[1] : 0);
            const double a = z(), b = z();
            g = {root * a, xi * root * (rho * a + rho_bar * b)};
          });
    case Equation::lorenz:
      return mean_of<3>(
          paths,
          {1.0, 1.0, 1.0},
          [](const Three& x, Three& f) {
            f = {ls * (x[1] - x[0]), x[0] * (lr - x[2]) - x[1], x[0] * x[1] - lb * x[2]};
          },
          [&z](const Three&, Three& g) {
            g = {lc * z(), lc * z(), lc * z()};
          });
  }
  return not_done;
}

}  // namespace

double odeint_std(Equation equation, std::uint64_t seed, std::int64_t paths) {
  std::mt19937_64 generator(seed);
  std::normal_distribution<double> normal;
  const auto z = [&] { return normal(generator); };
  return run(equation, paths, z);
}

double odeint_ziggurat(Equation equation, std::uint64_t seed, std::int64_t paths) {
  boost::random::mt19937_64 generator(seed);
  boost::random::normal_distribution<double> normal;
  const auto z = [&] { return normal(generator); };
  return run(equation, paths, z);
}

}  // namespace ensembles
