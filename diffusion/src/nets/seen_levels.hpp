#pragma once

// How likely each grey level makes what is seen of a pixel through the noise, y = x + s noise, and
// what noise that means: for x anywhere in its level, or in the middle of it (InLevel).

#include <algorithm>
#include <array>
#include <cmath>

#include "lane_math.hpp"
#include "level_prior.hpp"

namespace stochflow::diffusion::detail {

/// The levels within reach of one pixel's y.
struct Reachable {
  int first = 0, count = 0;
  Row posterior;  // r_v
  Row eps;        // e_v
  Row slope;      // s d e_v/dy = 1 - variance/s^2
};

/// Likelihood of y for x uniform in each level of p (times its width), and what noise that means.
inline void see_intervals(double y, double s, Reachable& p, Row& likelihood) {
  // Tails of the normal distribution beyond both ends of each level, on their own side of y.
  std::array<double, room + 1> tail, density, t;
  for (int v = 0; v <= p.count; ++v) {
    t[v] = ((p.first + v) * width - 1 - y) / s;
    const double u = std::fabs(t[v]), e = exp_lane(-0.5 * u * u);
    density[v] = inverse_sqrt_2pi * e;
    tail[v] = 0.5 * e * erfcx_lane(u * inverse_sqrt_2);
  }
  for (int v = 0; v < p.count; ++v) {
    const double a = t[v], b = t[v + 1];
    const double mass = std::max(a > 0   ? tail[v] - tail[v + 1]
                                 : b < 0 ? tail[v + 1] - tail[v]
                                         : 1 - tail[v] - tail[v + 1],
                                 1e-300);
    const double mean = (density[v] - density[v + 1]) / mass;  // of a normal cut to [a, b]
    const double e = -std::clamp(mean, a, b);
    likelihood[v] = mass;
    p.eps[v] = e;
    p.slope[v] = std::clamp(e * e - (a * density[v] - b * density[v + 1]) / mass, 0.0, 1.0);
  }
}
/// The same for x in the middle of each level.
inline void see_middles(double y, double s, Reachable& p, Row& likelihood) {
  for (int v = 0; v < p.count; ++v) {
    const double e = (y + 1 - (p.first + v + 0.5) * width) / s;
    likelihood[v] = inverse_sqrt_2pi * exp_lane(-0.5 * e * e) / s;
    p.eps[v] = e;
    p.slope[v] = 1;
  }
}

}  // namespace stochflow::diffusion::detail
