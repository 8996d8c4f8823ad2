#include "stochflow/diffusion/likelihood/noised.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <stdexcept>
#include <vector>

#include "stochflow/diffusion/nets/score_network.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

struct Noised {
  at::Tensor z, x, log_q;
};

Noised noised(const at::Tensor& levels,
              const Level& start,
              std::uint64_t seed,
              const SampleIds& ids,
              std::uint64_t draw) {
  const auto [x, log_q] = uniform_dequantisation(levels, seed, ids, draw);
  // The upper half of the numbers of draws is for the noise, the lower for x.
  constexpr std::uint64_t of_the_noise = std::uint64_t{1} << 31;
  const RandomStream stream(seed, Purpose::dequantisation);
  const at::Tensor u = normals(stream, ids, of_the_noise + draw, x);
  return {start.alpha() * x + start.sigma * u, x, log_q};
}

}  // namespace

Decoder normal_decoder(const NoisePredictor& model, at::ScalarType dtype) {
  return [&model, dtype](const at::Tensor& z, const at::Tensor& gamma, const at::Tensor& x) {
    const FrameLevels at_gamma = frame_levels(gamma, z);
    const at::Tensor u = (z - at_gamma.alpha * x) / at_gamma.sigma;
    const at::Tensor left = u - model.eps(z.to(dtype), gamma.to(dtype)).to(at::kDouble);
    return 0.5 * (u.square() - left.square()).flatten(1).sum(1);
  };
}

Decoder posterior_decoder(const ScoreNetwork& network) {
  if (network.config().head != Head::mixture_posterior) {
    throw std::invalid_argument(
        "posterior_decoder: the network predicts the noise and describes no posterior; take "
        "normal_decoder");
  }
  return [&network](const at::Tensor& z, const at::Tensor& gamma, const at::Tensor& x) {
    // In the network's precision x is rounded down: rounding up could lead to the next grey level.
    at::Tensor own = x.to(network.precision());
    own = at::where(own > x, at::nextafter(own, at::full_like(own, -2)), own);
    return -network.evaluate(z, gamma, {.x = own}).surprise.to(at::kDouble);
  };
}

at::Tensor noised_images(const at::Tensor& levels,
                         const Schedule& schedule,
                         std::uint64_t seed,
                         const SampleIds& ids,
                         std::uint64_t draw) {
  const c10::NoGradGuard no_grad;
  return noised(levels, schedule.at(schedule.t0), seed, ids, draw).z;
}

Dequantisation noised_dequantisation(const at::Tensor& levels,
                                     const Decoder& decoder,
                                     const Schedule& schedule,
                                     const MicroBatch& micro,
                                     std::uint64_t seed,
                                     const SampleIds& ids,
                                     std::uint64_t draw) {
  const c10::NoGradGuard no_grad;
  const Level start = schedule.at(schedule.t0);
  const Noised made = noised(levels, start, seed, ids, draw);

  const std::int64_t N = levels.size(0), rows = micro.rows;
  std::vector<at::Tensor> pieces(static_cast<std::size_t>((N + rows - 1) / rows));
  const at::Tensor frame = made.z / start.scale();
  for_each_piece(N, micro, [&](std::size_t piece, std::int64_t first, std::int64_t count) {
    const c10::NoGradGuard no_grad_here;
    const at::Tensor own = filled_up(frame, first, count, rows);
    const at::Tensor gamma = at::full({rows}, start.gamma, own.options());
    pieces[piece] = decoder(own, gamma, filled_up(made.x, first, count, rows)).narrow(0, 0, count);
  });
  const double D = static_cast<double>(levels.numel()) / static_cast<double>(N);
  return {made.z, made.log_q - at::cat(pieces) - D * start.log_alpha};
}

}  // namespace stochflow::diffusion
