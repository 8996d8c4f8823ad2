#include "stochflow/diffusion/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace stochflow::diffusion {
namespace {

void require(bool holds, const std::string& who, const std::string& expected, double a, double b) {
  if (holds) return;
  std::ostringstream text;
  text << who << ": expected " << expected << ", found " << a << " and " << b;
  throw std::invalid_argument(text.str());
}

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// beta(t) = beta_min + t (beta_max - beta_min) and its integral from 0.
struct LinearBeta {
  double min, max;
  double at(double t) const { return min + t * (max - min); }
  double integral(double t) const { return t * (min + 0.5 * t * (max - min)); }
  /// The t at which the integral is B: the root of a quadratic, without cancellation.
  double time_of_integral(double B) const {
    return 2 * B / (min + std::sqrt(min * min + 2 * (max - min) * B));
  }
};

LinearBeta linear_beta(const std::string& who, double beta_min, double beta_max) {
  require(beta_min > 0 && beta_max >= beta_min && std::isfinite(beta_max),
          who,
          "0 < beta_min <= beta_max",
          beta_min,
          beta_max);
  return {beta_min, beta_max};
}

void check_steps(const char* who, std::int64_t n) {
  if (n < 1) {
    throw std::invalid_argument(std::string(who) +
                                ": expected at least 1 step, found n = " + std::to_string(n));
  }
}

}  // namespace

double Level::alpha() const { return std::exp(log_alpha); }
double Level::g() const { return sigma * std::sqrt(d_gamma); }
double Level::scale() const { return std::hypot(alpha(), sigma); }
double Level::sigma_hat() const { return std::exp(0.5 * gamma); }

Level variance_preserving(double t, double gamma, double d_gamma) {
  return {.t = t,
          .log_alpha = -0.5 * softplus(gamma),
          .sigma = std::exp(-0.5 * softplus(-gamma)),
          .gamma = gamma,
          .d_log_alpha = -0.5 * sigmoid(gamma) * d_gamma,
          .d_gamma = d_gamma};
}

Schedule vp(double beta_min, double beta_max) {
  const LinearBeta beta = linear_beta("vp", beta_min, beta_max);
  return {.name = "vp",
          .t0 = 1e-5,
          .t1 = 1,
          .prior_std = 1,
          .at =
              [beta](double t) {
                const double B = beta.integral(t);
                const double variance = -std::expm1(-B);
                return Level{.t = t,
                             .log_alpha = -0.5 * B,
                             .sigma = std::sqrt(variance),
                             .gamma = std::log(variance) + B,
                             .d_log_alpha = -0.5 * beta.at(t),
                             .d_gamma = beta.at(t) / variance};
              },
          // sigma^2/alpha^2 = expm1(B)
          .time_of = [beta](double gamma) { return beta.time_of_integral(softplus(gamma)); }};
}

Schedule sub_vp(double beta_min, double beta_max) {
  const LinearBeta beta = linear_beta("sub_vp", beta_min, beta_max);
  return {.name = "subvp",
          .t0 = 1e-5,
          .t1 = 1,
          .prior_std = 1,
          .at =
              [beta](double t) {
                const double B = beta.integral(t);
                const double sigma = -std::expm1(-B);
                return Level{.t = t,
                             .log_alpha = -0.5 * B,
                             .sigma = sigma,
                             .gamma = 2 * std::log(sigma) + B,
                             .d_log_alpha = -0.5 * beta.at(t),
                             .d_gamma = beta.at(t) * (1 + std::exp(-B)) / sigma};
              },
          // sigma/alpha = exp(B/2) - exp(-B/2) = 2 sinh(B/2)
          .time_of =
              [beta](double gamma) {
                return beta.time_of_integral(2 * std::asinh(0.5 * std::exp(0.5 * gamma)));
              }};
}

Schedule ve(double sigma_min, double sigma_max) {
  require(sigma_min > 0 && sigma_max > sigma_min && std::isfinite(sigma_max),
          "ve",
          "0 < sigma_min < sigma_max",
          sigma_min,
          sigma_max);
  const double log_min = std::log(sigma_min), log_ratio = std::log(sigma_max / sigma_min);
  return {.name = "ve",
          .t0 = 1e-5,
          .t1 = 1,
          .prior_std = sigma_max,
          .at =
              [=](double t) {
                const double log_sigma = log_min + t * log_ratio;
                return Level{.t = t,
                             .log_alpha = 0,
                             .sigma = std::exp(log_sigma),
                             .gamma = 2 * log_sigma,
                             .d_log_alpha = 0,
                             .d_gamma = 2 * log_ratio};
              },
          .time_of = [=](double gamma) { return (0.5 * gamma - log_min) / log_ratio; }};
}

