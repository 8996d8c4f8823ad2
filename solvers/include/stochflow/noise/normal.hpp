#pragma once

// From random bits to normal variables, the same bits on every compiler and machine: the
// Box-Muller map with its own logarithm and sine (no libm), every multiply-add an explicit fma, and
// the only other operations + - * / sqrt, which IEEE 754 defines to the last bit. Absolute error of
// a normal below 2e-15; largest value 8.57.
// Source: Box and Muller 1958; the logarithm as 2 artanh((m-1)/(m+1)), sine and cosine by their
// Taylor series on [-pi/4, pi/4], truncated below 2^-53.

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

#include "stochflow/noise/philox.hpp"

namespace stochflow {
namespace detail {

/// log(u) for u in (0, 1]. Relative error below 3 ulp.
inline double log_of_uniform(double u) {
  const auto bits = std::bit_cast<std::uint64_t>(u);
  // Shift so that the mantissa lies in [sqrt(1/2), sqrt(2)): near u = 1 the exponent is then 0 and
  // nothing cancels.
  const std::uint64_t shifted = bits - 0x3FE6A09E667F3BCD;
  const auto exponent = static_cast<double>(static_cast<std::int64_t>(shifted) >> 52);
  const double m = std::bit_cast<double>((shifted & 0x000FFFFFFFFFFFFF) + 0x3FE6A09E667F3BCD);
  const double f = m - 1;
  const double s = f / (f + 2);
  const double z = s * s;
  double p = 1.0 / 23;
  for (int k = 21; k >= 3; k -= 2) p = std::fma(p, z, 1.0 / k);
  const double two_s = s + s;
  const double log_m = std::fma(two_s * z, p, two_s);
  constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  return std::fma(exponent, ln2_high, std::fma(exponent, ln2_low, log_m));
}

/// sin and cos of 2 pi v for v in [0, 1). Absolute error below 2^-52.
inline std::array<double, 2> sin_cos_turns(double v) {
  const double quarter = std::floor(std::fma(4.0, v, 0.5));
  const double x = std::fma(4.0, v, -quarter) * 1.57079632679489661923;  // in [-pi/4, pi/4]
  const double z = x * x;
  double s = 1.0 / 355687428096000.0;  // 1/17!
  for (const double c : {-1.0 / 1307674368000.0,
                         1.0 / 6227020800.0,
                         -1.0 / 39916800.0,
                         1.0 / 362880.0,
                         -1.0 / 5040.0,
                         1.0 / 120.0,
                         -1.0 / 6.0}) {
    s = std::fma(s, z, c);
  }
  const double sine = std::fma(x * z, s, x);
  double c = 1.0 / 20922789888000.0;  // 1/16!
  for (const double k : {-1.0 / 87178291200.0,
                         1.0 / 479001600.0,
                         -1.0 / 3628800.0,
                         1.0 / 40320.0,
                         -1.0 / 720.0,
                         1.0 / 24.0,
                         -0.5,
                         1.0}) {
    c = std::fma(c, z, k);
  }
  switch (static_cast<int>(quarter) & 3) {
    case 0:
      return {sine, c};
    case 1:
      return {c, -sine};
    case 2:
      return {-sine, -c};
    default:
      return {-c, sine};
  }
}

}  // namespace detail

/// A uniform on (0, 1): the centre of one of 2^52 equal cells.
constexpr double uniform_open(std::uint64_t bits) {
  return (static_cast<double>(bits >> 12) + 0.5) * 0x1p-52;
}
/// A uniform on [0, 1), a multiple of 2^-53.
constexpr double uniform_half_open(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

/// Two independent standard normals from two random 64-bit words.
inline std::array<double, 2> normal_pair(std::uint64_t u1, std::uint64_t u2) {
  const double radius = std::sqrt(-2 * detail::log_of_uniform(uniform_open(u1)));
  const auto [sine, cosine] = detail::sin_cos_turns(uniform_half_open(u2));
  return {radius * cosine, radius * sine};
}

/// The two normals (or uniforms) at lane `lane` of draw `index` of `trajectory`.
inline std::array<double, 2> normal_pair(const RandomStream& stream,
                                         std::uint64_t trajectory,
                                         std::uint64_t index,
                                         std::uint32_t lane) {
  const PhiloxCounter b = stream.bits(trajectory, index, lane);
  return normal_pair(static_cast<std::uint64_t>(b[1]) << 32 | b[0],
                     static_cast<std::uint64_t>(b[3]) << 32 | b[2]);
}
inline std::array<double, 2> uniform_pair(const RandomStream& stream,
                                          std::uint64_t trajectory,
                                          std::uint64_t index,
                                          std::uint32_t lane) {
  const PhiloxCounter b = stream.bits(trajectory, index, lane);
  return {uniform_half_open(static_cast<std::uint64_t>(b[1]) << 32 | b[0]),
          uniform_half_open(static_cast<std::uint64_t>(b[3]) << 32 | b[2])};
}

/// Fills `out` with the standard normals of components 0, 1, ... of draw `index` of `trajectory`.
/// Component k does not depend on how many components are asked for.
template <class T>
void fill_normals(const RandomStream& stream,
                  std::uint64_t trajectory,
                  std::uint64_t index,
                  std::span<T> out) {
  for (std::size_t k = 0; k < out.size(); k += 2) {
    const auto pair = normal_pair(stream, trajectory, index, static_cast<std::uint32_t>(k / 2));
    out[k] = static_cast<T>(pair[0]);
    if (k + 1 < out.size()) out[k + 1] = static_cast<T>(pair[1]);
  }
}

/// Standard normals one after the other: the components 0, 1, ... of draw `index` of `trajectory`,
/// for consumers whose number of normals depends on what they find.
class NormalSequence {
 public:
  NormalSequence(const RandomStream& stream, std::uint64_t trajectory, std::uint64_t index)
      : stream_(stream), trajectory_(trajectory), index_(index) {}

  double operator()() {
    const std::uint32_t k = next_++;
    if (k % 2 == 0) pair_ = normal_pair(stream_, trajectory_, index_, k / 2);
    return pair_[k % 2];
  }

 private:
  RandomStream stream_;
  std::uint64_t trajectory_, index_;
  std::uint32_t next_ = 0;
  std::array<double, 2> pair_{};
};

/// A single standard normal: component 0 of draw `index` of `trajectory`.
inline double normal(const RandomStream& stream, std::uint64_t trajectory, std::uint64_t index) {
  return normal_pair(stream, trajectory, index, 0)[0];
}

}  // namespace stochflow
