#pragma once

// One step of any method behind a plain function of numbers, so that the machinery of proofs
// (one_step.hpp) is compiled once and not for every pair of a method and a problem.

#include <Eigen/Core>
#include <array>
#include <functional>
#include <type_traits>

#include "stochflow/noise/increment_for.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/verify/noise_nodes.hpp"
#include "stochflow/verify/series.hpp"

namespace stochflow::verify::detail {

/// X_h - x0 of one step from given values of the noise; types are forgotten here, so that
/// everything below is compiled once.
struct OneStep {
  int size = 0;    // N
  int noises = 0;  // M
  NoiseInput needs = NoiseInput::W;
  std::function<void(double, const NoiseValues&, std::array<double, Series::states>&)> run;
};

template <class V>
V noise_variable(const std::array<double, max_noises>& values, const V& like) {
  if constexpr (std::is_arithmetic_v<V>) {
    return values[0];
  } else {
    V result(like.size());
    for (Eigen::Index k = 0; k < like.size(); ++k) result[k] = values[static_cast<std::size_t>(k)];
    return result;
  }
}

template <NoiseInput Needs, class V>
auto increment_from(const NoiseValues& values, const V& like) {
  const auto as_noise = [&](const auto& v) { return noise_variable(v, like); };
  if constexpr (Needs == NoiseInput::W) {
    return Increment<V>{as_noise(values.W)};
  } else if constexpr (Needs == NoiseInput::WH) {
    return SpaceTimeIncrement<V>{as_noise(values.W), as_noise(values.H)};
  } else if constexpr (Needs == NoiseInput::WHK) {
    return SpaceTimeTimeIncrement<V>{as_noise(values.W), as_noise(values.H), as_noise(values.K)};
  } else if constexpr (Needs == NoiseInput::WA) {
    using Areas = typename AreaMatrix<V>::type;
    if constexpr (std::is_arithmetic_v<V>) {
      return AreaIncrement<V>{as_noise(values.W), Areas(0)};
    } else {
      Areas A(like.size(), like.size());
      for (Eigen::Index j = 0; j < like.size(); ++j) {
        for (Eigen::Index k = 0; k < like.size(); ++k) {
          A(j, k) = values.A[static_cast<std::size_t>(j)][static_cast<std::size_t>(k)];
        }
      }
      return AreaIncrement<V>{as_noise(values.W), A};
    }
  } else if constexpr (Needs == NoiseInput::two_point) {
    return TwoPointIncrement<V>{as_noise(values.W)};
  } else {
    return ThreePointIncrement<V>{as_noise(values.W), as_noise(values.e)};
  }
}

template <class P, class M, class X>
OneStep one_step(const P& problem, const M& method, const X& x0, double t0) {
  const auto like = noise_like(problem, x0, t0);
  using V = std::decay_t<decltype(like)>;
  constexpr NoiseInput needs = stochflow::detail::needed<M, P>;
  OneStep step;
  step.needs = needs;
  step.size = step.noises = 1;
  if constexpr (!std::is_arithmetic_v<X>) step.size = static_cast<int>(x0.size());
  if constexpr (!std::is_arithmetic_v<V>) step.noises = static_cast<int>(like.size());
  step.run = [=](double h, const NoiseValues& values, auto& distance) {
    const X x = method.step(problem, x0, t0, h, increment_from<needs>(values, like));
    if constexpr (std::is_arithmetic_v<X>) {
      distance[0] = x - x0;
    } else {
      for (Eigen::Index i = 0; i < x0.size(); ++i) {
        distance[static_cast<std::size_t>(i)] = x[i] - x0[i];
      }
    }
  };
  return step;
}

}  // namespace stochflow::verify::detail
