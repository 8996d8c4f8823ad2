#include "palette_tensors.hpp"

#include <ATen/ATen.h>

namespace stochflow::diffusion::detail {
namespace {
constexpr const char *log_weights = "log_weights", *log_ratios = "log_ratios";
}  // namespace

void put_palettes(TensorFile& content,
                  const Palettes& palettes,
                  const std::string& prefix,
                  at::ScalarType storage) {
  check(palettes);
  content.tensors[prefix + log_weights] = palettes.log_weights.to(storage);
  content.tensors[prefix + log_ratios] = palettes.log_ratios.to(storage);
}

std::optional<Palettes> palettes_in(const TensorFile& content, const std::string& prefix) {
  const auto tensor = [&](const char* name) {
    const auto found = content.tensors.find(prefix + name);
    return found == content.tensors.end() ? at::Tensor() : found->second.to(at::kDouble);
  };
  const Palettes palettes{tensor(log_weights), tensor(log_ratios)};
  if (!palettes.log_weights.defined() && !palettes.log_ratios.defined()) return std::nullopt;
  check(palettes);
  return palettes;
}

Palettes rounded(const Palettes& palettes) {
  const auto round = [](const at::Tensor& t) { return t.to(at::kFloat).to(at::kDouble); };
  return {round(palettes.log_weights), round(palettes.log_ratios)};
}

}  // namespace stochflow::diffusion::detail
