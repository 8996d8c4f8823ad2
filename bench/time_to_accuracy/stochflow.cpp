// This library on one thread, as its users write it.

#include <algorithm>
#include <array>
#include <cmath>

#include "question.hpp"
#include "stochflow/ensemble/antithetic.hpp"
#include "stochflow/ensemble/antithetic_milstein.hpp"
#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/ensemble/multilevel.hpp"
#include "stochflow/ensemble/quasi_monte_carlo.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/models/heston_call.hpp"

namespace time_to_accuracy {
namespace {

using namespace stochflow;

const Heston model{.r = r, .kappa = kappa, .theta = v_mean, .xi = xi, .rho = rho};
const Vector<double, 2> start(0.0, v_mean);

const auto payoff = [](const auto& x) {
  using std::exp;
  return std::exp(-r) * positive_part(exp(x[0]) - 1.0);
};

template <class M>
Answer levels(const M& method, double rmse, std::uint64_t seed) {
  const auto result =
      multilevel(model,
                 method,
                 start,
                 0,
                 1,
                 payoff,
                 {.rmse = rmse, .base_steps = 2, .pilot = 1024, .seed = seed, .threads = 1});
  return {result.estimate, result.cost};
}

}  // namespace

double exact_price() { return heston_call(model, 1, v_mean, 1, 1); }

Answer plain_lanes(double rmse, std::uint64_t seed) {
  const std::int64_t n = steps_for(rmse), paths = paths_for(rmse);
  const auto result = simulate_lanes(model,
                                     EulerMaruyama{},
                                     start,
                                     uniform_grid(0, 1, n),
                                     {.trajectories = paths, .seed = seed, .threads = 1},
                                     [](const auto& x) { return std::array{payoff(x)}; });
  return {result.moments[0][0].mean(), static_cast<double>(n * paths)};
}

Answer antithetic_pairs(double rmse, std::uint64_t seed) {
  const auto pair = antithetic(model, EulerMaruyama{}, start);
  const auto average = pair.pair_average(payoff);
  const std::int64_t n = steps_for(rmse), pairs = pairs_for(rmse);
  const auto result = simulate_lanes(pair.problem,
                                     pair.method,
                                     pair.start,
                                     uniform_grid(0, 1, n),
                                     {.trajectories = pairs, .seed = seed, .threads = 1},
                                     [&](const auto& x) { return std::array{average(x)}; });
  return {result.moments[0][0].mean(), static_cast<double>(2 * n * pairs)};
}

Answer levels_euler(double rmse, std::uint64_t seed) { return levels(EulerMaruyama{}, rmse, seed); }
Answer levels_antithetic_milstein(double rmse, std::uint64_t seed) {
  return levels(AntitheticMilstein{}, rmse, seed);
}

Answer quasi(double rmse, std::uint64_t seed) {
  // Eight scramblings of p points have a standard error of 0.0009 (p / 128)^-0.7 (measured, as the
  // variances are). The cheapest way to what is left for sampling:
  const double wanted = std::sqrt(2.0 / 3) * rmse;
  std::int64_t points = 0;
  double scramblings = 0;
  for (std::int64_t p = 64; p <= std::int64_t{1} << 30; p *= 2) {
    const double of_eight = 0.0009 * std::pow(static_cast<double>(p) / 128, -0.7);
    const double needed = std::max(8.0, std::ceil(8 * std::pow(of_eight / wanted, 2)));
    const double cost = needed * static_cast<double>(p);
    if (points == 0 || cost < scramblings * static_cast<double>(points)) {
      points = p;
      scramblings = needed;
    }
  }
  const std::int64_t n = steps_for(rmse);
  const auto result = quasi_monte_carlo(
      model,
      EulerMaruyama{},
      start,
      uniform_grid(0, 1, n),
      payoff,
      {.points = points, .scramblings = static_cast<int>(scramblings), .seed = seed, .threads = 1});
  return {result.estimate, static_cast<double>(n * result.trajectories)};
}

}  // namespace time_to_accuracy
