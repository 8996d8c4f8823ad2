#pragma once

// The equation on which stability is judged.

#include <cmath>

#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow::methods_test {

// dX = lambda X dt + mu X dW, and E[x'^2] / x^2 of one step: steps are polynomials in W of degree 2
// at most, so three-point variables (0 and +-sqrt(3h)), right up to the fifth moment, give it
// exactly.
inline auto linear(double lambda, double mu) {
  return ito<Noise::diagonal>([=](const auto& x, double) { return lambda * x; },
                              [=](const auto& x, double) { return mu * x; });
}
template <class M>
double mean_square_growth(const M& method, double lambda, double mu, double h) {
  const auto at = [&](double W) {
    const double x = [&] {
      if constexpr (M::facts.needs == NoiseInput::three_point) {
        // The signs cancel on a linear equation.
        return method.step(linear(lambda, mu), 1.0, 0.0, h, ThreePointIncrement<double>{W, 1});
      } else {
        return method.step(linear(lambda, mu), 1.0, 0.0, h, Increment<double>{W});
      }
    }();
    return x * x;
  };
  const double far = std::sqrt(3 * h);
  return at(0) * 2 / 3 + (at(far) + at(-far)) / 6;
}

}  // namespace stochflow::methods_test
