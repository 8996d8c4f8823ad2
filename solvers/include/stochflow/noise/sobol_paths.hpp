#pragma once

// Brownian paths made of scrambled Sobol points, by the Brownian bridge: the first dimensions, the
// most even ones, fix the ends of the path, the next its middle, and so on to the details, so that
// what matters most for a payoff is sampled best. `SobolPaths<V>(grid, seed)` is the family for a
// grid of times; `path(scrambling, point)` is one of its members, a path for `solve` like
// FreshIncrements. For expectations take quasi_monte_carlo (ensemble/quasi_monte_carlo.hpp), which
// runs the same paths in lanes. A path takes a dimension for each step and Brownian motion, and as
// many again for each of the areas H and K that the method needs.
// Source: Caflisch, Morokoff and Owen, J. Comput. Finance 1 (1997), 27-46.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "stochflow/facts.hpp"
#include "stochflow/grid.hpp"
#include "stochflow/noise/increment_types.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/noise/inverse_normal.hpp"
#include "stochflow/noise/like.hpp"
#include "stochflow/noise/sobol.hpp"

namespace stochflow {

/// W at the points of a grid from independent normals, the end first, then the middles.
class BridgeOrder {
 public:
  explicit BridgeOrder(std::span<const double> grid) {
    const std::size_t last = grid.size() - 1;
    const double length = grid[last] - grid[0];
    nodes_.push_back({0, 0, last, 0, 0, std::sqrt(length)});
    // Level by level: intervals in the order in which they were made.
    std::vector<std::pair<std::size_t, std::size_t>> open{{0, last}};
    for (std::size_t k = 0; k < open.size(); ++k) {
      const auto [left, right] = open[k];
      if (right - left < 2) continue;
      const std::size_t middle = left + (right - left) / 2;
      const double before = grid[middle] - grid[left], after = grid[right] - grid[middle];
      const double whole = before + after;
      nodes_.push_back({left,
                        right,
                        middle,
                        after / whole,
                        before / whole,
                        std::sqrt(before * (after / whole))});
      open.emplace_back(left, middle);
      open.emplace_back(middle, right);
    }
  }

  /// One for each step: normal k makes W at node k.
  std::size_t size() const { return nodes_.size(); }

  /// normal(k) -> normal, W(i) -> reference to W at grid point i, W(0) = 0 already.
  template <class Normal, class Place>
  void build(const Normal& normal, const Place& W) const {
    using std::fma;
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      const Node& n = nodes_[k];
      const auto z = normal(k);
      using D = std::decay_t<decltype(z)>;
      // Written out, so that the bits are the same in lanes and on every processor.
      W(n.at) = k == 0 ? D(D(n.deviation) * z)
                       : D(fma(D(n.left_weight),
                               W(n.left),
                               fma(D(n.right_weight), W(n.right), D(n.deviation) * z)));
    }
  }

 private:
  struct Node {
    std::size_t left, right, at;
    double left_weight, right_weight, deviation;
  };
  std::vector<Node> nodes_;
};

/// Increments drawn beforehand, one for each step, with the areas H and K if there are any.
template <class V>
class SobolIncrements {
 public:
  using value_type = V;

  SobolIncrements(std::vector<V> W, std::vector<V> H, std::vector<V> K)
      : W_(std::move(W)), H_(std::move(H)), K_(std::move(K)) {}

  Increment<V> increment(const Step& step) const { return {at(W_, step)}; }
  SpaceTimeIncrement<V> space_time_increment(const Step& step) const {
    return {at(W_, step), at(H_, step)};
  }
  SpaceTimeTimeIncrement<V> space_time_time_increment(const Step& step) const {
    return {at(W_, step), at(H_, step), at(K_, step)};
  }

 private:
  static const V& at(const std::vector<V>& of, const Step& step) {
    if (step.index < 0 || static_cast<std::size_t>(step.index) >= of.size()) {
      throw std::invalid_argument(
          "SobolIncrements: step " + std::to_string(step.index) + " was asked for, of " +
          std::to_string(of.size()) +
          ": solve on the grid of the SobolPaths, and name there what the method needs");
    }
    return of[static_cast<std::size_t>(step.index)];
  }
  std::vector<V> W_, H_, K_;
};

namespace detail {

/// The normals of a block of points, dimension by dimension, and what becomes of them. D is double
/// (one point) or a pack.
class SobolFamily {
 public:
  SobolFamily(std::span<const double> grid, std::size_t noises, NoiseInput needs)
      : grid_(grid.begin(), grid.end()),
        noises_(noises),
        kinds_(needs == NoiseInput::W    ? 1u
               : needs == NoiseInput::WH ? 2u
                                         : 3u),
        order_(checked(grid)),
        sobol_(kinds_ * noises * order_.size()) {}

  std::size_t steps() const { return grid_.size() - 1; }
  std::size_t noises() const { return noises_; }
  std::size_t dimensions() const { return sobol_.dimensions(); }
  /// Of the rows that fill() writes: W, H and K one after the other, each [steps][noises].
  std::size_t rows() const { return dimensions(); }

  std::vector<OwenScrambling> scrambling(std::uint64_t seed, std::uint64_t number) const {
    std::vector<OwenScrambling> all;
    all.reserve(dimensions());
    for (std::size_t d = 0; d < dimensions(); ++d) all.emplace_back(seed, number, d);
    return all;
  }

