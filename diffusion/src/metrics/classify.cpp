#include "stochflow/diffusion/metrics/classify.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <vector>

#include "train/draws.hpp"

namespace stochflow::diffusion {

Classifier::Output classify(const Classifier& classifier,
                            const at::Tensor& levels,
                            double gamma,
                            std::uint64_t seed) {
  const c10::NoGradGuard no_grad;
  constexpr std::int64_t at_a_time = 256;
  std::vector<at::Tensor> logits, features;
  for (std::int64_t first = 0; first < levels.size(0); first += at_a_time) {
    const std::int64_t rows = std::min(at_a_time, levels.size(0) - first);
    const at::Tensor level = at::full({rows}, gamma, at::kDouble);
    const auto ids = sample_range(static_cast<std::uint64_t>(first), rows);
    const auto said =
        classifier.evaluate(detail::noised_draw(levels.narrow(0, first, rows), level, seed, ids, 0),
                            level.to(at::kFloat));
    logits.push_back(said.logits);
    features.push_back(said.features);
  }
  return {at::cat(logits), at::cat(features)};
}

double accuracy(const at::Tensor& logits, const at::Tensor& labels) {
  return logits.argmax(1).eq(labels.to(at::kLong)).to(at::kDouble).mean().item<double>();
}

}  // namespace stochflow::diffusion
