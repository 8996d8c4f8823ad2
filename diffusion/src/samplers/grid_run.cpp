#include "stochflow/diffusion/samplers/grid_run.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "stochflow/diffusion/reverse.hpp"
#include "stochflow/diffusion/tensor/per_sample.hpp"
#include "stochflow/diffusion/tensor/state.hpp"
#include "stochflow/solve.hpp"

namespace stochflow::diffusion {

GridRun::GridRun(const NoisePredictor& model,
                 const Schedule& schedule,
                 const Draw& draw,
                 std::span<const double> times,
                 const SampleOptions& options)
    : model_(model),
      schedule_(schedule),
      draw_(draw),
      options_(options),
      normals_(draw.seed, Purpose::increments) {
  stochflow::detail::check_times(reverse_grid(times), {});
  for (const double t : times) levels_.push_back(schedule.at(t));
}

at::Tensor GridRun::start() {
  const at::Tensor y = prior_sample(schedule_, draw_) / levels_[0].alpha();
  like_ = y;
  arrive(0, y);
  return y;
}

at::Tensor GridRun::denoised(const at::Tensor& y, double sigma) {
  ++nfe_;
  const at::Tensor z = y / std::sqrt(1 + sigma * sigma);
  return y - sigma * model_.eps(z, one_level(2 * std::log(sigma), y));
}

at::Tensor GridRun::noise(std::size_t k, std::uint64_t j) const {
  return normals(normals_, draw_.ids, (static_cast<std::uint64_t>(k) << 16) + j, like_);
}

void GridRun::arrive(std::size_t k, const at::Tensor& y) {
  if (options_.observer) options_.observer(levels_[k].alpha() * y, levels_[k].t);
}

Samples GridRun::finish(const at::Tensor& y) {
  const at::Tensor x = levels_.back().alpha() * y;
  const Status status = StateTraits<at::Tensor>::all_finite(x) ? Status::ok : Status::not_finite;
  const auto taken = static_cast<std::int64_t>(steps());
  return detail::finish(model_, schedule_, options_, {x, nfe_, {status, levels_.back().t, taken}});
}

}  // namespace stochflow::diffusion
