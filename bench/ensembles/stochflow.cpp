// This library, through its public interface and with equations written as a user writes them.

#include "question.hpp"
#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/methods/euler_maruyama.hpp"
#include "stochflow/methods/ito_taylor15.hpp"
#include "stochflow/methods/simplified_euler.hpp"
#include "stochflow/methods/sriw1.hpp"
#include "stochflow/noise/ars.hpp"

namespace ensembles {
namespace {

using namespace stochflow;

const auto gbm = ito<Noise::diagonal>([](const auto& x, double) { return mu * x; },
                                      [](const auto& x, double) { return sigma * x; });
const auto ou = ito<Noise::additive>([](const auto& x, double) { return theta * (level - x); },
                                     [](const auto&, double) { return volatility; });
const auto heston = ito<Noise::general>(
    []<class T>(const Vector<T, 2>& x, double) {
      const T v = positive_part(x[1]);
      return Vector<T, 2>(r - 0.5 * v, kappa * (v_mean - v));
    },
    []<class T>(const Vector<T, 2>& x, double) {
      using std::sqrt;
      const T root = sqrt(positive_part(x[1]));
      Matrix<T, 2> g;
      g << root, T(0), xi * rho * root, xi * rho_bar * root;
      return g;
    });
const auto lorenz = ito<Noise::additive>(
    []<class T>(const Vector<T, 3>& x, double) {
      return Vector<T, 3>(ls * (x[1] - x[0]), x[0] * (lr - x[2]) - x[1], x[0] * x[1] - lb * x[2]);
    },
    [](const auto&, double) { return lc; });

template <class T, class Generator = Philox, class M>
double in_lanes(const M& method, Equation equation, const EnsembleOptions& options) {
  const auto grid = uniform_grid(0, 1, steps);
  const auto mean = [&](const auto& problem, const auto& x0) {
    return simulate_lanes<Generator>(problem, method, x0, grid, options).moments[0][0].mean();
  };
  switch (equation) {
    case Equation::gbm:
      return mean(gbm, T(1));
    case Equation::ou:
      return mean(ou, T(1));
    case Equation::heston:
      if constexpr (M::facts.claims(Noise::general)) {
        return mean(heston, Vector<T, 2>(T(0), T(v_mean)));
      } else {
        return not_done;
      }
    case Equation::lorenz:
      return mean(lorenz, Vector<T, 3>(T(1), T(1), T(1)));
  }
  return not_done;
}

template <class P, class M>
double gbm_in_lanes(const P& problem,
                    const M& method,
                    Equation equation,
                    const EnsembleOptions& options) {
  if (equation != Equation::gbm) return not_done;
  return simulate_lanes(problem, method, 1.0, uniform_grid(0, 1, steps), options)
      .moments[0][0]
      .mean();
}

EnsembleOptions one_thread(std::uint64_t seed, std::int64_t paths) {
  return {.trajectories = paths, .seed = seed, .threads = 1};
}

}  // namespace

double lanes(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return in_lanes<double>(EulerMaruyama{}, equation, one_thread(seed, paths));
}
double lanes_two_threads(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return in_lanes<double>(
      EulerMaruyama{}, equation, {.trajectories = paths, .seed = seed, .threads = 2});
}
double lanes_float(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return in_lanes<float>(EulerMaruyama{}, equation, one_thread(seed, paths));
}
double lanes_ars(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return in_lanes<double, Ars>(EulerMaruyama{}, equation, one_thread(seed, paths));
}
double lanes_two_point(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return in_lanes<double>(SimplifiedEuler{}, equation, one_thread(seed, paths));
}
double lanes_sriw1(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return gbm_in_lanes(gbm, SRIW1{}, equation, one_thread(seed, paths));
}
double lanes_taylor(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return gbm_in_lanes(gbm, ItoTaylor15{}, equation, one_thread(seed, paths));
}
double lanes_taylor_commuting(Equation equation, std::uint64_t seed, std::int64_t paths) {
  return gbm_in_lanes(with_commuting_drift(gbm), ItoTaylor15{}, equation, one_thread(seed, paths));
}
double one_by_one(Equation equation, std::uint64_t seed, std::int64_t paths) {
  if (equation != Equation::gbm) return not_done;
  return simulate(gbm, EulerMaruyama{}, 1.0, uniform_grid(0, 1, steps), one_thread(seed, paths))
      .moments[0][0]
      .mean();
}

}  // namespace ensembles
