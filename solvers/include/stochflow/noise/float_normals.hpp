#pragma once

// Normals in single precision, four from the 128 bits that make two doubles: the map of normal.hpp
// with polynomials for 24 bits, from uniforms of 32 bits. Absolute error of a normal below 2e-6;
// largest value 6.77, so that a run with more than 1e10 draws misses values that it should have
// seen: take doubles there.

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "stochflow/noise/normal.hpp"

namespace stochflow {

inline std::uint32_t to_bits(float x) { return std::bit_cast<std::uint32_t>(x); }
inline float from_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }
// Rounded to nearest; the second takes the word as a signed number.
inline float to_float(std::uint32_t word) { return static_cast<float>(word); }
inline float signed_to_float(std::uint32_t word) {
  return static_cast<float>(static_cast<std::int32_t>(word));
}

/// The upper 9 bits, a signed number.
inline float top_bits_as_float(std::uint32_t bits) {
  return static_cast<float>(static_cast<std::int32_t>(bits) >> 23);
}
/// b, a if bit 30 of q is set, otherwise a, b.
inline std::array<std::uint32_t, 2> exchanged_if_bit_30(std::uint32_t q,
                                                        std::uint32_t a,
                                                        std::uint32_t b) {
  const std::uint32_t exchange = (a ^ b) & (0 - (q >> 30 & 1));
  return {a ^ exchange, b ^ exchange};
}

namespace detail {

/// -2 log(u) for u in (0, 1], a float or a pack of them.
template <class D>
D minus_two_float_log(const D& u) {
  using std::fma;
  using Word = decltype(to_bits(u));
  constexpr std::uint32_t root_half = 0x3F3504F3;
  const Word shifted = to_bits(u) - Word(root_half);
  const D exponent = top_bits_as_float(shifted);
  const D m = from_bits((shifted & Word(std::uint32_t{0x007FFFFF})) + Word(root_half));
  const D s = (m - D(1)) / (m + D(1));
  const D z = s * s;
  constexpr std::array<double, 4> artanh{
      -2 * 0.66666662693, -2 * 0.40000972152, -2 * 0.28498786688, -2 * 0.24279078841};
  const D log_m = fma(s * z, polynomial(artanh, z), D(-4) * s);
  constexpr double ln2_high = -2 * 6.9313812256e-01, ln2_low = -2 * 9.0580006145e-06;
  return fma(exponent, D(ln2_high), fma(exponent, D(ln2_low), log_m));
}

}  // namespace detail

/// Two independent standard normals from two random 32-bit words, or packs of them.
template <class Word>
auto float_normal_pair(const Word& w1, const Word& w2) {
  using std::fma;
  using std::sqrt;
  using D = decltype(to_float(w1));
  const auto word = [](std::uint32_t bits) { return Word(bits); };
  const D uniform = fma(to_float(w1), D(0x1p-32), D(0x1p-33));
  const D radius = sqrt(detail::minus_two_float_log(uniform));
  // Turns in units of a quarter, to the nearest: the upper two bits of q, and the rest lies in
  // [-1/2, 1/2).
  const Word q = w2 + word(1u << 29);
  const Word rest = (q & word(0x3FFFFFFF)) - word(1u << 29);
  const D x = signed_to_float(rest) * D(1.57079632679489661923 * 0x1p-30);
  const D z = x * x;
  constexpr std::array<double, 3> sine_terms{-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4};
  constexpr std::array<double, 3> cosine_terms{
      4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5};
  const Word sine = to_bits(fma(x * z, detail::polynomial(sine_terms, z), x));
  const Word cosine =
      to_bits(fma(z * z, detail::polynomial(cosine_terms, z), fma(D(-0.5), z, D(1.0))));
  // An odd quarter exchanges the two; the upper bit of the quarter, or of the next, is the sign.
  const auto [a, b] = exchanged_if_bit_30(q, sine, cosine);
  const Word sign = word(1u << 31), next = q + word(1u << 30);
  return std::array<D, 2>{radius * from_bits(b ^ (next & sign)),
                          radius * from_bits(a ^ (q & sign))};
}

template <>
struct NoiseWords<float> {
  using Word = std::uint64_t;
  static constexpr std::size_t normals_per_draw = 4;

  static Word trajectories(std::uint64_t first) { return first; }
  static std::array<float, 4> normals(const std::array<Word, 2>& words) {
    const auto pair = [](Word w) {
      return float_normal_pair(static_cast<std::uint32_t>(w), static_cast<std::uint32_t>(w >> 32));
    };
    const auto a = pair(words[0]), b = pair(words[1]);
    return {a[0], a[1], b[0], b[1]};
  }
  static float signed_by(Word word, int place, float size) {
    return static_cast<float>(NoiseWords<double>::signed_by(word, place, size));
  }
  static float die(Word word) { return static_cast<float>(NoiseWords<double>::die(word)); }
};

}  // namespace stochflow
