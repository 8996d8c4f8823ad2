#include "simulate/models.hpp"

namespace stochflow::apps {

const std::vector<ModelEntry>& simulate_models() {
  static const std::vector<ModelEntry> models = [] {
    std::vector<ModelEntry> all;
    for (const auto list : {additive_models, diagonal_models, vector_models}) {
      for (ModelEntry& entry : list()) all.push_back(std::move(entry));
    }
    return all;
  }();
  return models;
}

}  // namespace stochflow::apps
