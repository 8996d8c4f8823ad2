#pragma once

// Random tensors that do not depend on the batch: every number is a pure function of (seed, sample,
// draw, component), from the same counter-based generator as the solvers' paths. Sample 7 gets the
// same noise alone, in any batch, in any order, on any number of threads and on any device (the
// numbers are made on the host and moved once). Use these instead of at::randn.

#include <ATen/core/Tensor.h>
#include <c10/core/TensorOptions.h>

#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "stochflow/noise/increments.hpp"

namespace stochflow::diffusion {

/// The samples of a batch by their numbers in the whole run.
using SampleIds = std::vector<std::uint64_t>;

/// first, first + 1, ..., first + count - 1.
inline SampleIds sample_range(std::uint64_t first, std::int64_t count) {
  SampleIds ids(static_cast<std::size_t>(count));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

/// Shape and kind of a batch of noise: `like` gives [B, ...], dtype (float32 or float64) and
/// device. Row i is draw `draw` of sample ids[i]. Throws std::invalid_argument when like.size(0) is
/// not the number of ids.
at::Tensor normals(const RandomStream& stream,
                   const SampleIds& ids,
                   std::uint64_t draw,
                   const at::Tensor& like);

/// Uniform on [0, 1), multiples of 2^-53 (of 2^-24 for float32).
at::Tensor uniforms(const RandomStream& stream,
                    const SampleIds& ids,
                    std::uint64_t draw,
                    const at::Tensor& like);

/// -1 or +1 with equal probability.
at::Tensor rademacher(const RandomStream& stream,
                      const SampleIds& ids,
                      std::uint64_t draw,
                      const at::Tensor& like);

/// A batch of Brownian paths for `solve`, one a sample: variables are [B, ...], W is N(0, h) each.
/// Sample i of a run of tensors gets the noise of trajectory i of a run of Eigen states, whatever a
/// method takes of it but Lévy areas (one Brownian motion a component has none).
class TensorIncrements {
 public:
  using value_type = at::Tensor;

  TensorIncrements(std::uint64_t seed, SampleIds ids, at::Tensor like);

  Increment<at::Tensor> increment(const Step& step) const;
  SpaceTimeIncrement<at::Tensor> space_time_increment(const Step& step) const;
  SpaceTimeTimeIncrement<at::Tensor> space_time_time_increment(const Step& step) const;
  TwoPointIncrement<at::Tensor> two_point_increment(const Step& step) const;
  ThreePointIncrement<at::Tensor> three_point_increment(const Step& step) const;
  at::Tensor bridge_normals(const Step& step, int ordinal) const;

 private:
  at::Tensor standard(Purpose purpose, const Step& step) const;

  std::uint64_t seed_;
  SampleIds ids_;
  at::Tensor like_;
};

}  // namespace stochflow::diffusion