Schedule sigma_t(double sigma) {
  require(
      sigma > 1 && std::isfinite(sigma), "sigma_t", "a finite sigma above the bound 1", sigma, 1);
  const double k = 2 * std::log(sigma);
  const auto at = [k](double t) {
    const double variance = std::expm1(k * t) / k;
    return Level{.t = t,
                 .log_alpha = 0,
                 .sigma = std::sqrt(variance),
                 .gamma = std::log(variance),
                 .d_log_alpha = 0,
                 .d_gamma = std::exp(k * t) / variance};
  };
  return {.name = "sigma-t",
          .t0 = 1e-5,
          .t1 = 1,
          .prior_std = at(1).sigma,
          .at = at,
          .time_of = [k](double gamma) { return std::log1p(k * std::exp(gamma)) / k; }};
}

Schedule edm(double sigma_min, double sigma_max) {
  require(sigma_min > 0 && sigma_max > sigma_min && std::isfinite(sigma_max),
          "edm",
          "0 < sigma_min < sigma_max",
          sigma_min,
          sigma_max);
  return {.name = "edm",
          .t0 = sigma_min,
          .t1 = sigma_max,
          .prior_std = sigma_max,
          .at =
              [](double t) {
                return Level{.t = t,
                             .log_alpha = 0,
                             .sigma = t,
                             .gamma = 2 * std::log(t),
                             .d_log_alpha = 0,
                             .d_gamma = 2 / t};
              },
          .time_of = [](double gamma) { return std::exp(0.5 * gamma); }};
}

Schedule ve_linear(double sigma_min, double sigma_max) {
  require(sigma_min > 0 && sigma_max > sigma_min && std::isfinite(sigma_max),
          "ve_linear",
          "0 < sigma_min < sigma_max",
          sigma_min,
          sigma_max);
  return {.name = "ve-linear",
          .t0 = sigma_min / sigma_max,
          .t1 = 1,
          .prior_std = sigma_max,
          .at =
              [=](double t) {
                const double sigma = sigma_max * t;
                return Level{.t = t,
                             .log_alpha = 0,
                             .sigma = sigma,
                             .gamma = 2 * std::log(sigma),
                             .d_log_alpha = 0,
                             .d_gamma = 2 / t};
              },
          .time_of = [=](double gamma) { return std::exp(0.5 * gamma) / sigma_max; }};
}

Schedule cosine(double offset) {
  require(offset > 0 && offset < 1, "cosine", "an offset above 0 and below the bound 1", offset, 1);
  const double rate = 0.5 * std::numbers::pi / (1 + offset), first = rate * offset;
  const double cos_first = std::cos(first), sin_first = std::sin(first);
  // 1 - alpha^2 = (cos^2(first) - cos^2(theta))/cos^2(first), without the cancellation.
  const auto at = [=](double t) {
    const double angle = rate * t, theta = first + angle;
    // pi/2 - theta: the cosine near its zero keeps its digits.
    const double alpha = std::sin(rate * (1 - t)) / cos_first;
    const double variance = std::sin(angle) * std::sin(theta + first) / (cos_first * cos_first);
    const double d_log_alpha = -rate / std::tan(rate * (1 - t));
    return Level{.t = t,
                 .log_alpha = std::log(alpha),
                 .sigma = std::sqrt(variance),
                 .gamma = std::log(variance) - 2 * std::log(alpha),
                 .d_log_alpha = d_log_alpha,
                 .d_gamma = rate * std::sin(2 * theta) / (cos_first * cos_first * variance) -
                            2 * d_log_alpha};
  };
  return {.name = "cosine",
          .t0 = 1e-4,
          .t1 = 0.999,
          .prior_std = at(0.999).scale(),
          .at = at,
          // tan(theta - first) from sin and cos of theta, which are known without cancellation:
          // sin^2 = sin_first^2 + cos_first^2 sigma^2, cos = cos_first alpha.
          .time_of = [=](double gamma) {
            const double sigma2 = sigmoid(gamma), alpha = std::sqrt(sigmoid(-gamma));
            const double sine = std::sqrt(sin_first * sin_first + cos_first * cos_first * sigma2);
            // sin(theta - first), where sine - alpha sin_first is small against both
            const double difference = sigma2 / (sine + alpha * sin_first) * cos_first;
            const double cosine = cos_first * cos_first * alpha + sine * sin_first;
            return std::atan2(difference, cosine) / rate;
          }};
}

