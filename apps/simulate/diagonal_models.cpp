// One-dimensional models whose noise depends on the state.

#include "simulate/entry.hpp"
#include "simulate/models.hpp"
#include "stochflow/models/cir.hpp"
#include "stochflow/models/geometric_brownian_motion.hpp"

namespace stochflow::apps {
namespace {

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

}  // namespace

std::vector<ModelEntry> diagonal_models() {
  return {entry_of<GeometricBrownianMotionCase>(), entry_of<CoxIngersollRossCase>()};
}

}  // namespace stochflow::apps
