// One-dimensional models with additive noise.

#include "simulate/entry.hpp"
#include "simulate/models.hpp"
#include "stochflow/models/double_well.hpp"
#include "stochflow/models/ornstein_uhlenbeck.hpp"

namespace stochflow::apps {
namespace {

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

}  // namespace

std::vector<ModelEntry> additive_models() {
  return {entry_of<OrnsteinUhlenbeckCase>(), entry_of<DoubleWellCase>()};
}

}  // namespace stochflow::apps
