#pragma once

// From a uniform number to a normal one by the inverse of the distribution function: monotone, one
// number for one number, which is what quasi-Monte Carlo needs. For random bits the map of
// normal.hpp is twice as fast. One text for doubles and packs (noise/lane_normals.hpp), the same
// bits on both. Source: Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988), 477-484.

#include <array>
#include <cmath>

#include "stochflow/noise/normal.hpp"
#include "stochflow/number.hpp"

namespace stochflow {

/// The z with P(N(0, 1) <= z) = u, relative error below 1e-14, for u in [2^-36, 1 - 2^-36].
template <class D>
D inverse_normal(const D& u) {
  using std::fma;
  using std::sqrt;
  constexpr std::array<double, 8> a{3.3871328727963666080e0,
                                    1.3314166789178437745e+2,
                                    1.9715909503065514427e+3,
                                    1.3731693765509461125e+4,
                                    4.5921953931549871457e+4,
                                    6.7265770927008700853e+4,
                                    3.3430575583588128105e+4,
                                    2.5090809287301226727e+3};
  constexpr std::array<double, 8> b{1.0,
                                    4.2313330701600911252e+1,
                                    6.8718700749205790830e+2,
                                    5.3941960214247511077e+3,
                                    2.1213794301586595867e+4,
                                    3.9307895800092710610e+4,
                                    2.8729085735721942674e+4,
                                    5.2264952788528545610e+3};
  constexpr std::array<double, 8> c{1.42343711074968357734e0,
                                    4.63033784615654529590e0,
                                    5.76949722146069140550e0,
                                    3.64784832476320460504e0,
                                    1.27045825245236838258e0,
                                    2.41780725177450611770e-1,
                                    2.27238449892691845833e-2,
                                    7.74545014278341407640e-4};
  constexpr std::array<double, 8> d{1.0,
                                    2.05319162663775882187e0,
                                    1.67638483018380384940e0,
                                    6.89767334985100004550e-1,
                                    1.48103976427480074590e-1,
                                    1.51986665636164571966e-2,
                                    5.47593808499534494600e-4,
                                    1.05075007164441684324e-9};
  const D q = u - D(0.5);
  const auto upper = q > D(0);
  // Towards the middle a rational function of 0.425^2 - q^2, times q; outside one of
  // sqrt(-log(the distance to the nearer end)) - 1.6.
  const D r = fma(-q, q, D(0.180625));
  const auto central = r >= D(0);
  const D end = select(upper, D(1) - u, u);
  const D root = sqrt(-detail::log_of_uniform(end)) - D(1.6);
  const D tail = select(upper, detail::polynomial(c, root), -detail::polynomial(c, root));
  const D numerator = select(central, q * detail::polynomial(a, r), tail);
  return numerator / select(central, detail::polynomial(b, r), detail::polynomial(d, root));
}

}  // namespace stochflow
