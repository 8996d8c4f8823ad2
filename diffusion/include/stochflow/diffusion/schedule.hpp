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
// Karras et al. 2022 (EDM), Kingma et al. 2021 (linear log SNR), Nichol and Dhariwal 2021 (cosine),
// Lipman et al. 2023 and Liu et al. 2023 (flow), Ho et al. 2020 (discrete betas).

#include <cstdint>
#include <functional>
#include <map>
#include <span>
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

/// The level of that gamma in the variance-preserving frame, alpha^2 + sigma^2 = 1; d_gamma is
/// d gamma/dt.
Level variance_preserving(double t, double gamma, double d_gamma);

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

/// alpha = 1, sigma = sigma_max t: the same path as edm in a unit of time.
Schedule ve_linear(double sigma_min = 0.01, double sigma_max = 50);

/// Variance preserving with alpha = cos(theta(t))/cos(theta(0)), theta(t) = (t + offset)/(1 +
/// offset) pi/2. Ends at t = 0.999, as the published one clips its last steps: alpha is 0 at t = 1.
Schedule cosine(double offset = 0.008);

/// The straight path of flow matching and rectified flow: alpha = 1 - t, sigma = t, on [0.0001,
/// 0.999].
Schedule flow();

/// Variance preserving through the levels of a discrete chain, alpha_k^2 = (1 - beta_0) ... (1 -
/// beta_k) at t = k/(n - 1) for k = 0, ..., n - 1: gamma in between is a monotone cubic of t
/// (Fritsch and Carlson 1980), so that NoiseLabel::t_999 gives a network of a thousand steps the
/// number of its step. Throws std::invalid_argument for fewer than two betas or one outside (0, 1).
Schedule discrete_vp(std::span<const double> betas);

/// The same for a chain without drift, sigma_k rising.
Schedule discrete_ve(std::span<const double> sigmas);

/// The betas of Ho et al.: n values from first to last, equally spaced.
Schedule ddpm(double beta_first = 1e-4, double beta_last = 0.02, std::int64_t n = 1000);

/// The levels of NCSN: n values of sigma from first to last, in geometric progression.
Schedule smld(double sigma_first = 0.01, double sigma_last = 1, std::int64_t n = 10);

/// Variance preserving with gamma linear in t from gamma_min at 0 to gamma_max at 1.
Schedule linear_log_snr(double gamma_min = -16, double gamma_max = 5);

/// The schedule with [t0, t1] cut to the noise levels that a network knows. Where the upper end is
/// cut, the prior becomes N(0, alpha^2 + sigma^2), right for data of unit second moment.
/// Throws std::invalid_argument when nothing is left.
Schedule restricted(Schedule schedule, double gamma_min, double gamma_max);

/// The schedules above by name, "log-snr" for linear_log_snr, "subvp", "sigma-t", "ve-linear", with
/// their parameters by name where they are not the published ones. Throws std::invalid_argument,
/// with what there is, for other names.
Schedule schedule_by_name(const std::string& name,
                          const std::map<std::string, double>& parameters = {});
std::vector<std::string> schedule_names();

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