Schedule flow() {
  const auto at = [](double t) {
    return Level{.t = t,
                 .log_alpha = std::log1p(-t),
                 .sigma = t,
                 .gamma = 2 * (std::log(t) - std::log1p(-t)),
                 .d_log_alpha = -1 / (1 - t),
                 .d_gamma = 2 / (t * (1 - t))};
  };
  return {.name = "flow",
          .t0 = 1e-4,
          .t1 = 0.999,
          .prior_std = at(0.999).scale(),
          .at = at,
          .time_of = [](double gamma) { return sigmoid(0.5 * gamma); }};
}

Schedule linear_log_snr(double gamma_min, double gamma_max) {
  require(gamma_max > gamma_min && std::isfinite(gamma_max - gamma_min),
          "linear_log_snr",
          "finite gamma_min < gamma_max",
          gamma_min,
          gamma_max);
  const double slope = gamma_max - gamma_min;
  return {.name = "log-snr",
          .t0 = 0,
          .t1 = 1,
          .prior_std = 1,
          .at = [=](double t) { return variance_preserving(t, gamma_min + t * slope, slope); },
          .time_of = [=](double gamma) { return (gamma - gamma_min) / slope; }};
}

Schedule restricted(Schedule schedule, double gamma_min, double gamma_max) {
  const double low = schedule.at(schedule.t0).gamma, high = schedule.at(schedule.t1).gamma;
  if (!(gamma_min < high && gamma_max > low && gamma_min < gamma_max)) {
    std::ostringstream text;
    text << "restricted: schedule '" << schedule.name << "' covers gamma in [" << low << ", "
         << high << "] and the network [" << gamma_min << ", " << gamma_max
         << "]: they must overlap";
    throw std::invalid_argument(text.str());
  }
  if (gamma_min > low) schedule.t0 = schedule.time_of(gamma_min);
  if (gamma_max < high) {
    schedule.t1 = schedule.time_of(gamma_max);
    schedule.prior_std = schedule.at(schedule.t1).scale();
  }
  return schedule;
}

namespace {

/// t1, time_at(1/n), ..., time_at(1 - 1/n), t0: the ends without rounding.
template <class TimeAt>
std::vector<double> times_by(const char* name,
                             const Schedule& schedule,
                             std::int64_t n,
                             const TimeAt& time_at) {
  check_steps(name, n);
  std::vector<double> times{schedule.t1};
  for (std::int64_t k = 1; k < n; ++k) {
    times.push_back(time_at(static_cast<double>(k) / static_cast<double>(n)));
  }
  times.push_back(schedule.t0);
  return times;
}

}  // namespace

std::vector<double> uniform_times(const Schedule& schedule, std::int64_t n) {
  return times_by("uniform_times", schedule, n, [&](double part) {
    return schedule.t1 + part * (schedule.t0 - schedule.t1);
  });
}

std::vector<double> log_snr_times(const Schedule& schedule, std::int64_t n) {
  const double high = schedule.at(schedule.t1).gamma, low = schedule.at(schedule.t0).gamma;
  return times_by("log_snr_times", schedule, n, [&](double part) {
    return schedule.time_of(high + part * (low - high));
  });
}

std::vector<double> karras_times(const Schedule& schedule, std::int64_t n, double rho) {
  if (!(rho > 0)) {
    throw std::invalid_argument("karras_times: expected rho > 0, found " + std::to_string(rho));
  }
  const double high = std::pow(schedule.at(schedule.t1).sigma_hat(), 1 / rho);
  const double low = std::pow(schedule.at(schedule.t0).sigma_hat(), 1 / rho);
  return times_by("karras_times", schedule, n, [&](double part) {
    return schedule.time_of(2 * rho * std::log(high + part * (low - high)));
  });
}

std::vector<double> quadratic_times(const Schedule& schedule, std::int64_t n) {
  return times_by("quadratic_times", schedule, n, [&](double part) {
    return schedule.t0 + (1 - part) * (1 - part) * (schedule.t1 - schedule.t0);
  });
}

}  // namespace stochflow::diffusion
