#pragma once

#include <vector>

#include "simulate.hpp"

namespace stochflow::apps {

std::vector<ModelEntry> additive_models();
std::vector<ModelEntry> diagonal_models();
std::vector<ModelEntry> vector_models();

}  // namespace stochflow::apps
