#pragma once

// The generator and the map to normals on SIMD packs: lane l is trajectory `first + l`, and its
// bits are those that the scalar functions give. The texts are those of philox.hpp and normal.hpp;
// here are only the operations on packs of words that they need. Include it where packs drive a
// path, as in FreshIncrements<Pack<double>>.

#include <array>
#include <bit>
#include <cstdint>
#include <experimental/simd>
#include <type_traits>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "stochflow/noise/float_normals.hpp"
#include "stochflow/noise/normal.hpp"
#include "stochflow/noise/philox.hpp"
#include "stochflow/pack.hpp"

namespace stochflow {

/// As many words of the size of T as Pack<T> has lanes.
template <class T>
class WordsOf {
 public:
  using Number = std::conditional_t<std::is_same_v<T, double>, std::uint64_t, std::uint32_t>;
  using Simd = std::experimental::rebind_simd_t<Number, typename Pack<T>::Simd>;

  WordsOf() = default;  // not initialised
  explicit WordsOf(Number everywhere) : words_(everywhere) {}
  WordsOf(Simd words) : words_(words) {}  // NOLINT: the same thing in the library's own words

  const Simd& simd() const { return words_; }
  friend WordsOf operator+(const WordsOf& a, const WordsOf& b) { return a.words_ + b.words_; }
  friend WordsOf operator-(const WordsOf& a, const WordsOf& b) { return a.words_ - b.words_; }
  friend WordsOf operator&(const WordsOf& a, const WordsOf& b) { return a.words_ & b.words_; }
  friend WordsOf operator|(const WordsOf& a, const WordsOf& b) { return a.words_ | b.words_; }
  friend WordsOf operator^(const WordsOf& a, const WordsOf& b) { return a.words_ ^ b.words_; }
  friend WordsOf operator<<(const WordsOf& a, int bits) { return a.words_ << bits; }
  friend WordsOf operator>>(const WordsOf& a, int bits) { return a.words_ >> bits; }

