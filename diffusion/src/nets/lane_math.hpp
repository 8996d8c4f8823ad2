#pragma once

// exp and the scaled complementary error function as straight-line arithmetic, so that a compiler
// can run a loop over pixels through them in vector registers (libm's calls would stop it).

#include <array>
#include <bit>
#include <cstdint>

namespace stochflow::diffusion::detail {

/// e^x to 2 ulp for x in [-700, 700]; arguments outside are brought to that interval.
inline double exp_lane(double x) {
  x = x < -700 ? -700 : x;
  x = x > 700 ? 700 : x;
  // Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits.
  const double shifted = x * 1.44269504088896340736 + 0x1.8p52;
  const double n = shifted - 0x1.8p52;
  const double r = (x - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  double p = 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1;
  p = p * r + 1;
  const auto exponent = (std::bit_cast<std::uint64_t>(shifted) + 1023) << 52;
  return p * std::bit_cast<double>(exponent);
}

/// exp(u^2) erfc(u) for u >= 0, relative error below 4e-15: a Chebyshev fit of degree 20 of
/// (1 + 2u) erfcx(u) in t = (u - 15/4)/(u + 15/4), written in powers of t.
/// The mapping is that of Shepherd and Laframboise, Math. Comp. 36 (1981).
inline double erfcx_lane(double u) {
  constexpr std::array<double, 21> c = {
      1.2375126308378264,      -0.1402405985855061,    0.003585415485781718,
      0.08227673848712364,     -0.10880393015455231,   0.09230432122630407,
      -0.058693398387769276,   0.028362276757789878,   -0.009746581194305737,
      0.0017556295098350434,   0.0002937214295671746,  -0.00029016629854870584,
      5.162601622259853e-05,   2.2410019228612918e-05, -1.1399726074447365e-05,
      -1.0083452170479683e-06, 1.6959958079430478e-06, -2.7749611122883763e-08,
      -2.143069227582364e-07,  8.526359817483033e-09,  1.7552176307433927e-08};
  const double t = (u - 3.75) / (u + 3.75);
  double p = c[20];
#pragma GCC unroll 20
  for (int k = 19; k >= 0; --k) p = p * t + c[k];
  return p / (1 + 2 * u);
}

}  // namespace stochflow::diffusion::detail
