#pragma once

// Brownian paths with all three areas, seen at several step sizes.

#include <span>
#include <vector>

#include "stochflow/noise/increments.hpp"

namespace stochflow::langevin_test {

/// Two consecutive increments as one, through the integrals M1 = int W ds and M2 = int s W ds, in
/// which joining is plain addition: H = M1/h - W/2, K = (H/2 + W/3) - M2/h^2.
template <class V>
SpaceTimeTimeIncrement<V> join(const SpaceTimeTimeIncrement<V>& a,
                               double h1,
                               const SpaceTimeTimeIncrement<V>& b,
                               double h2) {
  const auto first = [](const auto& d, double h) { return V(h * (d.H + 0.5 * d.W)); };
  const auto second = [](const auto& d, double h) {
    return V(h * h * (0.5 * d.H + d.W / 3.0 - d.K));
  };
  const double h = h1 + h2;
  const V W = a.W + b.W;
  const V M1 = first(a, h1) + first(b, h2) + h2 * a.W;
  const V M2 = second(a, h1) + second(b, h2) + h1 * first(b, h2) + (h1 * h2 + 0.5 * h2 * h2) * a.W;
  const V H = M1 / h - 0.5 * W;
  return {W, H, V(0.5 * H + W / 3.0 - M2 / (h * h))};
}

/// The same path in steps twice as long.
template <class V>
std::vector<SpaceTimeTimeIncrement<V>> halved(const std::vector<SpaceTimeTimeIncrement<V>>& fine,
                                              double h) {
  std::vector<SpaceTimeTimeIncrement<V>> coarse;
  for (std::size_t n = 0; n + 1 < fine.size(); n += 2) {
    coarse.push_back(join(fine[n], h, fine[n + 1], h));
  }
  return coarse;
}

/// Increments that live elsewhere, as a path for `solve`.
template <class V>
struct Borrowed {
  using value_type = V;
  std::span<const SpaceTimeTimeIncrement<V>> increments;

  SpaceTimeTimeIncrement<V> space_time_time_increment(const Step& step) const {
    return increments[static_cast<std::size_t>(step.index)];
  }
  SpaceTimeIncrement<V> space_time_increment(const Step& step) const {
    const auto d = space_time_time_increment(step);
    return {d.W, d.H};
  }
  Increment<V> increment(const Step& step) const { return {space_time_time_increment(step).W}; }
};

/// What method M takes of an increment.
template <class M, class V>
auto narrowed(const SpaceTimeTimeIncrement<V>& d) {
  if constexpr (M::facts.needs == NoiseInput::W) {
    return Increment<V>{d.W};
  } else if constexpr (M::facts.needs == NoiseInput::WH) {
    return SpaceTimeIncrement<V>{d.W, d.H};
  } else {
    return d;
  }
}

}  // namespace stochflow::langevin_test
