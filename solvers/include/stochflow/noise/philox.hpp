#pragma once

// Philox4x32-10, the counter-based generator under all randomness here: 128 random bits are a pure
// function of a 128-bit counter and a 64-bit key, so a number's value depends on *which* number it
// is and never on the order, the thread or the batch in which it was asked for.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

#include <array>
#include <cstdint>

namespace stochflow {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// The product of the low halves of `a` and `m`.
constexpr std::uint64_t multiply_low_halves(std::uint64_t a, std::uint32_t m) {
  return (a & 0xFFFFFFFF) * m;
}

/// The upper half of `a` in the lower half, and anything in the upper.
constexpr std::uint64_t upper_half(std::uint64_t a) { return a >> 32; }

/// One word of two lower halves.
constexpr std::uint64_t join_lower_halves(std::uint64_t lower, std::uint64_t upper) {
  return upper << 32 | (lower & 0xFFFFFFFF);
}

/// The generator on words of 32 bits in the low half of 64, for one counter (Word = std::uint64_t)
/// or for several at once (a pack of them, noise/lane_normals.hpp). What the high halves hold is
/// ignored in the arguments and unspecified in the result.
template <class Word>
constexpr std::array<Word, 4> philox4x32_words(std::array<Word, 4> c, PhiloxKey key) {
  constexpr std::uint32_t multiplier0 = 0xD2511F53, multiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t weyl0 = 0x9E3779B9, weyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const Word p0 = multiply_low_halves(c[0], multiplier0);
    const Word p1 = multiply_low_halves(c[2], multiplier1);
    c = {upper_half(p1) ^ c[1] ^ Word(std::uint64_t{key[0]}),
         p1,
         upper_half(p0) ^ c[3] ^ Word(std::uint64_t{key[1]}),
         p0};
    key[0] += weyl0;
    key[1] += weyl1;
  }
  return c;
}

constexpr PhiloxCounter philox4x32(PhiloxCounter c, PhiloxKey key) {
  const auto words = philox4x32_words<std::uint64_t>({c[0], c[1], c[2], c[3]}, key);
  return {static_cast<std::uint32_t>(words[0]),
          static_cast<std::uint32_t>(words[1]),
          static_cast<std::uint32_t>(words[2]),
          static_cast<std::uint32_t>(words[3])};
}

/// What a random number is used for. Different purposes never share bits, whatever their indices.
enum class Purpose : std::uint32_t {
  increments = 1,
  bridge = 2,
  initial_state = 3,
  exact_integral = 4,
  space_time_area = 5,
  tree = 6,
  space_time_time_area = 7,
  two_point = 8,
  three_point = 9,
  levy_area = 10,
  metropolis = 11,
  space_time_time_tree = 12,
  tree_levy_area = 13,
  event = 14,
  dequantisation = 16,
  probe = 17,
  prior = 18,
  corrector = 19,
  training_time = 32,
  training_noise = 33,
  shuffle = 34,
  initial_weights = 35,
  withheld_label = 36,
};

/// The generator of everything random, unless another is asked for (noise/ars.hpp).
struct Philox {
  using Key = PhiloxKey;

  static constexpr Key key(const PhiloxCounter& random) { return {random[0], random[1]}; }

  /// 128 bits as two words, of one trajectory or of a pack of them.
  template <class Word>
  static constexpr std::array<Word, 2> words(const Word& trajectory,
                                             std::uint32_t index,
                                             std::uint32_t lane,
                                             const Key& key) {
    return words_of_draws(trajectory, Word(std::uint64_t{index}), lane, key);
  }
  /// The same with an index in each lane of a pack.
  template <class Word>
  static constexpr std::array<Word, 2> words_of_draws(const Word& trajectory,
                                                      const Word& index,
                                                      std::uint32_t lane,
                                                      const Key& key) {
    const auto b = philox4x32_words<Word>(
        {trajectory, upper_half(trajectory), index, Word(std::uint64_t{lane})}, key);
    return {join_lower_halves(b[0], b[1]), join_lower_halves(b[2], b[3])};
  }
};

/// An independent stream of 128-bit words, addressed by (trajectory, index, lane).
/// `seed` is the run's seed; `trajectory` the sample, path or image; `index` the step or draw;
/// `lane` counts 128-bit words within it.
template <class Generator>
class BasicRandomStream {
 public:
  constexpr BasicRandomStream(std::uint64_t seed, Purpose purpose)
      : seed_{low(seed), high(seed)}, purpose_(static_cast<std::uint32_t>(purpose)) {
    key_ = key_for(0);
  }

  constexpr std::uint64_t seed() const { return std::uint64_t{seed_[1]} << 32 | seed_[0]; }

  constexpr PhiloxCounter bits(std::uint64_t trajectory,
                               std::uint64_t index,
                               std::uint32_t lane) const {
    const auto [a, b] = words(trajectory, index, lane);
    return {low(a), high(a), low(b), high(b)};
  }

  /// The same 128 bits as two 64-bit words, of one trajectory or of a pack of them.
  template <class Word>
  constexpr std::array<Word, 2> words(Word trajectory,
                                      std::uint64_t index,
                                      std::uint32_t lane) const {
    return draw(index, lane).words(trajectory);
  }

  /// Several draws of one trajectory: `index` holds theirs, which agree in the upper 32 bits.
  template <class Word>
  std::array<Word, 2> words_of_draws(std::uint64_t trajectory,
                                     const Word& index,
                                     std::uint64_t one_of_them,
                                     std::uint32_t lane) const {
    return Generator::words_of_draws(Word(trajectory), index, lane, key_of(one_of_them));
  }

  /// Draw `index` of every trajectory. For loops over trajectories: the key is derived once.
  class Draw {
   public:
    template <class Word>
    constexpr std::array<Word, 2> words(const Word& trajectory) const {
      return Generator::words(trajectory, index_, lane_, key_);
    }

   private:
    friend BasicRandomStream;
    constexpr Draw(const typename Generator::Key& key, std::uint32_t index, std::uint32_t lane)
        : key_(key), index_(index), lane_(lane) {}
    typename Generator::Key key_;
    std::uint32_t index_, lane_;
  };
  constexpr Draw draw(std::uint64_t index, std::uint32_t lane) const {
    return {key_of(index), low(index), lane};
  }

 private:
  static constexpr std::uint32_t low(std::uint64_t v) { return static_cast<std::uint32_t>(v); }
  static constexpr std::uint32_t high(std::uint64_t v) {
    return static_cast<std::uint32_t>(v >> 32);
  }

  // The counter has room for 32 bits of the index; the rest selects another key.
  constexpr typename Generator::Key key_of(std::uint64_t index) const {
    return high(index) == 0 ? key_ : key_for(high(index));
  }

  constexpr typename Generator::Key key_for(std::uint32_t index_high) const {
    return Generator::key(philox4x32({purpose_, index_high, 0x53746f63, 0x68666c77}, seed_));
  }

  PhiloxKey seed_;
  std::uint32_t purpose_;
  typename Generator::Key key_{};
};
using RandomStream = BasicRandomStream<Philox>;

}  // namespace stochflow
