#pragma once

// The question: what does one Euler-Maruyama step of geometric Brownian motion cost, noise
// included? Every competitor runs `paths` independent paths of `steps` steps from 1 with the same
// drift and volatility and returns the sum of the ends. Before any time is taken, the mean of each
// competitor is checked against x0 e^mu: a fast wrong answer is no answer.

#include <cstdint>

namespace step_cost {

inline constexpr double mu = 0.05, sigma = 0.2, h = 1.0 / 100;
inline constexpr int steps = 100;

double stochflow_solve(std::uint64_t seed, int paths);
double odeint_integrate(std::uint64_t seed, int paths);
double plain_loop(std::uint64_t seed, int paths);

}  // namespace step_cost