 private:
  Simd words_;
};
using WordPack = WordsOf<double>;

// One multiplication of 32 bits by 32 bits to 64 a lane: compilers make three of it otherwise.
inline WordPack multiply_low_halves(const WordPack& a, std::uint32_t m) {
#if defined(__AVX512F__)
  return WordPack::Simd(_mm512_maskz_mul_epu32(
      0xFF, static_cast<__m512i>(a.simd()), _mm512_set1_epi64(static_cast<long long>(m))));
#elif defined(__AVX2__)
  return WordPack::Simd(_mm256_mul_epu32(static_cast<__m256i>(a.simd()),
                                         _mm256_set1_epi64x(static_cast<long long>(m))));
#else
  return (a.simd() & std::uint64_t{0xFFFFFFFF}) * std::uint64_t{m};
#endif
}

// Halves are moved by shuffles, one operation each, and not by shifts and masks. Of the widest
// registers, shuffles and shifts have a unit each on Intel's processors, and the rest has both.
inline WordPack upper_half(const WordPack& a) {
#if defined(__AVX512F__)
  return WordPack::Simd(_mm512_maskz_shuffle_epi32(
      0xFFFF, static_cast<__m512i>(a.simd()), static_cast<_MM_PERM_ENUM>(0xF5)));
#elif defined(__AVX2__)
  return WordPack::Simd(_mm256_shuffle_epi32(static_cast<__m256i>(a.simd()), 0xF5));
#else
  return a >> 32;
#endif
}
inline WordPack join_lower_halves(const WordPack& lower, const WordPack& upper) {
#if defined(__AVX512F__)
  return WordPack::Simd(_mm512_mask_shuffle_epi32(static_cast<__m512i>(lower.simd()),
                                                  0xAAAA,
                                                  static_cast<__m512i>(upper.simd()),
                                                  static_cast<_MM_PERM_ENUM>(0xA0)));
#elif defined(__AVX2__)
  const __m256i odd = _mm256_shuffle_epi32(static_cast<__m256i>(upper.simd()), 0xA0);
  return WordPack::Simd(_mm256_blend_epi32(static_cast<__m256i>(lower.simd()), odd, 0xAA));
#else
  return upper << 32 | (lower & WordPack(std::uint64_t{0xFFFFFFFF}));
#endif
}

inline WordPack join_upper_halves(const WordPack& lower, const WordPack& upper) {
#if defined(__AVX512F__)
  return WordPack::Simd(_mm512_mask_shuffle_epi32(static_cast<__m512i>(upper.simd()),
                                                  0x5555,
                                                  static_cast<__m512i>(lower.simd()),
                                                  static_cast<_MM_PERM_ENUM>(0xF5)));
#elif defined(__AVX2__)
  const __m256i even = _mm256_shuffle_epi32(static_cast<__m256i>(lower.simd()), 0xF5);
  return WordPack::Simd(_mm256_blend_epi32(even, static_cast<__m256i>(upper.simd()), 0xAA));
#else
  return lower >> 32 | (upper & WordPack(~std::uint64_t{0xFFFFFFFF}));
#endif
}

inline WordPack to_bits(const Pack<double>& x) { return std::bit_cast<WordPack::Simd>(x.simd()); }
inline Pack<double> from_bits(const WordPack& bits) {
  return std::bit_cast<Pack<double>::Simd>(bits.simd());
}

inline Pack<double> top_bits_as_number(const WordPack& bits) {
#if defined(__AVX512DQ__)
  return Pack<double>::Simd(_mm512_maskz_cvtepi64_pd(
      0xFF, _mm512_maskz_srai_epi64(0xFF, static_cast<__m512i>(bits.simd()), 52)));
#else
  // The number plus 2048, in the low bits of a double at 2^52.
  const WordPack biased = (bits ^ WordPack(std::uint64_t{1} << 63)) >> 52;
  return from_bits(biased | WordPack(std::uint64_t{0x4330000000000000})) -
         Pack<double>(0x1p52 + 2048);
#endif
}
inline std::array<WordPack, 2> exchanged_if_odd(const WordPack& q,
                                                const WordPack& a,
                                                const WordPack& b) {
#if defined(__AVX512F__)
  const auto a_register = static_cast<__m512i>(a.simd()),
             b_register = static_cast<__m512i>(b.simd());
  const __mmask8 odd = _mm512_test_epi64_mask(static_cast<__m512i>(q.simd()), _mm512_set1_epi64(1));
  return {WordPack::Simd(_mm512_mask_blend_epi64(odd, a_register, b_register)),
          WordPack::Simd(_mm512_mask_blend_epi64(odd, b_register, a_register))};
#else
  const WordPack exchange =
      (a ^ b) & (WordPack(std::uint64_t{0}) - (q & WordPack(std::uint64_t{1})));
  return {a ^ exchange, b ^ exchange};
#endif
}

/// A uniform on (0, 1): the centre of one of 2^52 equal cells.
inline Pack<double> uniform_open(const WordPack& bits) {
  const WordPack in_one_to_two = (bits >> 12) | WordPack(std::uint64_t{0x3FF0000000000000});
  return from_bits(in_one_to_two) - Pack<double>(1 - 0x1p-53);
}
/// A uniform on [0, 1), a multiple of 2^-53.
inline Pack<double> uniform_half_open(const WordPack& bits) {
#if defined(__AVX512DQ__)
  using Simd = Pack<double>::Simd;
  return Pack<double>(std::experimental::static_simd_cast<Simd>((bits >> 11).simd())) *
         Pack<double>(0x1p-53);
#else
  // The upper 52 bits as above; the last one as a double of its own, by the bits of 2^-53.
  const WordPack in_one_to_two = (bits >> 12) | WordPack(std::uint64_t{0x3FF0000000000000});
  const WordPack last = WordPack(std::uint64_t{0}) - (bits >> 11 & WordPack(std::uint64_t{1}));
  return (from_bits(in_one_to_two) - Pack<double>(1.0)) +
         from_bits(last & WordPack(std::uint64_t{0x3CA0000000000000}));
#endif
}

/// Lane l is trajectory first + l.
template <>
struct NoiseWords<Pack<double>> {
  using Word = WordPack;
  static constexpr std::size_t normals_per_draw = 2;

