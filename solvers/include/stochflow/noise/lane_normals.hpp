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

inline WordPack to_bits(const Pack<double>& x) { return std::bit_cast<WordPack::Simd>(x.simd()); }
inline Pack<double> from_bits(const WordPack& bits) {
  return std::bit_cast<Pack<double>::Simd>(bits.simd());
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
  WordsOf<float> low() const { return join(first & WordPack(half), second << 32); }
  WordsOf<float> high() const { return join(first >> 32, second & WordPack(~half)); }

 private:
  static constexpr std::uint64_t half = 0xFFFFFFFF;
  static WordsOf<float> join(const WordPack& a, const WordPack& b) {
    return std::bit_cast<WordsOf<float>::Simd>((a | b).simd());
  }
};

inline WordPair multiply_low_halves(const WordPair& a, std::uint32_t m) {
  return {multiply_low_halves(a.first, m), multiply_low_halves(a.second, m)};
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
