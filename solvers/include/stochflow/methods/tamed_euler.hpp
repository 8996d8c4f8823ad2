#pragma once

// Tamed Euler: x' = x + h f / (1 + (h |f|)^p)^(1/p) + g W, |.| the Euclidean norm.
//
// For drifts that grow faster than linearly (x - x^3), on which Euler-Maruyama's moments are
// infinite: no step of the drift is longer than 1. It costs what Euler-Maruyama costs and needs no
// derivative, and converges with the same orders when f is one-sided Lipschitz and g Lipschitz.
// From far away it approaches by at most 1 a step, in the unit of the state: scale the state so
// that 1 is a large step, or take SplitStepBackwardEuler, which is bounded *and* fast.
//
// power = 1 is the formula of the paper. It shortens every step by h |f|, as much as the error of
// Euler's method itself; the default power = 2 only by (h |f|)^2/2, and since
// (1 + y^p)^(1/p) <= 1 + y, whatever the paper's proof asks of the tamed drift holds for it too.
// Source: Hutzenthaler, Jentzen and Kloeden, Ann. Appl. Probab. 22 (2012), section 1.

#include <cmath>
#include <sstream>
#include <stdexcept>

#include "stochflow/facts.hpp"
#include "stochflow/methods/stiff/norm.hpp"
#include "stochflow/noise/increments.hpp"
#include "stochflow/sde.hpp"

namespace stochflow {
namespace detail {

/// h f / (1 + (h |f|)^power)^(1/power)
template <class X>
X tamed(const X& f, double h, double power) {
  if (!(power >= 1)) {
    std::ostringstream text;
    text << "the power of the taming is " << power
         << ", but must be at least 1: 1 is the paper's formula, 2 the default";
    throw std::invalid_argument(text.str());
  }
  using std::pow;
  const auto y = h * euclidean_norm(f);
  using T = std::decay_t<decltype(y)>;
  const T divisor = select(
      y < T(1), pow(T(1) + pow(y, power), 1 / power), y * pow(T(1) + pow(y, -power), 1 / power));
  return f * (h / divisor);
}

}  // namespace detail

struct TamedEuler {
  double power = 2;  // at least 1

  static constexpr MethodFacts facts{
      .name = "TamedEuler",
      .reference = "Hutzenthaler, Jentzen and Kloeden 2012, section 1",
      .solves_ito = true,
      .strong = {.additive = 1, .scalar = 0.5, .diagonal = 0.5, .commutative = 0.5, .general = 0.5},
      .weak = {.additive = 1, .scalar = 1, .diagonal = 1, .commutative = 1, .general = 1},
      .drift_evaluations = 1,
      .diffusion_evaluations = 1};

  template <class P, class X, class V>
  X step(const P& sde, const X& x, double t, double h, const Increment<V>& dB) const {
    const X f = sde.drift(x, t);
    const X gW = noise_term(sde, x, t, dB.W);
    return x + detail::tamed(f, h, power) + gW;
  }
};

}  // namespace stochflow
