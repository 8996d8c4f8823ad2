// The models of `stochflow simulate`: each is described by a small struct (parameters, start,
// observables, exact moments), and run_model compiles it with every method that applies.

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "simulate.hpp"
#include "stochflow/models/cir.hpp"
#include "stochflow/models/double_well.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"
#include "stochflow/models/stochastic_lorenz.hpp"
#include "stochflow/verify/catalogue.hpp"
#include "support/errors.hpp"

namespace stochflow::apps {
namespace {

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

struct OrnsteinUhlenbeckCase : OneDimensional<OrnsteinUhlenbeck> {
  static constexpr const char* description = "dX = theta (mu - X) dt + sigma dW";
  static constexpr double t1 = 3;
  static std::vector<Parameter<Model>> parameters() {
    return {{"theta", &Model::theta}, {"mu", &Model::mu}, {"sigma", &Model::sigma}};
  }
  static double start() { return 1; }
  static std::vector<ExactMoments> exact(const Model& model, double x0, double t) {
    return {{model.mean(x0, t), model.variance(t)}};
  }
};

struct GeometricBrownianMotionCase : OneDimensional<GeometricBrownianMotion> {
  static constexpr const char* description = "dX = mu X dt + sigma X dW";
  static constexpr double t1 = 1;
  static std::vector<Parameter<Model>> parameters() {
    return {{"mu", &Model::mu}, {"sigma", &Model::sigma}};
  }
  static double start() { return 100; }
  static std::vector<ExactMoments> exact(const Model& model, double x0, double t) {
    return {{model.mean(x0, t), model.variance(x0, t)}};
  }
};

struct CoxIngersollRossCase : OneDimensional<CoxIngersollRoss> {
  static constexpr const char* description = "dX = kappa (theta - X) dt + sigma sqrt(X) dW";
  static constexpr double t1 = 2;
  static std::vector<Parameter<Model>> parameters() {
    return {{"kappa", &Model::kappa}, {"theta", &Model::theta}, {"sigma", &Model::sigma}};
  }
  static double start() { return 0.09; }
  static std::vector<ExactMoments> exact(const Model& model, double x0, double t) {
    return {{model.mean(x0, t), model.variance(x0, t)}};
  }
};

struct DoubleWellCase : OneDimensional<DoubleWell> {
  static constexpr const char* description = "dX = -a (X^2 - 1) X dt + sqrt(2 D) dW";
  static constexpr double t1 = 20;
  static std::vector<Parameter<Model>> parameters() { return {{"a", &Model::a}, {"D", &Model::D}}; }
  static double start() { return 0; }
  static std::vector<ExactMoments> exact(const Model&, double x0, double) {
    // The equation is odd: from the top of the barrier the law stays symmetric.
    if (x0 == 0) return {{0.0, std::nullopt}};
    return {{}};
  }
};

struct HestonCase {
  using Model = Heston;
  using State = Vector<double, 2>;
  static constexpr const char* description =
      "dS = r S dt + sqrt(v) S dW1, dv = kappa (theta - v) dt + xi sqrt(v) dW2, correlation rho";
  static constexpr double t1 = 1;
  static std::vector<Parameter<Model>> parameters() {
    return {{"r", &Model::r},
            {"kappa", &Model::kappa},
            {"theta", &Model::theta},
            {"xi", &Model::xi},
            {"rho", &Model::rho}};
  }
  static State start() { return State(std::log(100.0), 0.04); }
  static std::vector<std::string> observables() { return {"price", "variance"}; }
  static std::vector<double> observe(const State& x) { return {std::exp(x[0]), x[1]}; }
  static std::vector<ExactMoments> exact(const Model& model, const State& x0, double t) {
    return {{model.mean_price(std::exp(x0[0]), t), std::nullopt},
            {model.mean_variance(x0[1], t), model.variance_of_variance(x0[1], t)}};
  }
};

struct StochasticLorenzCase {
  using Model = StochasticLorenz;
  using State = Vector<double, 3>;
  static constexpr const char* description =
      "dx = s (y - x) dt + c dW1, dy = (x (r - z) - y) dt + c dW2, dz = (x y - b z) dt + c dW3";
  static constexpr double t1 = 5;
  static std::vector<Parameter<Model>> parameters() {
    return {{"s", &Model::s}, {"r", &Model::r}, {"b", &Model::b}, {"c", &Model::c}};
  }
  static State start() { return State(1, 1, 25); }
  static std::vector<std::string> observables() { return {"x", "y", "z"}; }
  static std::vector<double> observe(const State& x) { return {x[0], x[1], x[2]}; }
  static std::vector<ExactMoments> exact(const Model&, const State&, double) {
    return {{}, {}, {}};
  }
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
std::vector<double> kept_times(const std::vector<double>& grid, int times) {
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
                                .keep_values = true,
                                .progress = request.progress};
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
        report.ensemble = simulate(
            model, method, x0, grid, options, [](const State& x) { return Case::observe(x); });
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
                   .start = stochflow::detail::components(Case::start()),
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

}  // namespace

const std::vector<ModelEntry>& simulate_models() {
  static const std::vector<ModelEntry> models{entry_of<OrnsteinUhlenbeckCase>(),
                                              entry_of<GeometricBrownianMotionCase>(),
                                              entry_of<CoxIngersollRossCase>(),
                                              entry_of<HestonCase>(),
                                              entry_of<DoubleWellCase>(),
                                              entry_of<StochasticLorenzCase>()};
  return models;
}

}  // namespace stochflow::apps
