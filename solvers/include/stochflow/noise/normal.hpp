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
#include <type_traits>

#include "stochflow/noise/philox.hpp"

namespace stochflow {
// The bits of a number and back; noise/lane_normals.hpp has the same for packs.
inline std::uint64_t to_bits(double x) { return std::bit_cast<std::uint64_t>(x); }
inline double from_bits(std::uint64_t bits) { return std::bit_cast<double>(bits); }
/// The upper 12 bits, a signed number.
inline double top_bits_as_number(std::uint64_t bits) {
  return static_cast<double>(static_cast<std::int64_t>(bits) >> 52);
}
/// b, a if q is odd, otherwise a, b.
inline std::array<std::uint64_t, 2> exchanged_if_odd(std::uint64_t q,
                                                     std::uint64_t a,
                                                     std::uint64_t b) {
  const std::uint64_t exchange = (a ^ b) & (0 - (q & 1));
  return {a ^ exchange, b ^ exchange};
}

namespace detail {

/// c[0] + c[1] x + ... as two chains of multiply-adds in x^2, half as long as one in x.
template <class D, std::size_t n>
D polynomial(const std::array<double, n>& c, const D& x) {
  using std::fma;
  const D x2 = x * x;
  constexpr std::size_t last = n - 1;
  D even(c[last - last % 2]), odd(c[last - 1 + last % 2]);
#pragma GCC unroll 8
  for (std::size_t k = last - last % 2; k >= 2; k -= 2) even = fma(even, x2, D(c[k - 2]));
#pragma GCC unroll 8
  for (std::size_t k = last - 1 + last % 2; k >= 2; k -= 2) odd = fma(odd, x2, D(c[k - 2]));
  return fma(odd, x, even);
}

/// log(u) = exponent log(2) + 2 artanh(s)
template <class D>
struct LogParts {
  D exponent, s;
};

template <class D>
LogParts<D> parts_of_log(const D& u) {
  using Word = decltype(to_bits(u));
  const auto word = [](std::uint64_t w) { return Word(w); };
  // Shift so that the mantissa lies in [sqrt(1/2), sqrt(2)): near u = 1 the exponent is then 0 and
  // nothing cancels.
  constexpr std::uint64_t root_half = 0x3FE6A09E667F3BCD;
  const Word shifted = to_bits(u) - word(root_half);
  const D m = from_bits((shifted & word(0x000FFFFFFFFFFFFF)) + word(root_half));
  return {top_bits_as_number(shifted), (m - D(1)) / (m + D(1))};
}

/// factor log(u). A factor that is a power of two, or minus that, costs nothing and changes no bit.
/// Relative error below 3 ulp.
template <int factor = 1, class D>
D log_of_parts(const LogParts<D>& u) {
  using std::fma;
  const D z = u.s * u.s;
  constexpr std::array<double, 7> artanh{factor * 6.666666666666735130e-01,
                                         factor * 3.999999999940941908e-01,
                                         factor * 2.857142874366239149e-01,
                                         factor * 2.222219843214978396e-01,
                                         factor * 1.818357216161805012e-01,
                                         factor * 1.531383769920937332e-01,
                                         factor * 1.479819860511658591e-01};
  const D log_m = fma(u.s * z, polynomial(artanh, z), D(2 * factor) * u.s);
  constexpr double ln2_high = factor * 6.93147180369123816490e-01,
                   ln2_low = factor * 1.90821492927058770002e-10;
  return fma(u.exponent, D(ln2_high), fma(u.exponent, D(ln2_low), log_m));
}

/// log(u) for u in (0, 1], a double or a pack of them.
template <class D>
D log_of_uniform(const D& u) {
  return log_of_parts(parts_of_log(u));
}

/// sin and cos of 2 pi v for v in [0, 1). Absolute error below 2^-52.
template <class D>
std::array<D, 2> sin_cos_turns(const D& v) {
  using std::fma;
  // 4 v to the nearest integer, in the low bits of a double between 2^52 and 2^53.
  const D shift(0x1.8p52), shifted = fma(D(4.0), v, shift);
  const D quarter = shifted - shift;
  const D x = fma(D(4.0), v, -quarter) * D(1.57079632679489661923);  // in [-pi/4, pi/4]
  const D z = x * x;
  constexpr std::array<double, 6> sine_terms{-1.66666666666666324348e-01,
                                             8.33333333332248946124e-03,
                                             -1.98412698298579493134e-04,
                                             2.75573137070700676789e-06,
                                             -2.50507602534068634195e-08,
                                             1.58969099521155010221e-10};
  constexpr std::array<double, 6> cosine_terms{4.16666666666666019037e-02,
                                               -1.38888888888741095749e-03,
                                               2.48015872894767294178e-05,
                                               -2.75573143513906633035e-07,
                                               2.08757232129817482790e-09,
                                               -1.13596475577881948265e-11};
  const auto sine = to_bits(fma(x * z, polynomial(sine_terms, z), x));
  const auto cosine = to_bits(fma(z * z, polynomial(cosine_terms, z), fma(D(-0.5), z, D(1.0))));
  // An odd quarter exchanges the two; bit 1 of the quarter, or of the next, is the sign.
  using Word = decltype(to_bits(v));
  const Word q = to_bits(shifted), sign(std::uint64_t{1} << 63);
  const auto [a, b] = exchanged_if_odd(q, sine, cosine);
  const Word next = q + Word(std::uint64_t{1});
  return {from_bits(a ^ ((q << 62) & sign)), from_bits(b ^ ((next << 62) & sign))};
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

/// The Box-Muller map in three stages, up to a division, up to a root, and from there. A processor
/// waits for both; loops over many pairs begin the next ones meanwhile (ensemble/lane_noise.hpp).
template <class Word>
auto begin_normal_pair(const Word& u1) {
  return detail::parts_of_log(uniform_open(u1));
}
template <class D>
D radius_of_normal_pair(const detail::LogParts<D>& begun) {
  using std::sqrt;
  return sqrt(detail::log_of_parts<-2>(begun));
}
template <class D, class Word>
std::array<D, 2> end_normal_pair(const D& radius, const Word& u2) {
  const auto [sine, cosine] = detail::sin_cos_turns(uniform_half_open(u2));
  return {radius * cosine, radius * sine};
}

/// Two independent standard normals from two random 64-bit words, or packs of them.
template <class Word>
auto normal_pair(const Word& u1, const Word& u2) {
  return end_normal_pair(radius_of_normal_pair(begin_normal_pair(u1)), u2);
}

/// What 128 random bits are worth in a number type: the words that name trajectories and hold the
/// bits, and the variables made of them. Specialised for float (noise/float_normals.hpp) and packs
/// (noise/lane_normals.hpp).
template <class D>
struct NoiseWords {
  using Word = std::uint64_t;
  static constexpr std::size_t normals_per_draw = 2;

  /// The trajectory `first`; with packs one after the other.
  static Word trajectories(std::uint64_t first) { return first; }
  static std::array<D, 2> normals(const std::array<Word, 2>& words) {
    return normal_pair(words[0], words[1]);
  }
  /// size if bit `place` is set, otherwise -size.
  static D signed_by(Word word, int place, D size) {
    return from_bits(to_bits(-size) ^ ((word << (63 - place)) & (std::uint64_t{1} << 63)));
  }
  /// 0, 1, ..., 5 from the low 32 bits but the lowest, with equal probability up to 2^-31.
  static D die(Word word) {
    return static_cast<D>(multiply_low_halves((word & 0xFFFFFFFF) >> 1, 6) >> 31);
  }
};

/// The two normals (or uniforms) at lane `lane` of draw `index` of `trajectory`.
inline std::array<double, 2> normal_pair(const RandomStream& stream,
                                         std::uint64_t trajectory,
                                         std::uint64_t index,
                                         std::uint32_t lane) {
  const auto [u1, u2] = stream.words(trajectory, index, lane);
  return normal_pair(u1, u2);
}
inline std::array<double, 2> uniform_pair(const RandomStream& stream,
                                          std::uint64_t trajectory,
                                          std::uint64_t index,
                                          std::uint32_t lane) {
  const auto [u1, u2] = stream.words(trajectory, index, lane);
  return {uniform_half_open(u1), uniform_half_open(u2)};
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
