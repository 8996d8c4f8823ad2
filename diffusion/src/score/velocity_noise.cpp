#include "stochflow/diffusion/score/velocity_noise.hpp"

#include <ATen/ATen.h>

#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "stochflow/diffusion/tensor/per_sample.hpp"

namespace stochflow::diffusion {
namespace {

/// What x tells of x0, and what v tells beyond x: v - regression x = by_v x0 + eps_v/noise_scale.
struct Pair {
  PairTransition kernel;
  double regression, by_v, noise_scale;
  double snr_x, snr_v;  // of each, of which those of the pair are the sum

  Pair(const CriticallyDamped& process, double t)
      : kernel(process.kernel(t)),
        regression(kernel.c_xv / kernel.c_xx),
        by_v(kernel.vx - regression * kernel.xx),
        noise_scale(process.noise_scale(t)),
        snr_x(kernel.xx * kernel.xx / kernel.c_xx),
        snr_v(std::pow(by_v * noise_scale, 2)) {}

  double snr() const { return snr_x + snr_v; }
  /// With the kernel's mean m and covariance C, C^-1 m: the weights of the mean that tells x0 best.
  double weight_v() const { return by_v * noise_scale * noise_scale; }
  double weight_x() const { return kernel.xx / kernel.c_xx - regression * weight_v(); }
};

double gamma_of(const CriticallyDamped& process, double t) {
  return -std::log(Pair(process, t).snr());
}

double time_of(const CriticallyDamped& process, double gamma) {
  double low = std::log(process.t0), high = std::log(process.t1);
  const auto above = [&](double log_t) { return gamma_of(process, std::exp(log_t)) - gamma; };
  while (above(low) > 0) low -= 1;
  while (above(high) < 0) high += 1;
  std::uintmax_t iterations = 100;
  const auto [a, b] = boost::math::tools::toms748_solve(
      above, low, high, boost::math::tools::eps_tolerance<double>(), iterations);
  return std::exp(0.5 * (a + b));
}

}  // namespace

Schedule noise_levels(const CriticallyDamped& process) {
  return {.name = "critically-damped",
          .t0 = process.t0,
          .t1 = process.t1,
          .prior_std = 1,
          .at =
              [process](double t) {
                // SNR = m' C^-1 m falls at the rate of the noise that enters v times the square of
                // (C^-1 m)_v.
                const Pair pair(process, t);
                const double rate = 2 * process.friction() * process.beta;
                return variance_preserving(
                    t, -std::log(pair.snr()), rate * std::pow(pair.weight_v(), 2) / pair.snr());
              },
          .time_of = [process](double gamma) { return time_of(process, gamma); }};
}

CriticallyDamped restricted(CriticallyDamped process, double gamma_min, double gamma_max) {
  const Schedule levels = restricted(noise_levels(process), gamma_min, gamma_max);
  process.t0 = levels.t0;
  process.t1 = levels.t1;
  return process;
}

at::Tensor VelocityNoise::eps_v(const TensorPhaseSpace& u, const at::Tensor& t) const {
  const at::Tensor times = t.to(at::kCPU, at::kDouble).contiguous();
  std::vector<double> gamma, z_of_x, z_of_v, of_v, of_x, of_eps;
  for (std::int64_t i = 0; i < times.numel(); ++i) {
    const Pair pair(process_, times.data_ptr<double>()[i]);
    const PairTransition& kernel = pair.kernel;
    const double snr = pair.snr();
    gamma.push_back(-std::log(snr));
    // z is alpha times the weighted mean of x and v; alpha/snr = 1/sqrt(snr (1 + snr)).
    z_of_x.push_back(pair.weight_x() / std::sqrt(snr * (1 + snr)));
    z_of_v.push_back(pair.weight_v() / std::sqrt(snr * (1 + snr)));
    // eps_v = noise_scale (v - regression x - by_v E[x0]) with E[x0] = (z - sigma eps)/alpha, of
    // which z cancels most of the rest at low noise: done here, not in the tensors.
    of_v.push_back(pair.noise_scale * pair.snr_x / snr);
    of_x.push_back(-of_v.back() * kernel.vx / kernel.xx);
    of_eps.push_back(pair.noise_scale * pair.by_v / std::sqrt(snr));
  }
  const at::Tensor z = beside(z_of_x, u.x) * u.x + beside(z_of_v, u.x) * u.v;
  const at::Tensor eps = model_.eps(z, at::tensor(gamma, u.x.options().device(at::kCPU)));
  return beside(of_v, u.x) * u.v + beside(of_x, u.x) * u.x + beside(of_eps, u.x) * eps;
}

}  // namespace stochflow::diffusion
