#pragma once

// How stiff an equation is where it stands: a bound of the spectral radius of the drift's Jacobian,
// from which stabilised methods choose their stages.

#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

#include "stochflow/implicit/newton.hpp"

namespace stochflow::detail {

/// In 1/time: the problem's member `spectral_radius(x, t)` where it has one, else the largest row
/// sum of the Jacobian by dual numbers (N passes for N components; never too small). Throws
/// std::invalid_argument, in the name of `method`, where there is neither.
template <class P, class X>
double spectral_radius(std::string_view method, const P& sde, const X& x, double t) {
  if constexpr (requires { sde.spectral_radius(x, t); }) {
    return sde.spectral_radius(x, t);
  } else if constexpr (DifferentiableDrift<P, X>) {
    const auto J = jacobian(DriftAt<P>{sde, t}, x);
    if constexpr (std::is_arithmetic_v<X>) {
      return std::abs(J);
    } else {
      return J.cwiseAbs().rowwise().sum().maxCoeff();
    }
  } else {
    throw std::invalid_argument(
        std::string(method) +
        ": the drift takes no dual numbers, so its spectral radius is not known: write it generic "
        "in its number type (const auto& x), or give the problem a member spectral_radius(x, t), "
        "or set the number of stages");
  }
}

}  // namespace stochflow::detail
