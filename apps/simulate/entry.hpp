#pragma once

// From the description of a model (a struct Case: parameters, start, observables, exact moments) to
// its entry in `stochflow simulate`, compiled with every method that applies. Included by the files
// of this folder that describe models; several files, because a model takes seconds to compile.

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "simulate.hpp"
#include "stochflow/ensemble/lanes.hpp"
#include "stochflow/verify/catalogue.hpp"

namespace stochflow::apps {

template <class Model>
struct Parameter {
  std::string name;
  double Model::*member;
};

/// What most one-dimensional models share: the state is the observable.
template <class M>
struct OneDimensional {
  using Model = M;
  using State = double;
  static std::vector<std::string> observables() { return {"x"}; }
  static std::vector<double> observe(double x) { return {x}; }
};

template <class State>
State state_of(const std::vector<double>& numbers) {
  if constexpr (std::is_same_v<State, double>) {
    return numbers[0];
  } else {
    return Eigen::Map<const State>(numbers.data());
  }
}

/// The steps at which states are kept: at most `times` of them, equidistant, first and last
/// included.
inline std::vector<double> kept_times(const std::vector<double>& grid, int times) {
  const auto steps = static_cast<std::int64_t>(grid.size()) - 1;
  const std::int64_t intervals = std::min<std::int64_t>(std::max(times, 2) - 1, steps);
  std::vector<double> kept;
  for (std::int64_t k = 0; k <= intervals; ++k) {
    kept.push_back(grid[static_cast<std::size_t>(k * steps / intervals)]);
  }
  return kept;
}

template <class Case>
typename Case::Model model_with(const std::map<std::string, double>& values) {
  typename Case::Model model;
  for (const auto& [name, value] : values) {
    for (const auto& parameter : Case::parameters()) {
      if (parameter.name == name) model.*parameter.member = value;
    }
  }
  return model;
}

/// The methods compiled for SIMD lanes as well: the ones that large ensembles are run with. The
/// others would give the same numbers in lanes, at more compile time.
template <class M>
inline constexpr bool runs_in_lanes =
    std::is_same_v<M, EulerMaruyama> || std::is_same_v<M, SimplifiedEuler> ||
    std::is_same_v<M, MilsteinDerivativeFree> || std::is_same_v<M, Heun>;

template <class Case>
SimulateReport run_model(const ModelEntry& entry, const SimulateRequest& request) {
  using State = typename Case::State;
  const auto model = model_with<Case>(request.set);
  const State x0 = state_of<State>(request.start);
  const std::vector<double> grid = uniform_grid(0, request.t1, request.steps);
  const EnsembleOptions options{.trajectories = request.paths,
                                .seed = request.seed,
                                .threads = request.threads,
                                .save_at = kept_times(grid, request.times),
                                .keep_values = request.keep_values,
                                .quantile_buffer = 1024,
                                .progress = request.progress,
                                .reduction = request.reduction};
  SimulateReport report{.model = entry.name,
                        .description = entry.description,
                        .method = request.method,
                        .parameters = entry.parameters,
                        .start = request.start,
                        .t1 = request.t1,
                        .steps = request.steps,
                        .observables = Case::observables(),
                        .ensemble = {},
                        .exact = {}};
  for (const auto& [name, value] : request.set) report.parameters[name] = value;
  verify::for_each_type<verify::Methods>([&](auto method) {
    if constexpr (verify::applies<typename Case::Model, decltype(method)>) {
      if (method.facts.name == request.method) {
        const auto observe = [](const State& x) { return Case::observe(x); };
        if constexpr (runs_in_lanes<decltype(method)>) {
          report.ensemble = simulate_lanes(model, method, x0, grid, options, observe);
        } else {
          report.ensemble = simulate(model, method, x0, grid, options, observe);
        }
      }
    }
  });
  for (const double t : report.ensemble.times) report.exact.push_back(Case::exact(model, x0, t));
  return report;
}

template <class Case>
ModelEntry entry_of() {
  using Model = typename Case::Model;
  ModelEntry entry{.name = std::string(Model::name),
                   .description = Case::description,
                   .parameters = {},
                   .methods = {},
                   .start = stochflow::detail::Components{}(Case::start()),
                   .t1 = Case::t1,
                   .steps = static_cast<std::int64_t>(200 * Case::t1),
                   .run = {}};
  for (const auto& parameter : Case::parameters()) {
    entry.parameters[parameter.name] = Model{}.*parameter.member;
  }
  verify::for_each_type<verify::Methods>([&](auto method) {
    if (verify::applies<Model, decltype(method)>) entry.methods.emplace_back(method.facts.name);
  });
  entry.run = [entry](const SimulateRequest& request) { return run_model<Case>(entry, request); };
  return entry;
}

}  // namespace stochflow::apps
