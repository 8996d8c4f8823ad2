#pragma once

// What the JSON text that comes with a TorchScript file says; torchscript.hpp lists its keys.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/score.hpp"

namespace stochflow::diffusion::detail {

/// What the network was seen to do in Python: rows of x flattened, as many as labels.
struct GoldenVectors {
  std::vector<double> x, label, v, value, gradient;
};

struct NetworkCard {
  Schedule schedule;  // in the network's own units
  Parametrisation parametrisation;
  NoiseLabel label;
  std::vector<std::int64_t> shape;
  double low = -1, high = 1;  // values of black and white in the network's units
  bool double_precision = false;
  std::optional<GoldenVectors> golden;
};

/// Throws std::runtime_error with a sentence.
NetworkCard parse_card(const std::string& json_text);

}  // namespace stochflow::diffusion::detail
