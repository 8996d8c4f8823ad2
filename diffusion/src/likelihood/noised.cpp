#include "stochflow/diffusion/likelihood/noised.hpp"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <vector>

namespace stochflow::diffusion {
namespace {

struct Noised {
  at::Tensor z, u, log_q;
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
  return {start.alpha() * x + start.sigma * u, u, log_q};
}

}  // namespace

at::Tensor noised_images(const at::Tensor& levels,
                         const Schedule& schedule,
                         std::uint64_t seed,
                         const SampleIds& ids,
                         std::uint64_t draw) {
  const c10::NoGradGuard no_grad;
  return noised(levels, schedule.at(schedule.t0), seed, ids, draw).z;
}

Dequantisation noised_dequantisation(const at::Tensor& levels,
                                     const NoisePredictor& model,
                                     const Schedule& schedule,
                                     const LikelihoodOptions& options,
                                     std::uint64_t seed,
                                     const SampleIds& ids,
                                     std::uint64_t draw) {
  const c10::NoGradGuard no_grad;
  const Level start = schedule.at(schedule.t0);
  const Noised made = noised(levels, start, seed, ids, draw);
  const at::Tensor& z = made.z;

  const std::int64_t N = z.size(0), rows = options.micro.rows;
  std::vector<at::Tensor> pieces(static_cast<std::size_t>((N + rows - 1) / rows));
  for_each_piece(N, options.micro, [&](std::size_t piece, std::int64_t first, std::int64_t count) {
    const c10::NoGradGuard no_grad_here;
    const at::Tensor own = (filled_up(z, first, count, rows) / start.scale()).to(options.dtype);
    const at::Tensor gamma = at::full({rows}, start.gamma, own.options());
    pieces[piece] = model.eps(own, gamma).to(at::kDouble).narrow(0, 0, count);
  });
  const at::Tensor left = made.u - at::cat(pieces);
  const at::Tensor offset = 0.5 * (made.u.square() - left.square()).flatten(1).sum(1);
  const double D = static_cast<double>(z.numel()) / static_cast<double>(N);
  return {z, made.log_q - offset - D * start.log_alpha};
}

}  // namespace stochflow::diffusion
