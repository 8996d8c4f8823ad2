// Models of several components.

#include "simulate/entry.hpp"
#include "simulate/models.hpp"
#include "stochflow/models/heston.hpp"
#include "stochflow/models/stochastic_lorenz.hpp"

namespace stochflow::apps {
namespace {

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

}  // namespace

std::vector<ModelEntry> vector_models() {
  return {entry_of<HestonCase>(), entry_of<StochasticLorenzCase>()};
}

}  // namespace stochflow::apps
