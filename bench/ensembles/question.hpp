#pragma once

// The question: what does a step of a trajectory cost in a large ensemble, noise included? Every
// competitor runs `paths` trajectories of `steps` equal Euler-Maruyama steps over one unit of time
// and returns the mean of the first component at the end. Equations and starts:
//   gbm     dX = 0.05 X dt + 0.2 X dW                                               X_0 = 1
//   ou      dX = 1.5 (0.3 - X) dt + 0.4 dW                                          X_0 = 1
//   heston  full truncation in log S: r = 0.03, kappa = 2, theta = v_0 = 0.04,
//           xi = 0.3, rho = -0.7                                                    log S_0 = 0
//   lorenz  s = 10, r = 28, b = 8/3, and 0.5 dW on each component                   (1, 1, 1)
// Before any time is taken the answers are compared with the exact mean of the scheme, or, where it
// has no closed form, with our own scalar run within its standard error.

#include <cmath>
#include <cstdint>

namespace ensembles {

inline constexpr int steps = 200;
inline constexpr double h = 1.0 / steps;

inline constexpr double mu = 0.05, sigma = 0.2;
inline constexpr double theta = 1.5, level = 0.3, volatility = 0.4;
inline constexpr double r = 0.03, kappa = 2, v_mean = 0.04, xi = 0.3, rho = -0.7;
inline const double rho_bar = std::sqrt(1 - rho * rho);
inline constexpr double ls = 10, lr = 28, lb = 8.0 / 3, lc = 0.5;

enum class Equation { gbm, ou, heston, lorenz };

/// Mean of the first component at the end. Negative: the competitor does not do this equation.
using Competitor = double (*)(Equation, std::uint64_t seed, std::int64_t paths);

double lanes(Equation, std::uint64_t seed, std::int64_t paths);
double lanes_two_threads(Equation, std::uint64_t seed, std::int64_t paths);
double lanes_float(Equation, std::uint64_t seed, std::int64_t paths);
double lanes_ars(Equation, std::uint64_t seed, std::int64_t paths);
double lanes_two_point(Equation, std::uint64_t seed, std::int64_t paths);
double lanes_sriw1(Equation, std::uint64_t seed, std::int64_t paths);
double lanes_taylor(Equation, std::uint64_t seed, std::int64_t paths);
double lanes_taylor_commuting(Equation, std::uint64_t seed, std::int64_t paths);
double one_by_one(Equation, std::uint64_t seed, std::int64_t paths);
double fused(Equation, std::uint64_t seed, std::int64_t paths);
double fused_taylor(Equation, std::uint64_t seed, std::int64_t paths);
double fused_taylor_commuting(Equation, std::uint64_t seed, std::int64_t paths);
double odeint_std(Equation, std::uint64_t seed, std::int64_t paths);
double odeint_ziggurat(Equation, std::uint64_t seed, std::int64_t paths);
double gsl(Equation, std::uint64_t seed, std::int64_t paths);
double quantlib(Equation, std::uint64_t seed, std::int64_t paths);
/// Its own seed and number of paths; its own clock too.
double xmds2(Equation, std::uint64_t, std::int64_t);
double xmds2_ns_per_step(Equation);

/// A value that no competitor returns for an equation that it runs.
inline constexpr double not_done = -1e300;

}  // namespace ensembles
