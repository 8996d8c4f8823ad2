#pragma once

// The variable in which the probability flow is integrated, as a function of the noise level;
// private to the folder.

#include <ATen/core/Tensor.h>

#include <utility>

#include "stochflow/diffusion/likelihood/likelihood.hpp"

namespace stochflow::diffusion {

class FlowClock {
 public:
  FlowClock(Clock kind, const Schedule& schedule);

  double start() const { return of(gamma0_); }
  double end() const { return of(gamma1_); }
  /// The clock at noise level gamma.
  double of(double gamma) const;

  /// The flow by this clock at c [B], from the flow by gamma, of packed states y [B, D + 2]. By
  /// another clock than gamma the levels are looked up on the host.
  template <class Flow>
  at::Tensor slope(const Flow& by_gamma, const at::Tensor& y, const at::Tensor& c) const {
    if (kind_ == Clock::gamma) return by_gamma(y);
    const auto [state, rate] = at_level_of(y, c);
    return rate * by_gamma(state);
  }

 private:
  /// y with the gamma that belongs to c (its own has been integrated, with an error), and
  /// dgamma/dc [B, 1].
  std::pair<at::Tensor, at::Tensor> at_level_of(const at::Tensor& y, const at::Tensor& c) const;

  Clock kind_;
  Schedule schedule_;
  double gamma0_, gamma1_;
};

}  // namespace stochflow::diffusion
