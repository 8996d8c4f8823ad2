#pragma once

#include <filesystem>
#include <string>

namespace stochflow::diffusion::detail {

/// The JSON text that describes a TorchScript file: the .json next to it, or the one inside.
/// Throws std::runtime_error where there is none.
std::string card_text(const std::filesystem::path& file);

}  // namespace stochflow::diffusion::detail
