#pragma once

// A trained network continued as a deeper one: new blocks are the identity at first, so that the
// deeper network starts as exactly the same function, and the training of the small one is not
// lost. Source: Chen, Goodfellow, Shlens 2016 (Net2Net), section 2.2, on residual blocks.

#include "stochflow/diffusion/nets/score_network.hpp"

namespace stochflow::diffusion {

/// Gives `deeper` the function of `trained`: its palettes, its weights where they belong, new
/// blocks (drawn from the seed) that add nothing yet, and classes that make no difference yet. The
/// two may differ in their numbers of blocks, and in that `deeper` alone knows classes; it needs as
/// many blocks as `trained` at each place, on either side of the attention too. Throws
/// std::invalid_argument otherwise.
void deepen(const ScoreNetwork& trained, ScoreNetwork& deeper, std::uint64_t seed);

}  // namespace stochflow::diffusion
