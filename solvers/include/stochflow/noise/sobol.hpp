#pragma once

// Sobol's sequence with Owen's scrambling: points that fill the unit cube more evenly than random
// ones, and stay uniformly distributed each. For a smooth integrand the error of an average over n
// scrambled points falls like n^(-3/2) instead of n^(-1/2). Independent scramblings are what a
// standard error is estimated from. sobol_paths.hpp makes Brownian paths of the points;
// ensemble/quasi_monte_carlo.hpp runs them.
//
// Averages want a number of points that is a power of two, from an index that is a multiple of it.
// The direction numbers are those of Joe and Kuo (SIAM J. Sci. Comput. 30, 2008), in the table that
// Boost carries: up to 3667 dimensions. Points have 32 binary digits.
//
// Scrambling: the digits of a point are exchanged by a tree of random bits, one for each beginning
// (Owen 1995). Here the bits of the tree are a hash: read from the back, so that carries move from
// leading digits to later ones, a word goes through additions, odd products and x ^= x (even) by
// random keys, each of which changes a digit by a function of the digits before it only. The idea
// is Laine and Karras's (Eurographics 2011), with keys for every operation and dimension.

#include <array>
#include <boost/random/sobol.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "stochflow/noise/philox.hpp"

namespace stochflow {

/// The random keys of one scrambling of one dimension.
class OwenScrambling {
 public:
  /// Scrambling `number` of a seed; all dimensions of all scramblings are independent.
  OwenScrambling(std::uint64_t seed, std::uint64_t number, std::size_t dimension) {
    const RandomStream stream(seed, purpose);
    for (std::uint32_t k = 0; k < keys_.size() / 4; ++k) {
      const PhiloxCounter bits = stream.bits(number, dimension, k);
      for (std::size_t j = 0; j < 4; ++j) keys_[4 * k + j] = bits[j];
    }
  }

  /// Of a word whose lowest bit is the leading digit.
  constexpr std::uint32_t reversed(std::uint32_t x) const {
    for (std::size_t k = 0; k < keys_.size(); k += 4) {
      x += keys_[k];
      x ^= x * (keys_[k + 1] & ~std::uint32_t{1});
      x *= keys_[k + 2] | 1;
      x ^= x * (keys_[k + 3] & ~std::uint32_t{1});
    }
    return x;
  }

 private:
  // A purpose of its own, apart from those of philox.hpp.
  static constexpr Purpose purpose = static_cast<Purpose>(48);
  std::array<std::uint32_t, 12> keys_{};
};

/// The last binary digit first.
constexpr std::uint32_t reverse_bits(std::uint32_t x) {
  x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1;
  x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2;
  x = (x >> 4 & 0x0F0F0F0F) | (x & 0x0F0F0F0F) << 4;
  x = (x >> 8 & 0x00FF00FF) | (x & 0x00FF00FF) << 8;
  return x >> 16 | x << 16;
}

class Sobol {
 public:
  static constexpr std::size_t most_dimensions = boost::random::default_sobol_table::max_dimension;

  explicit Sobol(std::size_t dimensions) : directions_(dimensions) {
    if (dimensions < 1 || dimensions > most_dimensions) {
      throw std::invalid_argument(
          "Sobol: expected 1 to " + std::to_string(most_dimensions) + " dimensions, found " +
          std::to_string(dimensions) +
          ": take fewer steps (a path takes a dimension for each step and noise), or draw the "
          "later ones at random with simulate_lanes");
    }
    for (std::size_t d = 0; d < dimensions; ++d) directions_[d] = directions(d);
  }

  std::size_t dimensions() const { return directions_.size(); }

  /// Coordinate `dimension` of point `index`, over 2^32.
  std::uint32_t point(std::size_t dimension, std::uint32_t index) const {
    return reverse_bits(from_back(dimension, index));
  }
  /// The same, scrambled.
  std::uint32_t point(std::size_t dimension,
                      std::uint32_t index,
                      const OwenScrambling& scrambling) const {
    return reverse_bits(scrambling.reversed(from_back(dimension, index)));
  }

  /// The scrambled coordinates of the points first, first + 1, ...: as many as `out` holds, a power
  /// of two that divides `first`.
  void fill(std::size_t dimension,
            std::uint32_t first,
            const OwenScrambling& scrambling,
            std::span<std::uint32_t> out) const {
    const auto& v = directions_[dimension];
    out[0] = from_back(dimension, first);
    for (std::size_t b = 0, half = 1; half < out.size(); ++b, half *= 2) {
      for (std::size_t k = 0; k < half; ++k) out[half + k] = out[k] ^ v[b];
    }
    for (std::uint32_t& x : out) x = reverse_bits(scrambling.reversed(x));
  }

 private:
  static constexpr int digits = 32;
  using Directions = std::array<std::uint32_t, digits>;

  std::uint32_t from_back(std::size_t dimension, std::uint32_t index) const {
    std::uint32_t x = 0;
    for (std::size_t b = 0; index != 0; ++b, index >>= 1) {
      if (index & 1) x ^= directions_[dimension][b];
    }
    return x;
  }

  /// The direction numbers of a dimension, lowest bit the leading digit. The recurrence of Bratley
  /// and Fox (ACM TOMS 659): m_j = 2 c_1 m_(j-1) ^ ... ^ 2^s m_(j-s) ^ m_(j-s), with c the
  /// coefficients of a primitive polynomial of degree s; v_j = m_j / 2^(j+1).
  static Directions directions(std::size_t dimension) {
    using Table = boost::random::default_sobol_table;
    std::array<std::uint64_t, digits> m{};
    if (dimension == 0) {
      m.fill(1);
    } else {
      const auto polynomial = static_cast<std::uint32_t>(Table::polynomial(dimension - 1));
      int s = 0;
      while (polynomial >> (s + 1) != 0) ++s;
      for (int j = 0; j < digits; ++j) {
        auto& mj = m[static_cast<std::size_t>(j)];
        if (j < s) {
          mj = Table::minit(dimension - 1, static_cast<std::size_t>(j));
          continue;
        }
        mj = m[static_cast<std::size_t>(j - s)];
        for (int i = 1; i <= s; ++i) {
          if (polynomial >> (s - i) & 1) mj ^= m[static_cast<std::size_t>(j - i)] << i;
        }
      }
    }
    Directions v{};
    for (std::size_t j = 0; j < v.size(); ++j) {
      v[j] = reverse_bits(static_cast<std::uint32_t>(m[j] << (digits - 1 - j)));
    }
    return v;
  }

  std::vector<Directions> directions_;
};

}  // namespace stochflow