  static Word trajectories(std::uint64_t first) {
    static constexpr auto lane = [](auto l) { return static_cast<std::uint64_t>(l); };
    return WordPack(first) + WordPack::Simd(lane);
  }
  static std::array<Pack<double>, 2> normals(const std::array<Word, 2>& words) {
    return normal_pair(words[0], words[1]);
  }
  // The stages of normal_pair.
  static auto begin(const std::array<Word, 2>& words) { return begin_normal_pair(words[0]); }
  static auto radius(const detail::LogParts<Pack<double>>& begun) {
    return radius_of_normal_pair(begun);
  }
  static auto end(const Pack<double>& radius, const std::array<Word, 2>& words) {
    return end_normal_pair(radius, words[1]);
  }
  static Pack<double> signed_by(const Word& word, int place, const Pack<double>& size) {
#if defined(__AVX512F__)
    // The bit is tested where it is, instead of being moved to the sign's place.
    const __m512i bit = _mm512_set1_epi64(static_cast<long long>(std::uint64_t{1} << place));
    const __mmask8 set = _mm512_test_epi64_mask(static_cast<__m512i>(word.simd()), bit);
    return Pack<double>::Simd(
        _mm512_mask_blend_pd(set, detail::to_register(-size), detail::to_register(size)));
#else
    return from_bits(to_bits(-size) ^ ((word << (63 - place)) & Word(std::uint64_t{1} << 63)));
#endif
  }
  static Pack<double> die(const Word& word) {
    const Word half = (word & Word(std::uint64_t{0xFFFFFFFF})) >> 1;
    // An integer in the low bits of a double at 2^52.
    const Word integer(std::uint64_t{0x4330000000000000});
    return from_bits((multiply_low_halves(half, 6) >> 31) | integer) - from_bits(integer);
  }
};

// ---- single precision ----

inline WordsOf<float> to_bits(const Pack<float>& x) {
  return std::bit_cast<WordsOf<float>::Simd>(x.simd());
}
inline Pack<float> from_bits(const WordsOf<float>& bits) {
  return std::bit_cast<Pack<float>::Simd>(bits.simd());
}
inline Pack<float> to_float(const WordsOf<float>& words) {
  return std::experimental::static_simd_cast<Pack<float>::Simd>(words.simd());
}
inline Pack<float> signed_to_float(const WordsOf<float>& words) {
  using Signed = std::experimental::rebind_simd_t<std::int32_t, Pack<float>::Simd>;
  return std::experimental::static_simd_cast<Pack<float>::Simd>(
      std::bit_cast<Signed>(words.simd()));
}

inline Pack<float> top_bits_as_float(const WordsOf<float>& words) {
  using Signed = std::experimental::rebind_simd_t<std::int32_t, Pack<float>::Simd>;
  return std::experimental::static_simd_cast<Pack<float>::Simd>(
      std::bit_cast<Signed>(words.simd()) >> 23);
}
inline std::array<WordsOf<float>, 2> exchanged_if_bit_30(const WordsOf<float>& q,
                                                         const WordsOf<float>& a,
                                                         const WordsOf<float>& b) {
#if defined(__AVX512F__)
  const auto a_register = static_cast<__m512i>(a.simd()),
             b_register = static_cast<__m512i>(b.simd());
  const __mmask16 set =
      _mm512_test_epi32_mask(static_cast<__m512i>(q.simd()), _mm512_set1_epi32(1 << 30));
  return {WordsOf<float>::Simd(_mm512_mask_blend_epi32(set, a_register, b_register)),
          WordsOf<float>::Simd(_mm512_mask_blend_epi32(set, b_register, a_register))};
#else
  using Word = WordsOf<float>;
  const Word exchange = (a ^ b) & (Word(std::uint32_t{0}) - ((q >> 30) & Word(std::uint32_t{1})));
  return {a ^ exchange, b ^ exchange};
#endif
}

/// Two packs of words side by side. For a Pack<float> those of its even and of its odd lanes, since
/// a register holds the 64-bit words of half of them.
struct WordPair {
  WordPack first, second;

  WordPair() = default;
  explicit WordPair(std::uint64_t everywhere) : first(everywhere), second(everywhere) {}
  WordPair(const WordPack& a, const WordPack& b) : first(a), second(b) {}

  friend WordPair operator&(const WordPair& a, const WordPair& b) {
    return {a.first & b.first, a.second & b.second};
  }
  friend WordPair operator|(const WordPair& a, const WordPair& b) {
    return {a.first | b.first, a.second | b.second};
  }
  friend WordPair operator^(const WordPair& a, const WordPair& b) {
    return {a.first ^ b.first, a.second ^ b.second};
  }
  friend WordPair operator<<(const WordPair& a, int n) { return {a.first << n, a.second << n}; }
  friend WordPair operator>>(const WordPair& a, int n) { return {a.first >> n, a.second >> n}; }

  /// The lower or the upper halves of the words: first, second, first, ...
  WordsOf<float> low() const {
    return std::bit_cast<WordsOf<float>::Simd>(join_lower_halves(first, second).simd());
  }
  WordsOf<float> high() const {
    return std::bit_cast<WordsOf<float>::Simd>(join_upper_halves(first, second).simd());
  }
};

inline WordPair multiply_low_halves(const WordPair& a, std::uint32_t m) {
  return {multiply_low_halves(a.first, m), multiply_low_halves(a.second, m)};
}

inline WordPair upper_half(const WordPair& a) {
  return {upper_half(a.first), upper_half(a.second)};
}
inline WordPair join_lower_halves(const WordPair& lower, const WordPair& upper) {
  return {join_lower_halves(lower.first, upper.first),
          join_lower_halves(lower.second, upper.second)};
}

template <>
struct NoiseWords<Pack<float>> {
  using Word = WordPair;
  static constexpr std::size_t normals_per_draw = 4;

  static Word trajectories(std::uint64_t first) {
    static constexpr auto even = [](auto l) { return 2 * static_cast<std::uint64_t>(l); };
    const WordPack even_lanes = WordPack(first) + WordPack::Simd(even);
    return {even_lanes, even_lanes + WordPack(std::uint64_t{1})};
  }
  static std::array<Pack<float>, 4> normals(const std::array<Word, 2>& words) {
    const auto a = float_normal_pair(words[0].low(), words[0].high());
    const auto b = float_normal_pair(words[1].low(), words[1].high());
    return {a[0], a[1], b[0], b[1]};
  }
  static Pack<float> signed_by(const Word& word, int place, const Pack<float>& size) {
    const WordsOf<float> top(std::uint32_t{1} << 31);
    return from_bits(to_bits(-size) ^ ((word << (63 - place)).high() & top));
  }
  static Pack<float> die(const Word& word) {
    const Word half = (word & Word(std::uint64_t{0xFFFFFFFF})) >> 1;
    return to_float((multiply_low_halves(half, 6) >> 31).low());
  }
};

}  // namespace stochflow
