#pragma once

// Palettes among the tensors of a file: on their own, beside a network's weights, or in a training
// state.

#include <optional>
#include <string>

#include "stochflow/diffusion/checkpoint.hpp"
#include "stochflow/diffusion/nets/palettes.hpp"

namespace stochflow::diffusion::detail {

/// As PREFIXlog_weights and PREFIXlog_ratios in `storage` precision.
void put_palettes(TensorFile& content,
                  const Palettes& palettes,
                  const std::string& prefix,
                  at::ScalarType storage);

/// None where the file has neither tensor. Throws std::invalid_argument as `check` does.
std::optional<Palettes> palettes_in(const TensorFile& content, const std::string& prefix);

/// What reading makes of palettes that were stored in float32.
Palettes rounded(const Palettes& palettes);

}  // namespace stochflow::diffusion::detail
