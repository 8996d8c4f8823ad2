// Schedules through the levels of a discrete chain.

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stochflow/diffusion/schedule.hpp"

namespace stochflow::diffusion {
namespace {

/// A rising function through points that are equally spaced on [0, 1], with a continuous
/// derivative, continued by straight lines. Fritsch and Carlson 1980, with the harmonic mean of
/// neighbouring slopes.
class MonotoneCubic {
 public:
  explicit MonotoneCubic(std::vector<double> values) : y_(std::move(values)) {
    const std::size_t n = y_.size();
    step_ = 1.0 / static_cast<double>(n - 1);
    std::vector<double> chord(n - 1);
    for (std::size_t k = 0; k + 1 < n; ++k) chord[k] = (y_[k + 1] - y_[k]) / step_;
    slope_.push_back(chord.front());
    for (std::size_t k = 1; k + 1 < n; ++k) {
      slope_.push_back(2 * chord[k - 1] * chord[k] / (chord[k - 1] + chord[k]));
    }
    slope_.push_back(chord.back());
  }

  struct Value {
    double y, slope;
  };

  Value operator()(double t) const {
    if (t <= 0) return {y_.front() + t * slope_.front(), slope_.front()};
    if (t >= 1) return {y_.back() + (t - 1) * slope_.back(), slope_.back()};
    const std::size_t k = std::min(static_cast<std::size_t>(t / step_), y_.size() - 2);
    const double u = t / step_ - static_cast<double>(k);
    // Hermite's form about the left end: y + u (s + u (b + u c)) with steps as units.
    const double rise = y_[k + 1] - y_[k], s = step_ * slope_[k], e = step_ * slope_[k + 1];
    const double b = 3 * rise - 2 * s - e, c = s + e - 2 * rise;
    return {y_[k] + u * (s + u * (b + u * c)), (s + u * (2 * b + 3 * u * c)) / step_};
  }

  /// The t with that value: bisection inside an interval, then Newton's steps.
  double inverse(double y) const {
    if (y <= y_.front()) return (y - y_.front()) / slope_.front();
    if (y >= y_.back()) return 1 + (y - y_.back()) / slope_.back();
    const auto above = std::upper_bound(y_.begin(), y_.end(), y);
    double high = step_ * static_cast<double>(above - y_.begin()), low = high - step_;
    double t = 0.5 * (low + high);
    for (int k = 0; k < 60 && high - low > 0; ++k) {
      const Value at_t = (*this)(t);
      (at_t.y < y ? low : high) = t;
      const double newton = t - (at_t.y - y) / at_t.slope;
      const double next = newton > low && newton < high ? newton : 0.5 * (low + high);
      if (next == t) break;
      t = next;
    }
    return t;
  }

 private:
  std::vector<double> y_, slope_;
  double step_;
};

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument(what); }

}  // namespace

Schedule discrete_vp(std::span<const double> betas) {
  if (betas.size() < 2) refuse("discrete_vp: expected at least two betas");
  std::vector<double> gammas;
  double log_alpha2 = 0;
  for (const double beta : betas) {
    if (!(beta > 0 && beta < 1)) {
      refuse("discrete_vp: expected every beta in (0, 1), found " + std::to_string(beta));
    }
    log_alpha2 += std::log1p(-beta);
    gammas.push_back(std::log(-std::expm1(log_alpha2)) - log_alpha2);
  }
  const MonotoneCubic curve(std::move(gammas));
  const auto at = [curve](double t) {
    const auto [gamma, slope] = curve(t);
    return variance_preserving(t, gamma, slope);
  };
  return {.name = "discrete-vp",
          .t0 = 0,
          .t1 = 1,
          .prior_std = 1,
          .at = at,
          .time_of = [curve](double gamma) { return curve.inverse(gamma); }};
}

Schedule discrete_ve(std::span<const double> sigmas) {
  if (sigmas.size() < 2) refuse("discrete_ve: expected at least two sigmas");
  std::vector<double> gammas;
  for (const double sigma : sigmas) {
    if (!(sigma > 0) || (!gammas.empty() && 2 * std::log(sigma) <= gammas.back())) {
      refuse("discrete_ve: expected positive, rising sigmas, found " + std::to_string(sigma));
    }
    gammas.push_back(2 * std::log(sigma));
  }
  const MonotoneCubic curve(std::move(gammas));
  const auto at = [curve](double t) {
    const auto [gamma, slope] = curve(t);
    return Level{.t = t,
                 .log_alpha = 0,
                 .sigma = std::exp(0.5 * gamma),
                 .gamma = gamma,
                 .d_log_alpha = 0,
                 .d_gamma = slope};
  };
  return {.name = "discrete-ve",
          .t0 = 0,
          .t1 = 1,
          .prior_std = at(1).scale(),
          .at = at,
          .time_of = [curve](double gamma) { return curve.inverse(gamma); }};
}

Schedule ddpm(double beta_first, double beta_last, std::int64_t n) {
  std::vector<double> betas;
  for (std::int64_t k = 0; k < n; ++k) {
    betas.push_back(beta_first +
                    (beta_last - beta_first) * static_cast<double>(k) / static_cast<double>(n - 1));
  }
  Schedule schedule = discrete_vp(betas);
  schedule.name = "ddpm";
  return schedule;
}

Schedule smld(double sigma_first, double sigma_last, std::int64_t n) {
  std::vector<double> sigmas;
  for (std::int64_t k = 0; k < n; ++k) {
    sigmas.push_back(sigma_first * std::pow(sigma_last / sigma_first,
                                            static_cast<double>(k) / static_cast<double>(n - 1)));
  }
  Schedule schedule = discrete_ve(sigmas);
  schedule.name = "smld";
  return schedule;
}

}  // namespace stochflow::diffusion
