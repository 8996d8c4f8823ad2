#pragma once

// What was asked for, checked and put into the terms of the diffusion layer.

#include <nlohmann/json.hpp>

#include "likelihood.hpp"
#include "stochflow/diffusion/likelihood/likelihood.hpp"

namespace stochflow::apps {

/// The same with a method and tolerances where none were asked for. Adams' estimate is of its
/// predictor's error, its corrector is one order better: tolerances three times as large are as
/// accurate as the others'.
LikelihoodRequest decided(LikelihoodRequest request);

/// Throws UsageError for names that do not exist and ranges that are empty.
void check(const LikelihoodRequest& request);

diffusion::LikelihoodOptions options_of(const LikelihoodRequest& request);

/// Everything that an image's figure depends on, but for its number.
nlohmann::json settings_of(const LikelihoodRequest& request);

}  // namespace stochflow::apps
