#pragma once

// Brownian motion from the coarse to the fine: the law of a whole interval, and of its two halves
// given the whole, for (W, H) and for (W, H, K). Written over independent standard normals n, so
// that putting unit vectors in their place gives the linear map whose covariance the tests check.
// These are the nodes of the virtual Brownian tree (noise/tree.hpp).
// Every product that is added to another term is by a power of two, exact in floating point: GCC
// fuses neighbouring a + b c and d - e f even where told not to contract, and the bits must not
// depend on it. Source: Foster, Lyons and Oberhauser, SIAM J. Numer. Anal. 58 (2020), 1393-1421;
// Jelincic, Tao, Turner, Cass, Foster and Ni, arXiv 2405.06464.

#include <array>
#include <cmath>
#include <cstddef>

#include "stochflow/noise/increment_types.hpp"
#include "stochflow/noise/philox.hpp"

namespace stochflow {

/// Kind is SpaceTimeIncrement or SpaceTimeTimeIncrement.
template <template <class> class Kind>
struct Bridge;

template <>
struct Bridge<SpaceTimeIncrement> {
  static constexpr std::size_t normals = 2;
  static constexpr Purpose purpose = Purpose::tree;

  /// An interval of length h.
  template <class V>
  static SpaceTimeIncrement<V> whole(double h, const std::array<V, normals>& n) {
    return {V(std::sqrt(h) * n[0]), V(std::sqrt(h / 12) * n[1])};
  }

  /// Its two halves:
  ///   W = W/2 +- (3/2 H + z),  H = H/4 - z/2 +- y/2,  z ~ N(0, h/16), y ~ N(0, h/12).
  template <class V>
  static std::array<SpaceTimeIncrement<V>, 2> halves(const SpaceTimeIncrement<V>& whole,
                                                     double h,
                                                     const std::array<V, normals>& n) {
    const V z = (std::sqrt(h) / 4) * n[0];
    const V y = std::sqrt(h / 12) * n[1];
    const V lean = whole.H + (0.5 * whole.H + z);
    const V area = 0.25 * whole.H - 0.5 * z;
    return {SpaceTimeIncrement<V>{V(0.5 * whole.W + lean), V(area + 0.5 * y)},
            SpaceTimeIncrement<V>{V(0.5 * whole.W - lean), V(area - 0.5 * y)}};
  }
};

template <>
struct Bridge<SpaceTimeTimeIncrement> {
  static constexpr std::size_t normals = 3;
  static constexpr Purpose purpose = Purpose::space_time_time_tree;

  template <class V>
  static SpaceTimeTimeIncrement<V> whole(double h, const std::array<V, normals>& n) {
    return {V(std::sqrt(h) * n[0]), V(std::sqrt(h / 12) * n[1]), V(std::sqrt(h / 720) * n[2])};
  }

  ///   W = W/2 +- (3/2 H + z),  H = H/4 - z/2 +- (15/4 K + y),  K = K/8 - y/2 +- x,
  ///   z ~ N(0, h/16), y ~ N(0, h/768), x ~ N(0, h/2880).
  template <class V>
  static std::array<SpaceTimeTimeIncrement<V>, 2> halves(const SpaceTimeTimeIncrement<V>& whole,
                                                         double h,
                                                         const std::array<V, normals>& n) {
    const V z = (std::sqrt(h) / 4) * n[0];
    const V y = std::sqrt(h / 768) * n[1];
    const V x = std::sqrt(h / 2880) * n[2];
    const V lean = whole.H + (0.5 * whole.H + z);
    const V area = 0.25 * whole.H - 0.5 * z;
    const V tilt = 4.0 * whole.K + (y - 0.25 * whole.K);
    const V bend = 0.125 * whole.K - 0.5 * y;
    const V first = bend + x;
    return {
        SpaceTimeTimeIncrement<V>{V(0.5 * whole.W + lean), V(area + tilt), first},
        SpaceTimeTimeIncrement<V>{V(0.5 * whole.W - lean), V(area - tilt), V(2 * bend - first)}};
  }
};

}  // namespace stochflow
