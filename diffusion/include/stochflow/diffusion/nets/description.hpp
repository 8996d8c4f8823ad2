#pragma once

// Architectures as JSON text, for records and checkpoints.

#include <string>

#include "stochflow/diffusion/nets/classifier.hpp"
#include "stochflow/diffusion/nets/score_network.hpp"

namespace stochflow::diffusion {

std::string to_json(const ScoreNetworkConfig& config);
std::string to_json(const ClassifierConfig& config);

/// Throw std::invalid_argument when something is missing or of another type.
ScoreNetworkConfig network_config_from_json(const std::string& text);
ClassifierConfig classifier_config_from_json(const std::string& text);

}  // namespace stochflow::diffusion
