#pragma once

// A network for tests: as small as its parts allow.

#include <cstdint>
#include <vector>

#include "stochflow/diffusion/nets/score_network.hpp"

namespace stochflow::diffusion::testing {

/// One block each, boxes at these grey levels and two Gaussians, for images [1, height, width].
inline ScoreNetworkConfig small_network(std::int64_t height,
                                        std::int64_t width,
                                        const std::vector<int>& box_levels = {0, 255}) {
  return {.channels = 16,
          .deep_channels = 16,
          .blocks_down = 1,
          .blocks_deep = 1,
          .blocks_up = 1,
          .heads = 2,
          .embedding = 16,
          .height = height,
          .width = width,
          .box_levels = box_levels,
          .gaussians = 2};
}

}  // namespace stochflow::diffusion::testing