  /// The increments of points first ... first + count - 1, count a power of two that divides
  /// `first` and a multiple of the lanes of D: [rows][count].
  template <class D>
  void fill(std::uint32_t first,
            std::size_t count,
            const std::vector<OwenScrambling>& scrambling,
            std::vector<double>& out,
            std::vector<double>& scratch) const {
    constexpr std::size_t lanes = sizeof(D) / sizeof(double);
    out.resize(rows() * count);
    scratch.resize((dimensions() + (steps() + 1)) * count);
    double* const normals = scratch.data();
    double* const W = normals + dimensions() * count;
    std::vector<std::uint32_t> words(count);
    for (std::size_t d = 0; d < dimensions(); ++d) {
      sobol_.fill(d, first, scrambling[d], words);
      double* const row = normals + d * count;
      for (std::size_t k = 0; k < count; ++k) {
        row[k] = (static_cast<double>(words[k]) + 0.5) * 0x1p-32;
      }
      for (std::size_t k = 0; k < count; k += lanes) {
        store(row + k, inverse_normal(load<D>(row + k)));
      }
    }
    const std::size_t n = steps();
    for (std::size_t c = 0; c < noises_; ++c) {
      for (std::size_t k = 0; k < count; k += lanes) {
        store(W + k, D(0));
        order_.build(
            [&](std::size_t node) { return load<D>(normals + (node * noises_ + c) * count + k); },
            [&](std::size_t i) { return Reference<D>{W + i * count + k}; });
        for (std::size_t i = 0; i < n; ++i) {
          const D step = load<D>(W + (i + 1) * count + k) - load<D>(W + i * count + k);
          store(out.data() + (i * noises_ + c) * count + k, step);
        }
      }
    }
    // The areas of the steps are independent of each other and of W.
    for (std::size_t kind = 1; kind < kinds_; ++kind) {
      for (std::size_t i = 0; i < n; ++i) {
        const double h = grid_[i + 1] - grid_[i];
        const double deviation = std::sqrt(h / (kind == 1 ? 12 : 720));
        const std::size_t row = (kind * n + i) * noises_ * count;
        for (std::size_t k = 0; k < noises_ * count; ++k) {
          out[row + k] = deviation * normals[row + k];
        }
      }
    }
  }

 private:
  static std::span<const double> checked(std::span<const double> grid) {
    check_times(grid, {});
    return grid;
  }
  template <class D>
  static D load(const double* from) {
    if constexpr (std::is_same_v<D, double>) {
      return *from;
    } else {
      return D::load(from);
    }
  }
  template <class D>
  static void store(double* to, const D& value) {
    if constexpr (std::is_same_v<D, double>) {
      *to = value;
    } else {
      value.store(to);
    }
  }
  template <class D>
  struct Reference {
    double* place;
    operator D() const { return load<D>(place); }
    void operator=(const D& value) const { store(place, value); }
  };

  std::vector<double> grid_;
  std::size_t noises_, kinds_;
  BridgeOrder order_;
  Sobol sobol_;
};

}  // namespace detail

/// The paths for a grid of times. V is the shape of the noise: a number or Vector<double, M>;
/// `needs` what the method asks for: W, WH or WHK.
template <class V>
class SobolPaths {
 public:
  explicit SobolPaths(std::span<const double> grid,
                      std::uint64_t seed = 0,
                      NoiseInput needs = NoiseInput::W,
                      V like = detail::default_like<V>())
      : family_(grid, size_of(like), needs), seed_(seed), needs_(needs), like_(std::move(like)) {
    if (needs != NoiseInput::W && needs != NoiseInput::WH && needs != NoiseInput::WHK) {
      throw std::invalid_argument(
          "SobolPaths: there are paths of W, (W, H) and (W, H, K), and the method needs something "
          "else: take one that needs these, or FreshIncrements");
    }
  }

  std::size_t dimensions() const { return family_.dimensions(); }

  /// Point `point` of scrambling `scrambling`, as a path for `solve`.
  SobolIncrements<V> path(std::uint64_t scrambling, std::uint32_t point) const {
    std::vector<double> rows, scratch;
    family_.fill<double>(point, 1, family_.scrambling(seed_, scrambling), rows, scratch);
    const std::size_t n = family_.steps();
    const auto kind = [&](std::size_t which) {
      std::vector<V> all(n, like_);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t c = 0; c < family_.noises(); ++c) {
          const double value = rows[(which * n + i) * family_.noises() + c];
          if constexpr (is_number<V>) {
            all[i] = value;
          } else {
            all[i][static_cast<Eigen::Index>(c)] = value;
          }
        }
      }
      return all;
    };
    return {kind(0),
            needs_ == NoiseInput::W ? std::vector<V>{} : kind(1),
            needs_ == NoiseInput::WHK ? kind(2) : std::vector<V>{}};
  }

 private:
  static std::size_t size_of(const V& like) {
    if constexpr (is_number<V>) {
      return 1;
    } else {
      return static_cast<std::size_t>(like.size());
    }
  }
  detail::SobolFamily family_;
  std::uint64_t seed_;
  NoiseInput needs_;
  V like_;
};

}  // namespace stochflow
