// Uses an installed stochflow::diffusion: scores a normal variable; exit code 0 when it is right.

#include <ATen/ATen.h>

#include <cmath>
#include <iostream>

#include "stochflow/diffusion/schedule.hpp"
#include "stochflow/diffusion/score.hpp"

namespace {

/// x0 ~ N(0, I): then z ~ N(0, I) at every level, and E[eps | z] = s z.
class NormalData final : public stochflow::diffusion::NoisePredictor {
 public:
  at::Tensor eps(const at::Tensor& z, const at::Tensor& gamma) const override {
    return at::sqrt(at::sigmoid(gamma)).unsqueeze(1) * z;
  }
};

}  // namespace

int main() {
  using namespace stochflow::diffusion;
  const at::Tensor x = at::arange(6, at::kDouble).reshape({2, 3});
  const Level level = vp().at(0.5);
  const double variance = level.alpha() * level.alpha() + level.sigma * level.sigma;
  const at::Tensor error = score_at(NormalData(), x, level) + x / variance;  // score: -x/variance
  const double largest = error.abs().max().item<double>();
  std::cout << "largest error of a score " << largest << '\n';
  return largest < 1e-12 ? 0 : 1;
}
