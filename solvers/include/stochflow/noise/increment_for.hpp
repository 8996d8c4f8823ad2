#pragma once

// From what a method states that it needs to the question that is put to the path. A path answers
// those of its members that exist: increment, space_time_increment, space_time_time_increment,
// area_increment, two_point_increment, three_point_increment, each taking a Step.

#include "stochflow/facts.hpp"
#include "stochflow/noise/increment_types.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::detail {

/// What method M asks for on problem P.
template <class M, class P>
inline constexpr NoiseInput needed =
    drift_commutes<P>&& M::facts.areas_cancel ? NoiseInput::W : M::facts.needs;

/// What method M asks of `path` over a step on problem P.
template <class M, class P, class Path>
auto increment_for(const Path& path, const Step& step) {
  constexpr NoiseInput needs = needed<M, P>;
  if constexpr (needs == NoiseInput::W) {
    return path.increment(step);
  } else if constexpr (needs == NoiseInput::WH) {
    static_assert(
        requires { path.space_time_increment(step); },
        "This method needs the space-time area H of the Brownian path, and this kind of "
        "path has increments W only: use FreshIncrements (or a Coarsened one).");
    return path.space_time_increment(step);
  } else if constexpr (needs == NoiseInput::WHK) {
    static_assert(
        requires { path.space_time_time_increment(step); },
        "This method needs the areas H and K of the Brownian path, and this kind of path does not "
        "have them: use FreshIncrements.");
    return path.space_time_time_increment(step);
  } else if constexpr (needs == NoiseInput::WA) {
    static_assert(
        requires { path.area_increment(step); },
        "This method needs the Levy areas of the Brownian path, and this kind of path does not "
        "have them: use FreshIncrements.");
    return path.area_increment(step);
  } else if constexpr (needs == NoiseInput::two_point) {
    static_assert(
        requires { path.two_point_increment(step); },
        "This method takes two-point variables in place of increments, and this kind of path does "
        "not have them: use FreshIncrements.");
    return path.two_point_increment(step);
  } else {
    static_assert(
        requires { path.three_point_increment(step); },
        "This method takes three-point variables in place of increments, and this kind of path "
        "does not have them: use FreshIncrements.");
    return path.three_point_increment(step);
  }
}

}  // namespace stochflow::detail
