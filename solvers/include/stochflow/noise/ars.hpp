#pragma once

// ARS, a counter-based generator made of AES rounds: where the processor has instructions for them,
// 128 random bits cost a third of Philox's. It gives other numbers, so it is never picked by
// itself:
//   simulate_lanes<Ars>(problem, method, x0, grid, options).
// Without the instructions the same numbers come from a table, slowly. Five rounds pass the
// BigCrush tests, as its authors report; there are fewer of them to spare than with Philox, the
// default. Source: Salmon, Moraes, Dror and Shaw, SC 2011, section 4.2; AES round: FIPS 197.

#include <array>
#include <bit>
#include <cstdint>

#if defined(__AES__)
#include <immintrin.h>
#endif

#include "stochflow/noise/lane_normals.hpp"
#include "stochflow/noise/philox.hpp"

namespace stochflow {
namespace detail {

/// 128 bits, the low half first.
using Block = std::array<std::uint64_t, 2>;

/// The substitution of AES: inverse in GF(2^8), then an affine map.
constexpr std::array<std::uint8_t, 256> make_aes_box() {
  std::array<std::uint8_t, 256> box{};
  // p runs through all powers of 3, q through those of its inverse.
  std::uint8_t p = 1, q = 1;
  do {
    p = static_cast<std::uint8_t>(p ^ (p << 1) ^ ((p & 0x80) != 0 ? 0x1B : 0));
    q = static_cast<std::uint8_t>(q ^ (q << 1));
    q = static_cast<std::uint8_t>(q ^ (q << 2));
    q = static_cast<std::uint8_t>(q ^ (q << 4));
    if ((q & 0x80) != 0) q ^= 0x09;
    box[p] = static_cast<std::uint8_t>(q ^ std::rotl(q, 1) ^ std::rotl(q, 2) ^ std::rotl(q, 3) ^
                                       std::rotl(q, 4) ^ 0x63);
  } while (p != 1);
  box[0] = 0x63;
  return box;
}

/// One round of AES on a block: rows shifted, bytes substituted, columns mixed (not in the last
/// round), the key added.
template <bool mix>
constexpr Block aes_round(const Block& state, const Block& key) {
  constexpr auto box = make_aes_box();
  const auto byte = [&](int k) {
    return static_cast<std::uint8_t>(state[static_cast<std::size_t>(k / 8)] >> (8 * (k % 8)));
  };
  const auto twice = [](std::uint8_t b) {
    return static_cast<std::uint8_t>((b << 1) ^ ((b & 0x80) != 0 ? 0x1B : 0));
  };
  Block result = key;
  for (int column = 0; column < 4; ++column) {
    std::array<std::uint8_t, 4> s{};
    for (int row = 0; row < 4; ++row) {
      s[static_cast<std::size_t>(row)] = box[byte(4 * ((column + row) % 4) + row)];
    }
    for (int row = 0; row < 4; ++row) {
      const auto at = [&](int k) { return s[static_cast<std::size_t>((row + k) % 4)]; };
      const auto mixed =
          static_cast<std::uint8_t>(twice(at(0)) ^ twice(at(1)) ^ at(1) ^ at(2) ^ at(3));
      const int place = 4 * column + row;
      result[static_cast<std::size_t>(place / 8)] ^= std::uint64_t{mix ? mixed : at(0)}
                                                     << (8 * (place % 8));
    }
  }
  return result;
}

}  // namespace detail

/// A generator for BasicRandomStream.
struct Ars {
  using Key = detail::Block;
  static constexpr int rounds = 5;

  static constexpr Key key(const PhiloxCounter& random) {
    return {std::uint64_t{random[1]} << 32 | random[0], std::uint64_t{random[3]} << 32 | random[2]};
  }
  /// The key of the next round.
  static constexpr Key next(const Key& key) {
    return {key[0] + 0x9E3779B97F4A7C15, key[1] + 0xBB67AE8584CAA73B};
  }

  /// The counter is (trajectory, index and lane).
  static std::array<std::uint64_t, 2> words(std::uint64_t trajectory,
                                            std::uint32_t index,
                                            std::uint32_t lane,
                                            Key key) {
    return encrypt<rounds>({trajectory, std::uint64_t{lane} << 32 | index}, key);
  }

  /// Of a pack of trajectories.
  static std::array<WordPack, 2> words(const WordPack& trajectory,
                                       std::uint32_t index,
                                       std::uint32_t lane,
                                       Key key) {
    const std::uint64_t rest = std::uint64_t{lane} << 32 | index;
#if defined(__VAES__) && defined(__AVX512F__)
    const auto both = [](const Key& k) {
      return _mm512_broadcast_i32x4(
          _mm_set_epi64x(static_cast<long long>(k[1]), static_cast<long long>(k[0])));
    };
    const auto low = static_cast<__m512i>(trajectory.simd());
    const __m512i high = _mm512_set1_epi64(static_cast<long long>(rest));
    // Blocks of the even trajectories, and of the odd ones.
    __m512i even = _mm512_xor_si512(_mm512_unpacklo_epi64(low, high), both(key));
    __m512i odd = _mm512_xor_si512(_mm512_unpackhi_epi64(low, high), both(key));
    for (int round = 1; round < rounds; ++round) {
      key = next(key);
      even = _mm512_aesenc_epi128(even, both(key));
      odd = _mm512_aesenc_epi128(odd, both(key));
    }
    key = next(key);
    even = _mm512_aesenclast_epi128(even, both(key));
    odd = _mm512_aesenclast_epi128(odd, both(key));
    return {WordPack::Simd(_mm512_unpacklo_epi64(even, odd)),
            WordPack::Simd(_mm512_unpackhi_epi64(even, odd))};
#else
    WordPack::Simd first, second;
    for (std::size_t l = 0; l < WordPack::Simd::size(); ++l) {
      const auto block = encrypt<rounds>({trajectory.simd()[l], rest}, key);
      first[l] = block[0];
      second[l] = block[1];
    }
    return {first, second};
#endif
  }
  static std::array<WordPair, 2> words(const WordPair& trajectory,
                                       std::uint32_t index,
                                       std::uint32_t lane,
                                       const Key& key) {
    const auto first = words(trajectory.first, index, lane, key);
    const auto second = words(trajectory.second, index, lane, key);
    return {WordPair(first[0], second[0]), WordPair(first[1], second[1])};
  }

  template <int count>
  static detail::Block encrypt(const detail::Block& counter, Key key) {
#if defined(__AES__)
    const auto load = [](const detail::Block& b) {
      return _mm_set_epi64x(static_cast<long long>(b[1]), static_cast<long long>(b[0]));
    };
    __m128i state = _mm_xor_si128(load(counter), load(key));
    for (int round = 1; round < count; ++round) {
      key = next(key);
      state = _mm_aesenc_si128(state, load(key));
    }
    state = _mm_aesenclast_si128(state, load(next(key)));
    return std::bit_cast<detail::Block>(state);
#else
    return encrypt_by_table<count>(counter, key);
#endif
  }

  /// The same from a table.
  template <int count>
  static constexpr detail::Block encrypt_by_table(const detail::Block& counter, Key key) {
    detail::Block state{counter[0] ^ key[0], counter[1] ^ key[1]};
    for (int round = 1; round < count; ++round) {
      key = next(key);
      state = detail::aes_round<true>(state, key);
    }
    return detail::aes_round<false>(state, next(key));
  }
};

}  // namespace stochflow
