#pragma once

// A forward diffusion, described by its marginals: x_t = alpha(t) x0 + sigma(t) eps. Everything
// else is derived: the SDE dx = f x dt + g dW with
//   f = d ln(alpha)/dt,   g^2 = sigma^2 d gamma/dt,   gamma = -log SNR = 2 ln(sigma/alpha),
// the prior and the inverse of gamma. All of it is scalar, in double, through expm1 and log1p: the
// textbook formulas in float are wrong by a percent near t = 0.
//
// Take `linear_log_snr` with a network of this library (it is the one it was trained under), the
// others to reproduce published work. A schedule of your own is one function that fills the record.
// Sources: Song et al. 2021 (VP, sub-VP, VE: appendix B and C; sigma^t: the authors' tutorial),
// Karras et al. 2022 (EDM), Kingma et al. 2021 (linear log SNR).

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace stochflow::diffusion {

/// One noise level of a schedule.
struct Level {
  double t = 0;
  double log_alpha = 0;
  double sigma = 0;        // standard deviation of the noise in x_t
  double gamma = 0;        // ln(sigma^2 / alpha^2)
  double d_log_alpha = 0;  // d/dt
  double d_gamma = 0;      // d/dt

  double alpha() const;
  double f() const { return d_log_alpha; }  // drift: f x
  double g() const;                         // diffusion
  double g_squared() const { return sigma * sigma * d_gamma; }
  /// sqrt(alpha^2 + sigma^2): x_t over this is in the variance-preserving frame.
  double scale() const;
  /// Noise to signal, sigma/alpha: the sigma of Karras et al.
  double sigma_hat() const;
};

struct Schedule {
  std::string name;
  double t0 = 0;         // sampling ends and likelihoods start here
  double t1 = 1;         // the prior lives here
  double prior_std = 1;  // x at t1 is taken to be N(0, prior_std^2 I)
  std::function<Level(double t)> at;
  std::function<double(double gamma)> time_of;  // inverse of gamma(t)
};

/// Variance preserving: dx = -beta/2 x dt + sqrt(beta) dW, beta from beta_min to beta_max on [0,
/// 1].
Schedule vp(double beta_min = 0.1, double beta_max = 20);

/// sub-VP: the same drift, g^2 = beta (1 - exp(-2 int beta)).
Schedule sub_vp(double beta_min = 0.1, double beta_max = 20);

/// Variance exploding: alpha = 1, sigma = sigma_min (sigma_max/sigma_min)^t.
Schedule ve(double sigma_min = 0.01, double sigma_max = 50);

/// dx = sigma^t dW.
Schedule sigma_t(double sigma = 25);

/// alpha = 1, sigma = t, from sigma_min to sigma_max.
Schedule edm(double sigma_min = 0.002, double sigma_max = 80);

/// Variance preserving with gamma linear in t from gamma_min at 0 to gamma_max at 1.
Schedule linear_log_snr(double gamma_min = -16, double gamma_max = 5);

/// The schedule with [t0, t1] cut to the noise levels that a network knows. Where the upper end is
/// cut, the prior becomes N(0, alpha^2 + sigma^2), right for data of unit second moment.
/// Throws std::invalid_argument when nothing is left.
Schedule restricted(Schedule schedule, double gamma_min, double gamma_max);

/// Times from t1 down to t0 in n steps, equal in t.
std::vector<double> uniform_times(const Schedule& schedule, std::int64_t n);

/// The same, equal in log SNR: where most of a network's work is.
std::vector<double> log_snr_times(const Schedule& schedule, std::int64_t n);

/// The same, equal in (sigma/alpha)^(1/rho): Karras et al. 2022, eq. (5).
std::vector<double> karras_times(const Schedule& schedule, std::int64_t n, double rho = 7);

/// The same, equal in sqrt(t - t0): finer where there is little noise. Song, Meng and Ermon 2021,
/// appendix D.2.
std::vector<double> quadratic_times(const Schedule& schedule, std::int64_t n);

}  // namespace stochflow::diffusion
