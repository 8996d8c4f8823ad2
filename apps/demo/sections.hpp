#pragma once

// The demo's sections, one for each job of the library. Each computes with the functions of the
// subcommand that it shows, leaves its files in `folder` and returns its part of the page.

#include <filesystem>

#include "demo/page.hpp"

namespace stochflow::apps {

/// Orders of convergence on Ornstein-Uhlenbeck and geometric Brownian motion.
Section convergence_section(const std::filesystem::path& folder);
/// A Heston ensemble against its closed-form moments.
Section heston_section(const std::filesystem::path& folder);

#ifdef STOCHFLOW_HAS_DIFFUSION
/// Digits by adaptive ODE and by predictor-corrector, and how they come about.
Section samples_section(const std::filesystem::path& folder);
/// Log-likelihoods of test images, the most and the least likely.
Section likelihood_section(const std::filesystem::path& folder);
#endif

}  // namespace stochflow::apps
