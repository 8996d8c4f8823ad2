#include "clock.hpp"

#include <ATen/ATen.h>

#include <vector>

namespace stochflow::diffusion {

FlowClock::FlowClock(Clock kind, const Schedule& schedule)
    : kind_(kind),
      schedule_(schedule),
      gamma0_(schedule.at(schedule.t0).gamma),
      gamma1_(schedule.at(schedule.t1).gamma) {}

double FlowClock::of(double gamma) const {
  switch (kind_) {
    case Clock::gamma:
      return gamma;
    case Clock::log_sigma:
      return 0.5 * gamma;
    case Clock::time:
      // The ends to the bit: the inverse may be off in the last place.
      if (gamma == gamma0_) return schedule_.t0;
      if (gamma == gamma1_) return schedule_.t1;
      return schedule_.time_of(gamma);
  }
  return gamma;
}

std::pair<at::Tensor, at::Tensor> FlowClock::at_level_of(const at::Tensor& y,
                                                         const at::Tensor& c) const {
  const at::Tensor on_host = c.to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> gamma, rate;
  for (std::int64_t i = 0; i < on_host.numel(); ++i) {
    const double at = on_host.data_ptr<double>()[i];
    if (kind_ == Clock::log_sigma) {
      gamma.push_back(2 * at);
      rate.push_back(2);
    } else {
      const Level level = schedule_.at(at);
      gamma.push_back(level.gamma);
      rate.push_back(level.d_gamma);
    }
  }
  const auto column = [&](const std::vector<double>& values) {
    return at::tensor(values, at::kDouble).to(y.device()).unsqueeze(1);
  };
  return {at::cat({y.slice(1, 0, y.size(1) - 1), column(gamma)}, 1), column(rate)};
}

}  // namespace stochflow::diffusion
