#pragma once

// Many small initial-value problems dx/dt = field(x, t, q) at the speed of the hardware:
// `solve_ode_lanes(field, Tsit5{}, starts, t0, t1)`. Trajectories run in SIMD lanes and in threads,
// each with its own parameters q, time, step size and status; what a trajectory gives does not
// depend, to the last bit, on the company it is in. Use it for thousands of starts or parameters of
// a system whose size is known when compiling: Tsit5 and Dopri5 (ode/steppers.hpp) down to
// tolerances of about 1e-8, Dop853 below, Rodas4 (ode/rodas4.hpp) for stiff systems. A size known
// at run time only: solve_ode_batch; a single system, or one that branches: solve_ode. t1 may lie
// before t0.
//
// The field must take packs: it is called with x an Eigen array of N numbers, t a number and, if it
// takes a third argument, q an array of P numbers, and returns N numbers; generic in the number
// type, with `select` in place of branches (pack.hpp).

#include <cstdint>
#include <stdexcept>
#include <string>

#include "stochflow/ensemble/threads.hpp"
#include "stochflow/ode/explicit_lanes.hpp"
#include "stochflow/ode/lane_integration.hpp"
#include "stochflow/ode/save_times.hpp"

namespace stochflow {

struct OdeLanesOptions {
  std::vector<double> save_at = {};  // in the direction of integration, between t0 and t1
  double first_step = 0;             // 0: chosen from the field at the start
  std::int64_t max_steps = 100000;   // accepted and rejected, of one trajectory
  int threads = 0;                   // 0: one for each processor
};

namespace detail {

/// How a method makes a try in lanes; specialised for methods that are not explicit pairs.
template <class Method>
struct LaneScheme {
  template <class Field, int N, int P, std::size_t packs>
  using type = ExplicitLanes<Method, Field, N, P, packs>;
};

}  // namespace detail

/// Integrates from every column of `starts` [N, trajectories] at t0 to t1, trajectory k with column
/// k of `parameters` [P, trajectories]; local errors below atol + rtol |x| in root mean square over
/// the components of each trajectory. Throws std::invalid_argument for times that do not go from t0
/// to t1, for no trajectories, and for as many parameters as there are not trajectories.
template <int N, int P, class Field, class Method>
OdeBatchSolution<N> solve_ode_lanes(const Field& field,
                                    const Method& method,
                                    const Lanes<N>& starts,
                                    const Lanes<P>& parameters,
                                    double t0,
                                    double t1,
                                    const OdeLanesOptions& options = {}) {
  static_assert(N > 0 && P >= 0,
                "Lanes keep their states in registers, so the size of the state must be known when "
                "compiling: use Lanes<N>, or solve_ode_batch.");
  detail::check_span("solve_ode_lanes", t0, t1, options.save_at);
  if (starts.cols() < 1 || parameters.cols() != starts.cols()) {
    throw std::invalid_argument(
        "solve_ode_lanes: expected at least one trajectory and as many columns of parameters, "
        "found " +
        std::to_string(starts.cols()) + " and " + std::to_string(parameters.cols()));
  }
  const auto count = static_cast<std::size_t>(starts.cols());
  OdeBatchSolution<N> solution;
  solution.x = starts;
  solution.outcomes.assign(count, {});
  solution.rejected.assign(count, 0);
  solution.evaluations.assign(count, 0);
  solution.states.assign(options.save_at.size(), Lanes<N>::Constant(N, starts.cols(), NAN));

  constexpr std::size_t packs = 2;
  using Scheme = typename detail::LaneScheme<Method>::template type<Field, N, P, packs>;
  detail::LaneTask<N, P> task{
      starts, parameters, t0, t1, options.save_at, options.first_step, options.max_steps, solution};
  const int threads = detail::thread_count(options.threads, starts.cols());
  detail::for_each_block(threads, threads, [&](std::int64_t) {
    detail::LaneIntegration<Field, Scheme, N, P, packs>(field, method, task).run();
  });
  return solution;
}

/// The same without parameters.
template <int N, class Field, class Method>
OdeBatchSolution<N> solve_ode_lanes(const Field& field,
                                    const Method& method,
                                    const Lanes<N>& starts,
                                    double t0,
                                    double t1,
                                    const OdeLanesOptions& options = {}) {
  return solve_ode_lanes<N, 0>(field, method, starts, Lanes<0>(0, starts.cols()), t0, t1, options);
}

}  // namespace stochflow
